// The rows of the transcript as text boxes: dressed while one edits, undressed while one reads. Knows where the caret is to go.
import { caretIn, makeEditable, putCaret } from "./caret.js";
import { clock, speakerName } from "./rows.js";
import { transcript } from "./transcript.js";

const HEARD = new Promise((resolve) => document.addEventListener("transcript:changed", resolve, { once: true }));

/** All segments are known, not only those that the page came with. */
export const loaded = Promise.race([transcript.whole, HEARD]);
const root = document.getElementById("editing");
export const list = document.getElementById("segments");

export const clean = (text) => text.replace(/[\s\u00a0]+/gu, " ");
export const textOf = (box) => clean(box.textContent);
export const boxOf = (row) => row?.querySelector(".said.written") ?? null;
export const idOf = (element) => element?.closest(".segment")?.dataset.id ?? null;
export const segment = (id) => transcript.segments[transcript.index(id)];

/** A person's name, or of a speaker who is only known as a channel, its number in words. */
export const nameOf = (speaker) => (speaker ? speakerName(speaker) : "");

const also = []; // what others do to a row: { dress, undress }
export const dressAlso = (dresser) => also.push(dresser);

export function dress(row) {
  const box = boxOf(row);
  const one = box && segment(row.dataset.id);
  if (!one || row.classList.contains("dressed")) return one ? box : null;
  row.classList.add("dressed");
  makeEditable(box);
  const said = one.speaker ? root.dataset.box : root.dataset.boxNobody;
  box.setAttribute("role", "textbox");
  box.setAttribute("aria-multiline", "false");
  box.setAttribute("aria-label", said.replace("{time}", clock(one.start_ms)).replace("{speaker}", nameOf(one.speaker)));
  box.setAttribute("aria-describedby", "box-keys");
  box.setAttribute("enterkeyhint", "enter");
  for (const other of also) other.dress(row, one);
  return box;
}

function undress(row) {
  if (!row.classList.contains("dressed")) return;
  row.classList.remove("dressed");
  for (const name of ["contenteditable", "role", "aria-multiline", "aria-label", "aria-describedby", "enterkeyhint"]) {
    boxOf(row)?.removeAttribute(name);
  }
  for (const other of also) other.undress(row);
}

// Rows are made while a long transcript comes in, and anew when they change. Those in sight are dressed first, the rest in turns.
const SLICE_MS = 8;
const watching = new MutationObserver(dressAll);
let asked = 0;

const idle = window.requestIdleCallback ?? setTimeout; // Safari has none
function dressAll() {
  asked ||= idle(() => {
    asked = 0;
    const until = performance.now() + SLICE_MS;
    const left = list.querySelectorAll(list.classList.contains("editing") ? ".segment:not(.dressed)" : ".segment.dressed");
    for (const row of left) {
      if (performance.now() > until) return dressAll();
      if (!list.classList.contains("editing")) undress(row);
      else if (!dress(row)) row.classList.add("dressed");
    }
    return undefined;
  });
}

function inSight(act) {
  for (const row of list.querySelectorAll(".segment")) {
    const { bottom, top } = row.getBoundingClientRect();
    if (top > window.innerHeight) return;
    if (bottom > 0) act(row);
  }
}

export function dressRows(on) {
  list.classList.toggle("editing", on);
  if (on) watching.observe(list, { childList: true, subtree: true });
  else watching.disconnect();
  inSight(on ? dress : undress);
  dressAll();
}
// Whoever comes before a row's turn finds it as it is to be.
for (const kind of ["pointerdown", "focusin"]) {
  list?.addEventListener(kind, (event) => {
    const row = event.target.closest(".segment");
    if (row) (list.classList.contains("editing") ? dress : undress)(row);
  }, true);
}

/** Put the caret into a segment's text; at counts from its start, null is its end. */
export function goTo(id, at = 0) {
  const row = rowOf(id);
  const box = row && dress(row);
  if (!box) return false;
  box.focus({ preventScroll: true });
  putCaret(box, at ?? box.textContent.length);
  row.scrollIntoView({ block: "nearest" });
  return true;
}

/** The row of a segment, brought onto the page where the list has not made it yet. */
export function rowOf(id) {
  return transcript.row(id) ?? transcript.ensure?.(id) ?? null;
}

/** Put the caret into a neighbour at the same distance from the left, as in one long text. */
export function goBeside(id, x, fromAbove) {
  const box = boxOf(rowOf(id));
  if (!box || !goTo(id, fromAbove ? 0 : null)) return;
  const rect = box.getBoundingClientRect();
  const y = fromAbove ? rect.top + 6 : rect.bottom - 6;
  const spot = document.caretPositionFromPoint?.(x, y);
  if (spot && box.contains(spot.offsetNode)) window.getSelection().collapse(spot.offsetNode, spot.offset);
}

/** What marks words in a text goes while one types in it; the caret stays. */
export function unmark(box) {
  if (!box.childElementCount) return;
  const at = caretIn(box)?.start;
  box.textContent = String(box.textContent);
  if (at !== undefined) putCaret(box, at);
}
