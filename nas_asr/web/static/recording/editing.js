// Editing in place: the switch, the text boxes, their keys, the bar, and what is said about saving. What is typed goes to undo.js and
// from there to saving.js. Reading needs none of it.
import { boxOf, clean, dressRows, goBeside, goTo, idOf, list, loaded, segment, textOf, unmark } from "./boxes.js";
import { caretIn, insertText, isOnEdge, putCaret } from "./caret.js";
import { joined, pointsOf } from "./edits.js";
import { fresh } from "./fresh.js";
import { key } from "./keys.js";
import { player } from "./player.js";
import { catchUp, composes, flush, newId, show, typesIn, unsaved } from "./saving.js";
import { transcript } from "./transcript.js";
import { act, canRedo, canUndo, endBurst, redo, typed, undo } from "./undo.js";

const root = document.getElementById("editing");
const $ = (id) => document.getElementById(id);
const onMac = /Mac|iPhone|iPad/.test(navigator.platform);
const STEP_MS = 5000;
const EMPTY_PX = 24; // the dock's own edges
const KEYBOARD_PX = 120; // what is covered by less is a browser's own bar
const dock = $("edit-dock");
let on = false;
let active = null; // { id, box }: the segment that has the caret
let composing = false;
let moving = null; // where the caret goes when a segment has got its id

// The switch -------------------------------------------------------------------------------------------------------

/** Begin or end to edit; with an id the caret goes there. */
export function edit(wanted = !on, id = null) {
  if (wanted !== on) {
    on = wanted;
    if (on) document.querySelector('#texts [data-text="written"]:not([aria-current])')?.click();
    else active?.box.blur();
    dressRows(on);
    $("edit-switch").setAttribute("aria-pressed", String(on));
    $("edit-bar").hidden = !on;
    if (on) $("bar-done").before($("save-line"));
    else dock.append($("save-line"));
    showLine();
    document.dispatchEvent(new CustomEvent("editing:switched", { detail: { on } }));
    if (!on) flush();
  }
  if (on && id) goTo(id);
}

async function begin() {
  await loaded;
  if (on) return edit(false);
  const lit = transcript.segments.findLast?.((one) => one.start_ms <= player.now()) ?? transcript.segments[0];
  return edit(true, lit?.id);
}

// A box ------------------------------------------------------------------------------------------------------------

list?.addEventListener("focusin", (event) => {
  const box = boxOf(event.target.closest(".segment"));
  if (!on || box !== event.target) return;
  leave();
  active = { id: idOf(box), box };
  typesIn(active.id);
  dock.classList.add("writes");
  // Browsers put the caret after they gave the focus.
  requestAnimationFrame(() => composing || active?.box !== box || unmark(box));
});
list?.addEventListener("focusout", (event) => {
  if (active && event.target === active.box && !moving) leave();
});

function leave(send = true) {
  if (!active) return;
  const { id } = active;
  dock.classList.remove("writes");
  active = null;
  endBurst();
  typesIn(null);
  show();
  if (send) flush();
  document.dispatchEvent(new CustomEvent("editing:left", { detail: { id } }));
}

list?.addEventListener("input", (event) => {
  if (!active || event.target !== active.box || event.isComposing || composing) return;
  take();
});

function take() {
  const text = textOf(active.box).trim();
  const before = segment(active.id)?.text ?? "";
  if (text !== (active.last ?? before)) typed(active.id, text, active.last ?? before);
  active.last = text;
}

// While an input method composes, the text is its own; what it wrote counts when it is done.
list?.addEventListener("compositionstart", () => {
  composing = true;
  composes(true);
});
list?.addEventListener("compositionend", () => {
  composing = false;
  if (active) take();
  composes(false);
});

list?.addEventListener("beforeinput", (event) => {
  if (!active) return;
  const way = { historyUndo: undo, historyRedo: redo }[event.inputType];
  if (way) {
    event.preventDefault();
    turn(way);
  } else if (/^format|^insert(Paragraph|LineBreak|Horizontal|Ordered|Unordered)/.test(event.inputType) && !event.isComposing) {
    event.preventDefault();
    // Keyboards of phones send no key for it.
    if (event.inputType === "insertParagraph" || event.inputType === "insertLineBreak") split();
  }
});
list?.addEventListener("paste", (event) => {
  if (!active) return;
  event.preventDefault();
  insertText(active.box, clean(event.clipboardData.getData("text/plain")).trim());
  take();
});
list?.addEventListener("drop", (event) => active && event.preventDefault());

