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

// Passages to be heard: from the recording where there is one, else the notes as plain tones made here.
let stop = () => {};

const highlight = (notes, now) => {
  for (const note of notes) note.rect.classList.toggle("sounding", now >= note.start && now < note.end);
};

const notesOf = (figure, side) => {
  const notes = [...figure.querySelectorAll(`rect.${side}[data-t]`)].map((rect) => {
    const [start, end, pitch] = rect.dataset.t.split(",").map(Number);
    return { rect, start, end, pitch };
  });
  return notes.sort((one, other) => one.start - other.start);
};

const begin = (button, notes, clock, end, finish) => {
  stop();
  let over = false;
  stop = () => {
    if (over) return;
    over = true;
    finish();
    highlight(notes, -1);
    button.classList.remove("playing");
    button.setAttribute("aria-pressed", "false");
  };
  button.classList.add("playing");
  button.setAttribute("aria-pressed", "true");
  const follow = () => {
    if (over) return;
    const now = clock();
    if (now >= end) return stop();
    highlight(notes, now);
    requestAnimationFrame(follow);
  };
  follow();
};

const tones = (button, figure, side) => {
  const notes = notesOf(figure, side);
  if (!notes.length) return;
  const context = new AudioContext();
  const first = notes[0].start, lead = 0.1;
  for (const note of notes) {
    const at = context.currentTime + lead + note.start - first, length = Math.max(0.06, note.end - note.start);
    const tone = context.createOscillator(), gain = context.createGain();
    tone.type = "triangle";
    tone.frequency.value = 440 * 2 ** ((note.pitch - 69) / 12);
    gain.gain.setValueAtTime(0, at);
    gain.gain.linearRampToValueAtTime(0.25, at + 0.015);
    gain.gain.setTargetAtTime(0.08, at + 0.02, 0.15);
    gain.gain.setTargetAtTime(0, at + length - 0.03, 0.02);
    tone.connect(gain).connect(context.destination);
    tone.start(at);
    tone.stop(at + length + 0.1);
  }
  const zero = context.currentTime + lead - first;
  const end = Math.max(...notes.map((note) => note.end));
  begin(button, notes, () => context.currentTime - zero, end + 0.1, () => context.close());
};

const recording = (button, figure, audio, from, to, shift) => {
  audio.currentTime = from;
  begin(button, notesOf(figure, "q"), () => (audio.ended ? Infinity : audio.currentTime + shift), to + shift, () => audio.pause());
  audio.play().catch(() => stop());
};

for (const button of document.querySelectorAll(".play button")) {
  button.setAttribute("aria-pressed", "false");
  button.addEventListener("click", () => {
    if (button.classList.contains("playing")) return stop();
    const figure = button.closest("figure"), data = button.dataset;
    if (data.play) return tones(button, figure, data.play);
    if (data.cut) return recording(button, figure, figure.querySelector("audio"), 0, Infinity, Number(data.cut));
    recording(button, figure, button.closest("article").querySelector("audio"), Number(data.from), Number(data.to), 0);
  });
}
