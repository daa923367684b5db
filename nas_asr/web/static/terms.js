// A note opens beside its button; without this it opens in the middle of the window.
const GAP = 6;
const EDGE = 12;

function place(note, button) {
  const at = button.getBoundingClientRect();
  const size = note.getBoundingClientRect();
  const left = Math.min(Math.max(EDGE, at.left + at.width / 2 - size.width / 2), window.innerWidth - size.width - EDGE);
  const below = at.bottom + GAP + size.height <= window.innerHeight - EDGE;
  note.style.left = `${left}px`;
  note.style.top = `${below ? at.bottom + GAP : Math.max(EDGE, at.top - GAP - size.height)}px`;
  note.style.margin = "0";
}

// Where a page scrolls under an open note, the note would point at something else.
function close() {
  document.querySelector(".term-says:popover-open")?.hidePopover();
}

document.addEventListener(
  "toggle",
  (event) => {
    if (!event.target.matches?.(".term-says") || event.newState !== "open") return;
    place(event.target, document.querySelector(`[popovertarget="${event.target.id}"]`));
  },
  true,
);
window.addEventListener("scroll", close, { passive: true });
window.addEventListener("resize", close);