// A plain click plays from there; while one edits it puts the caret.
list?.addEventListener("click", (event) => on && event.target.closest(".said") && event.stopPropagation(), true);

// Keys -------------------------------------------------------------------------------------------------------------

// Each says whether the key was its own; else the browser does what it does.
const KEYS = {
  Tab: (event) => done(event.shiftKey ? step(-STEP_MS) : player.toggle()),
  Enter: () => done(split()),
  Escape: () => done(out()),
  Backspace: () => isAtStart() && done(mergeWith(-1)),
  Delete: () => isAtEnd() && done(mergeWith(1)),
  ArrowUp: (event) => !event.shiftKey && isOnEdge(active.box, false) && done(beside(-1)),
  ArrowDown: (event) => !event.shiftKey && isOnEdge(active.box, true) && done(beside(1)),
};
const WITH_CTRL = {
  " ": () => done(player.toggle()),
  z: (event) => done(turn(event.shiftKey ? redo : undo)),
  y: () => done(turn(redo)),
  s: () => done(flush()),
};
const done = () => true;
const step = (by) => player.seek(Math.max(0, player.now() + by));

list?.addEventListener("keydown", (event) => {
  // 229: the input method has the key, whatever it is.
  if (!active || event.isComposing || composing || event.keyCode === 229) return;
  const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
  let taken = false;
  if (plain) taken = KEYS[event.key]?.(event);
  else if (isStep(event)) taken = done(step(event.key === "ArrowLeft" ? -STEP_MS : STEP_MS));
  else if (!event.altKey) taken = WITH_CTRL[event.key.toLowerCase()]?.(event);
  if (!taken) return;
  event.preventDefault();
  event.stopPropagation();
});

// Ctrl with an arrow goes from word to word in a text, on a Mac Option with an arrow does.
function isStep(event) {
  const held = onMac ? event.ctrlKey && !event.altKey : event.altKey && !event.ctrlKey;
  return held && !event.shiftKey && !event.metaKey && (event.key === "ArrowLeft" || event.key === "ArrowRight");
}

document.addEventListener("keydown", (event) => {
  if (!on || active || !(event.ctrlKey || event.metaKey) || event.altKey) return;
  if (event.target.closest("input, textarea, select, dialog")) return;
  if (event.key.toLowerCase() !== "z") return;
  event.preventDefault();
  turn(event.shiftKey ? redo : undo);
});

function isAtStart() {
  const caret = caretIn(active.box);
  return caret?.start === 0 && caret.end === 0;
}

function isAtEnd() {
  const caret = caretIn(active.box);
  return caret?.start === caret?.end && caret?.end === active.box.textContent.length;
}

function turn(way) {
  const caret = active ? caretIn(active.box)?.start : null;
  leave();
  const id = way();
  if (id && on) goTo(id, caret === null ? null : Math.min(caret, segment(id)?.text.length ?? 0));
}

// Split, merge, neighbours --------------------------------------------------------------------------------------------

function split() {
  if (!active) return;
  const { id, box } = active;
  const text = textOf(box);
  const at = caretIn(box)?.start ?? 0;
  if (!text.slice(at).trim()) return void beside(1);
  if (!text.slice(0, at).trim()) return;
  const made = newId();
  const said = text.trim();
  const cut = at - (text.length - text.trimStart().length);
  leave(false);
  act({ op: "split", id, at: pointsOf(said, cut), made }, { now: true });
  goTo(made);
}

function mergeWith(by) {
  const { id } = active;
  const at = transcript.index(id);
  const [one, next] = by < 0 ? [transcript.segments[at - 1], transcript.segments[at]] : [transcript.segments[at], transcript.segments[at + 1]];
  if (!one || !next) return;
  leave(false);
  const [first, second] = [segment(one.id).text, segment(next.id).text];
  act({ op: "merge", id: one.id, next: next.id });
  goTo(one.id, joined(first, second).length - second.trimStart().length);
}

