// The text goes along with the sound, a page at a time, unless the reader scrolled away; then a button leads back.
import { key } from "./keys.js";
import { player } from "./player.js";
import { transcript } from "./transcript.js";

const back = document.getElementById("to-playing");
const dock = document.getElementById("dock");
const box = document.getElementById("player");
const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
let follows = true;
let ours = 0; // until then the page scrolls by itself

// What of the window is neither under the player nor under the finder.
function room() {
  const covers = [dock, box, document.getElementById("find")].filter((one) => one?.checkVisibility());
  let top = 0;
  let bottom = window.innerHeight;
  for (const one of covers) {
    const { position } = getComputedStyle(one);
    const edges = one.getBoundingClientRect();
    if (position === "fixed" && edges.bottom >= window.innerHeight - 1) bottom = Math.min(bottom, edges.top);
    else if (position === "sticky" && edges.top <= 1 && edges.height) top = Math.max(top, edges.bottom);
  }
  return { top, bottom };
}

function isSeen(row) {
  const { top, bottom } = room();
  const edges = row.getBoundingClientRect();
  return edges.bottom > top && edges.top < bottom;
}

// Brings a row to the upper third of what can be seen. Far jumps do not glide: what lies between was never painted.
export function show(row, behavior = "smooth") {
  const place = () => {
    const { top, bottom } = room();
    return row.getBoundingClientRect().top - top - (bottom - top) * 0.28;
  };
  const far = Math.abs(place()) > 2 * window.innerHeight;
  const jump = far || calm.matches || behavior === "instant";
  ours = performance.now() + (jump ? 200 : 900);
  window.scrollBy({ top: place(), behavior: jump ? "instant" : "smooth" });
  if (!jump) return;
  // Heights between were estimates until now.
  let tries = 3;
  const correct = () => {
    if (Math.abs(place()) > 4) window.scrollBy({ top: place(), behavior: "instant" });
    if ((tries -= 1)) requestAnimationFrame(correct);
  };
  requestAnimationFrame(correct);
}

function isMarking() {
  return !window.getSelection().isCollapsed;
}

function follow({ detail: { id, sought } }) {
  const row = id && transcript.row(id);
  if (!row) return;
  if (follows && player.playing && !isMarking()) {
    const { top, bottom } = room();
    const edges = row.getBoundingClientRect();
    // What somebody clicked stays under the pointer; what comes next turns the page before it leaves it.
    const low = sought ? bottom : bottom - (bottom - top) * 0.22;
    if (edges.top < top || edges.bottom > low) show(row);
  }
  offer();
}

function offer() {
  const row = player.segment && transcript.row(player.segment);
  back.hidden = follows || !row || isSeen(row);
}

function toPlaying() {
  const row = player.segment && transcript.ensure(player.segment);
  if (!row) return;
  follows = true;
  back.hidden = true;
  show(row);
}

export function startFollowing(words) {
  document.addEventListener("player:segment", follow);
  document.addEventListener("player:seek", () => (follows = true));
  window.addEventListener(
    "scroll",
    () => {
      if (performance.now() < ours) return;
      const row = player.segment && transcript.row(player.segment);
      follows = !row || isSeen(row);
      offer();
    },
    { passive: true },
  );
  back.addEventListener("click", toPlaying);
  key("b", toPlaying, words.back);
}
