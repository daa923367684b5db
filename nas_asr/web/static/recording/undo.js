// Edits that a person can take back within the sitting: each goes to the desk together with what undoes it.
import { joined, perform, pointsOf } from "./edits.js";
import { newId, real, record } from "./saving.js";
import { transcript } from "./transcript.js";

const BURST_MS = 1000;
let done = []; // { back: [edit], again: [edit], ids, focus: { id, at } }
let undone = [];
let burst = { id: null, at: 0 };

export const canUndo = () => done.length > 0;
export const canRedo = () => undone.length > 0;

/** Letters typed into a segment's text; those that follow each other are undone together. */
export function typed(id, text, before) {
  const now = Date.now();
  const last = done.at(-1);
  if (burst.id && real(burst.id) === real(id) && now - burst.at < BURST_MS && last) last.again[0].text = text;
  else remember({ back: [{ op: "text", id, text: before }], again: [{ op: "text", id, text }], focus: { id } });
  burst = { id, at: now };
  record({ op: "text", id, text });
}

/** Any other edit, as the page's buttons and keys make it. */
export function act(edit, { now = false } = {}) {
  endBurst();
  remember({ back: against(edit), again: [edit], focus: { id: edit.id } });
  record(edit, { now });
}

export function endBurst() {
  burst = { id: null, at: 0 };
}

function remember(entry) {
  done.push(entry);
  undone = [];
  changed();
}

/** The edits that undo an edit, made from what the page shows before it. */
function against(edit) {
  const list = transcript.segments;
  if (edit.op === "replace_all" || edit.op === "speaker") return restored(list, edit);
  const at = transcript.index(edit.id);
  const [one, next] = [list[at], list[at + 1]];
  if (edit.op === "split") {
    return [{ op: "merge", id: edit.id, next: edit.made }, { op: "text", id: edit.id, text: one.text }];
  }
  if (edit.op === "merge") return apart(one, next);
  return [{ op: "text", id: edit.id, text: one.text }];
}

function apart(one, next) {
  const made = newId();
  const whole = joined(one.text, next.text);
  const cut = pointsOf(whole, whole.length - next.text.trimStart().length);
  return [
    { op: "split", id: one.id, at: cut, at_ms: next.start_ms, made, was: next.id },
    { op: "text", id: made, text: next.text },
    ...(one.speaker === next.speaker ? [] : [{ op: "speaker", id: made, speaker: next.speaker, scope: "one" }]),
  ];
}

function restored(list, edit) {
  const after = [...list];
  perform(after, edit);
  const were = list.filter((one, i) => after[i] !== one);
  if (edit.op === "replace_all") return were.map((one) => ({ op: "text", id: one.id, text: one.text }));
  const isNewName = !list.some((one) => one.speaker === edit.speaker);
  if (isNewName && were.length > 1) return [{ op: "speaker", id: were[0].id, speaker: were[0].speaker, scope: "all" }];
  return were.map((one) => ({ op: "speaker", id: one.id, speaker: one.speaker, scope: "one" }));
}

/** Take the last edit back; returns where it was, or null where there is none. */
export function undo() {
  return turn(done, undone, "back");
}

/** Do again what was just taken back. */
export function redo() {
  return turn(undone, done, "again");
}

function turn(from, to, way) {
  endBurst();
  const entry = from.pop();
  if (!entry) return null;
  to.push(entry);
  for (const edit of entry[way].filter((one) => one.op === "split")) anew(edit);
  for (const edit of entry[way]) record(edit);
  changed();
  return real(entry.focus.id);
}

/** A split that is done once more makes a segment of a new name: what was and will be done to it goes by that one. */
function anew(edit) {
  const old = new Set([edit.made, edit.was].filter(Boolean).map(real));
  const made = newId();
  const swap = (id) => (old.has(real(id)) ? made : id);
  const renamed = (one) => ({ ...one, id: swap(one.id), next: swap(one.next), made: swap(one.made) });
  for (const entry of [...done, ...undone]) {
    entry.back = entry.back.map(renamed);
    entry.again = entry.again.map(renamed);
  }
}

function changed() {
  document.dispatchEvent(new CustomEvent("editing:undo"));
}

// What somebody else wrote is never undone by us.
document.addEventListener("editing:met", ({ detail }) => {
  const touched = new Set(detail.touched);
  const ours = (entry) => ![...entry.back, ...entry.again].some((edit) => touched.has(real(edit.id)));
  done = done.filter(ours);
  undone = undone.filter(ours);
  changed();
});