function beside(by) {
  const next = transcript.segments[transcript.index(active.id) + by];
  const x = window.getSelection().getRangeAt(0).getBoundingClientRect().left || active.box.getBoundingClientRect().left;
  if (next) goBeside(next.id, x, by > 0);
}

function out() {
  const row = active.box.closest(".segment");
  active.box.blur();
  row.querySelector(".at")?.focus();
}

// The text goes along with the sound, but not away from under one's hands.
window.addEventListener("player:segment", (event) => active && event.stopPropagation(), true);

// What the server and other people do meanwhile --------------------------------------------------------------------------

document.addEventListener("editing:naming", ({ detail }) => {
  if (!active || !detail.names.has(active.id)) return;
  moving = { id: detail.names.get(active.id), at: caretIn(active.box)?.start ?? 0 };
});
document.addEventListener("editing:named", () => {
  if (!moving) return;
  const { id, at } = moving;
  moving = null;
  active = null;
  goTo(id, at);
});
document.addEventListener("editing:typed-over", ({ detail }) => {
  const { text } = detail.segment;
  if (!active || textOf(active.box).trim() === text.trim()) return;
  const at = caretIn(active.box)?.start ?? 0;
  active.box.textContent = text;
  active.last = text;
  putCaret(active.box, Math.min(at, text.length));
});
// What somebody else saved comes in below one's own edits; under the hands of somebody who writes the page is never loaded anew.
let hasSaved = false;
fresh.take = () => catchUp(on || hasSaved || unsaved());
document.addEventListener("editing:saved", () => {
  hasSaved = true;
  const names = $("edited-by").firstElementChild;
  names.textContent = names.dataset.withMe;
  $("edited-by").hidden = false;
});

document.addEventListener("editing:state", ({ detail }) => {
  const line = $("save-state");
  const time = new Date().toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
  const words = (line.dataset[detail.state] ?? "").replace("{time}", time).replace("{why}", detail.sentence);
  line.dataset.state = detail.state;
  if (line.textContent !== words) line.textContent = words;
  showLine();
  $("save-again").hidden = !["offline", "refused"].includes(detail.state);
  $("sign-in").hidden = detail.state !== "signedOut";
});
$("save-again").addEventListener("click", flush);

/** Beside the reading it is seen only while something is not as it should be. */
function showLine() {
  $("save-line").hidden = !on && ["saving", "saved", undefined].includes($("save-state").dataset.state);
}

// The bar --------------------------------------------------------------------------------------------------------------

// A touch on the bar must not take the caret, and with it the keyboard, away.
$("edit-bar").addEventListener("mousedown", (event) => event.target.closest("button") && event.preventDefault());
const BAR = {
  "bar-play": () => player.toggle(),
  "bar-back": () => step(-STEP_MS),
  "bar-on": () => step(STEP_MS),
  "bar-split": () => active && split(),
  "bar-merge": () => active && mergeWith(-1),
  "bar-undo": () => turn(undo),
  "bar-redo": () => turn(redo),
  "bar-done": () => edit(false),
};
for (const [id, does] of Object.entries(BAR)) $(id)?.addEventListener("click", does);
document.addEventListener("editing:undo", () => {
  $("bar-undo").disabled = !canUndo();
  $("bar-redo").disabled = !canRedo();
});

// The keyboard of a phone covers the foot of the page: the bar sits above it, else above a player that lies there.
const playerBox = $("player");
function settle() {
  const seen = window.visualViewport;
  const covered = Math.max(0, window.innerHeight - seen.height - seen.offsetTop);
  const isBelow = getComputedStyle(playerBox).position === "fixed";
  dock.classList.toggle("over-keyboard", covered > KEYBOARD_PX);
  dock.style.bottom = `${Math.max(covered, isBelow ? playerBox.offsetHeight : 0)}px`;
  const high = dock.offsetHeight > EMPTY_PX;
  $("main").classList.toggle("docked", high);
  $("main").style.setProperty("--foot", `${high ? dock.offsetHeight : 0}px`);
}
for (const kind of ["resize", "scroll"]) window.visualViewport?.addEventListener(kind, settle);
new ResizeObserver(settle).observe(dock);

$("edit-switch").addEventListener("click", begin);
$("edit-switch").hidden = false;
key("e", begin, root.dataset.keyEdit);
