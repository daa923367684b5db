// The pass over doubtful places: few, one after the other, each heard again and again while one looks at it. What was wrong is
// corrected there, everywhere else in this recording, and for the future by a hotword: in one move.
import { list, loaded, rowOf, segment } from "./boxes.js";
import { countOf, isLatin } from "./edits.js";
import { edit } from "./editing.js";
import { addHotword } from "./hotwords.js";
import { key } from "./keys.js";
import { player } from "./player.js";
import { flush, real, record } from "./saving.js";
import { transcript } from "./transcript.js";
import { act } from "./undo.js";

const root = document.getElementById("editing");
const bar = document.getElementById("doubts");
const part = (name) => bar.querySelector(`[data-part=${name}]`);
const LOWEST_SHARE = 0.03; // reading a page of red marks takes as long as listening to all of it
const FAR_BELOW = 0.8; // of the recording's own median: engines are sure of themselves in different ways
const LONGEST_WORD = 40;
const sentences = new Map(
  [...(document.getElementById("row-doubts")?.content.querySelectorAll("[data-flag]") ?? [])].map((line) => [line.dataset.flag, line.textContent]),
);
let places = []; // { id, why, text }
let at = -1;

/** The places to look at: what a guard found, and the few that the engine was least sure of. */
function doubtful(segments) {
  const sure = segments.map((one) => one.confidence).filter((value) => value !== null).sort((one, other) => one - other);
  const limit = sure[Math.ceil(sure.length * LOWEST_SHARE) - 1] ?? -1;
  const low = Math.min(limit, (sure[sure.length >> 1] ?? 0) * FAR_BELOW);
  return segments.filter((one) => !one.flags.includes("right")).map((one) => ({ id: one.id, text: one.text, why: reasons(one, low) })).filter((one) => one.why.length);
}

function reasons(one, low) {
  const found = one.flags.map((flag) => sentences.get(flag)).filter(Boolean);
  if (one.confidence !== null && one.confidence <= low) found.push(root.dataset.unsure.replace("{n}", Math.round(one.confidence * 100)));
  return found;
}

const opener = document.getElementById("doubts-open");
function count() {
  const found = doubtful(transcript.segments).length;
  opener.hidden = !found;
  opener.querySelector(".count").textContent = String(found);
}

function start() {
  places = doubtful(transcript.segments);
  if (!places.length) return;
  bar.hidden = false;
  const next = places.findIndex((one) => (segment(one.id)?.end_ms ?? 0) > player.now());
  go(next < 0 ? 0 : next);
}

function end() {
  unlight();
  player.loop(null);
  player.pause();
  bar.hidden = true;
  at = -1;
  count();
  opener.focus();
}

function walk(by) {
  if (bar.hidden) return start();
  return go((at + by + places.length) % places.length);
}

function unlight() {
  list.querySelector(".segment.doubted")?.classList.remove("doubted");
}

function go(to) {
  unlight();
  at = to;
  const place = places[at];
  const one = segment(real(place.id));
  place.text = one?.text ?? place.text;
  part("count").textContent = root.dataset.nOf.replace("{n}", at + 1).replace("{total}", places.length);
  part("why").textContent = place.done ? root.dataset[place.done] : place.why.join(" ");
  part("fix").hidden = true;
  part("said").textContent = "";
  if (!one) return;
  light(one.id);
  listen(one);
}

function light(id) {
  const row = rowOf(id);
  row?.classList.add("doubted");
  row?.scrollIntoView({ block: "center" });
}

function listen(one) {
  const wanted = part("loop").getAttribute("aria-pressed") === "true";
  player.loop(wanted ? one.id : null);
  player.seek(one.start_ms);
  player.play();
}

// Corrected: what else can be done with it --------------------------------------------------------------------------------

