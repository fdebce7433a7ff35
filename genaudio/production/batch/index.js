"use strict";
const body = document.querySelector("tbody");
const rows = Array.from(body.rows);
const heads = Array.from(document.querySelectorAll("thead th"));
const badges = Array.from(document.querySelectorAll("button[data-verdict]"));
const search = document.querySelector("input[type=search]");
for (const row of rows) row.words = row.textContent.toLowerCase();

heads.forEach((head, column) => head.firstElementChild.addEventListener("click", () => {
  const down = head.getAttribute("aria-sort") === "ascending";
  for (const other of heads) other.setAttribute("aria-sort", "none");
  head.setAttribute("aria-sort", down ? "descending" : "ascending");
  const key = (row) => row.cells[column].dataset.key;
  const numbers = rows.every((row) => key(row) === "" || !Number.isNaN(Number(key(row))));
  rows.sort((a, b) => (numbers ? Number(key(a)) - Number(key(b)) : key(a).localeCompare(key(b))) * (down ? -1 : 1));
  body.append(...rows);
}));

function show() {
  const chosen = badges.filter((badge) => badge.getAttribute("aria-pressed") === "true").map((badge) => badge.dataset.verdict);
  const words = search.value.toLowerCase().trim();
  for (const row of rows) {
    row.hidden = (chosen.length > 0 && !chosen.includes(row.dataset.verdict)) || !row.words.includes(words);
  }
}
search.addEventListener("input", show);
for (const badge of badges) {
  badge.addEventListener("click", () => {
    badge.setAttribute("aria-pressed", String(badge.getAttribute("aria-pressed") !== "true"));
    show();
  });
}
document.addEventListener("play", (event) => {
  for (const audio of document.querySelectorAll("audio")) if (audio !== event.target) audio.pause();
}, true);
