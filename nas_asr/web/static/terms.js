// A note opens beside its button and stays there while the page scrolls; without this it opens in the middle of the window.
const GAP = 6;
const EDGE = 12;

function place(note) {
  const at = document.querySelector(`[popovertarget="${note.id}"]`).getBoundingClientRect();
  const size = note.getBoundingClientRect();
  const left = Math.min(Math.max(EDGE, at.left + at.width / 2 - size.width / 2), window.innerWidth - size.width - EDGE);
  const below = at.bottom + GAP + size.height <= window.innerHeight - EDGE;
  note.style.left = `${left}px`;
  note.style.top = `${below ? at.bottom + GAP : Math.max(EDGE, at.top - GAP - size.height)}px`;
  note.style.margin = "0";
}

function placeAgain() {
  const open = document.querySelector(".term-says:popover-open");
  if (open) place(open);
}

document.addEventListener("toggle", placeAgain, true);
window.addEventListener("scroll", placeAgain, { passive: true, capture: true });
window.addEventListener("resize", placeAgain);