document.addEventListener("editing:left", ({ detail }) => {
  const place = places[at];
  if (bar.hidden || !place || real(place.id) !== detail.id) return;
  const one = segment(detail.id);
  if (!one || one.text === place.text) return;
  place.done = "corrected";
  light(detail.id);
  part("why").textContent = root.dataset.corrected;
  offer(difference(place.text, one.text));
  place.text = one.text;
});

/** The words that went and came between two texts: from the first to the last that differs. */
function difference(before, after) {
  const cut = new Intl.Segmenter(list.lang || undefined, { granularity: "word" });
  const [was, now] = [before, after].map((text) => [...cut.segment(text)].map((word) => word.segment));
  let head = 0;
  while (head < was.length && head < now.length && was[head] === now[head]) head += 1;
  let tail = 0;
  while (tail < was.length - head && tail < now.length - head && was.at(-1 - tail) === now.at(-1 - tail)) tail += 1;
  // One Chinese character stands in too many words: the one after it, or before it, comes along.
  const isOne = [was, now].some((words) => isSingle(words.slice(head, words.length - tail).join("")));
  if (isOne && tail && isWide(was.at(-tail))) tail -= 1;
  else if (isOne && head && isWide(was[head - 1])) head -= 1;
  return [was, now].map((words) => words.slice(head, words.length - tail).join("").trim());
}

const isSingle = (text) => [...text].length === 1 && isWide(text);
const isWide = (text) => /^\p{Script=Han}/u.test(text);

function offer([find, replace]) {
  const form = part("fix");
  form.elements.find.value = find;
  form.elements.replace.value = replace;
  form.hidden = !replace || Math.max(find.length, replace.length) > LONGEST_WORD || !tally();
  form.elements.everywhere.checked = Boolean(tally());
}

/** How often the wrong word stands here still; what can be ticked follows from it. */
function tally() {
  const { find, everywhere, hotword } = part("fix").elements;
  const n = countOf(transcript.segments, find.value, isLatin(find.value.at(0)));
  part("times").textContent = root.dataset.everywhere.replace("{n}", n);
  everywhere.disabled = !n;
  return n || Boolean(hotword);
}

part("fix").addEventListener("input", tally);
part("fix").addEventListener("submit", async (event) => {
  event.preventDefault();
  const { find, replace, everywhere, hotword } = event.target.elements;
  const [wrong, right] = [find.value.trim(), replace.value.trim()];
  const n = countOf(transcript.segments, wrong, isLatin(wrong.at(0)));
  const said = [];
  if (everywhere.checked && n && right) {
    act({ op: "replace_all", find: wrong, replace: right, whole_words: isLatin(wrong.at(0)) });
    flush();
    said.push(root.dataset.replaced.replace("{n}", n));
  }
  part("fix").hidden = true;
  if (hotword?.checked && right) said.push(await addHotword(right));
  part("said").textContent = said.join(" ");
});
part("not-now").addEventListener("click", () => (part("fix").hidden = true));

// The bar's buttons --------------------------------------------------------------------------------------------------------

part("next").addEventListener("click", () => walk(1));
part("back").addEventListener("click", () => walk(-1));
part("close").addEventListener("click", end);
part("correct").addEventListener("click", () => edit(true, real(places[at].id)));
part("loop").addEventListener("click", () => {
  const pressed = part("loop").getAttribute("aria-pressed") !== "true";
  part("loop").setAttribute("aria-pressed", String(pressed));
  const one = segment(real(places[at].id));
  if (one && pressed) listen(one);
  else player.loop(null);
});
part("right").addEventListener("click", () => {
  const place = places[at];
  place.done = "right";
  record({ op: "right", id: real(place.id) });
  if (places.every((one) => one.done)) end();
  else walk(1);
});
bar.addEventListener("keydown", (event) => event.key === "Escape" && end());
document.addEventListener("transcript:changed", () => (bar.hidden ? count() : at >= 0 && light(real(places[at].id))));

opener.addEventListener("click", start);
key("n", () => walk(1), root.dataset.keyDoubts);
key("p", () => walk(-1), root.dataset.keyDoubts);
await loaded;
count();
