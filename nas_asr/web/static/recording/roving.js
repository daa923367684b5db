// The text is one stop of the Tab key, not ten thousand: the time of the row that is lit, or where one went with the arrows.
import { player } from "./player.js";
import { transcript } from "./transcript.js";

const { list } = transcript;
let stop = null;

function stopAt(id) {
  const time = id && transcript.ensure(id)?.querySelector(".at");
  if (!time) return null;
  stop?.setAttribute("tabindex", "-1");
  time.removeAttribute("tabindex");
  stop = time;
  return time;
}

function move(event) {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const row = event.target.closest(".at")?.closest(".segment");
  if (!by || !row || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  stopAt(transcript.segments[transcript.index(row.dataset.id) + by]?.id)?.focus();
}

export function startRoving() {
  for (const time of list.querySelectorAll(".at")) time.tabIndex = -1;
  stopAt(player.segment ?? transcript.segments[0].id);
  list.addEventListener("keydown", move);
  list.addEventListener("focusin", (event) => event.target.matches(".at") && stopAt(event.target.closest(".segment").dataset.id));
  document.addEventListener("player:segment", ({ detail }) => list.contains(document.activeElement) || stopAt(detail.id));
  // The row may have been made anew.
  document.addEventListener("transcript:changed", () => stop?.isConnected || stopAt(player.segment ?? transcript.segments[0]?.id));
}
