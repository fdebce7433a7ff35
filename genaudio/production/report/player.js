"use strict";
// A line that follows the recording through the rows; without scripts the page is complete but for it.
for (const piece of document.querySelectorAll("article")) {
  const audio = piece.querySelector("audio");
  const rolls = piece.querySelector(".rolls[data-tempo]");
  if (!audio || !rolls) continue;
  const perSecond = Number(rolls.dataset.tempo) / 60;
  const rows = [...rolls.querySelectorAll("svg")].map((svg) => {
    const head = document.createElementNS("http://www.w3.org/2000/svg", "line");
    head.setAttribute("class", "head");
    head.setAttribute("y1", "0");
    head.setAttribute("y2", svg.viewBox.baseVal.height);
    head.setAttribute("visibility", "hidden");
    svg.append(head);
    const start = Number(svg.dataset.start), end = Number(svg.dataset.end);
    svg.addEventListener("click", (event) => {
      const box = svg.getBoundingClientRect();
      audio.currentTime = (start + (end - start) * (event.clientX - box.left) / box.width) / perSecond;
    });
    svg.style.cursor = "pointer";
    return { head, start, end, width: svg.viewBox.baseVal.width };
  });
  const follow = () => {
    const now = audio.currentTime * perSecond;
    for (const row of rows) {
      const here = now > 0 && now >= row.start && now < row.end;
      row.head.setAttribute("visibility", here ? "visible" : "hidden");
      if (here) {
        const x = row.width * (now - row.start) / (row.end - row.start);
        row.head.setAttribute("x1", x);
        row.head.setAttribute("x2", x);
      }
    }
    if (!audio.paused) requestAnimationFrame(follow);
  };
  audio.addEventListener("play", follow);
  audio.addEventListener("seeked", follow);
}
