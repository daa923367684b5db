// The transcript in the page: the window that the server wrote, then all segments. The rest comes as JSON and becomes plain rows
// in idle slices, a hundred to a stretch that the browser leaves unpainted while it is far away (content-visibility): so its own
// find, copying and screen readers have the whole text. Others hear of changes by "transcript:changed" on the document.
import { makeRow } from "./rows.js";

const list = document.getElementById("segments");
const STRETCH = 100;
const anchors = CSS.supports("overflow-anchor: auto"); // Safari does not keep the reader's place by itself
const rows = new Map();
const numbers = new Map();
let stretches = [];
let told = () => {};

function readRow(row) {
  const written = row.querySelector(".written").textContent;
  return {
    id: row.dataset.id, start_ms: Number(row.dataset.start), end_ms: Number(row.dataset.end), text: written,
    spoken: row.querySelector(".spoken")?.textContent ?? written, speaker: null, confidence: null, flags: [], words: [], replacements: [],
  };
}

export const transcript = {
  version: Number(list?.dataset.version ?? 0),
  segments: [],
  complete: false, // until then they are those that the page came with
  list,
  // Resolves when every segment has its row.
  whole: new Promise((resolve) => (told = resolve)),
  row: (id) => rows.get(id) ?? null,
  index: (id) => numbers.get(id) ?? -1,
  at: (ms) => numberAt(ms),
  ensure: (id) => ensure(id),
  apply: (change) => apply(change),
};

// The last segment that begins at or before this time; -1 before the first.
function numberAt(ms) {
  let low = 0;
  let high = transcript.segments.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (transcript.segments[middle].start_ms <= ms + 10) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function number() {
  numbers.clear();
  transcript.segments.forEach((segment, index) => numbers.set(segment.id, index));
}

const context = {
  get version() {
    return transcript.version;
  },
  same(hotword, undone) {
    context.counts ??= counted();
    return context.counts.get(`${undone} ${hotword}`) ?? 0;
  },
};

function counted() {
  const counts = new Map();
  for (const made of transcript.segments.flatMap((segment) => segment.replacements)) {
    const key = `${made.undone} ${made.hotword}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

function makeStretch(segments) {
  const element = document.createElement("div");
  element.className = "stretch waiting";
  // About as high as it will be: lines of some 46 Chinese or 92 Latin characters.
  const lines = segments.reduce((sum, { text }) => sum + Math.ceil((text.length + (text.match(/[^\x00-\xff]/g)?.length ?? 0)) / 92 || 1), 0);
  element.style.setProperty("--about", `${lines * 28 + segments.length * 16}px`);
  return { element, segments };
}

function fill(stretch) {
  if (!stretch?.segments) return;
  const made = document.createDocumentFragment();
  for (const segment of stretch.segments) {
    const row = makeRow(segment, context);
    rows.set(segment.id, row);
    made.append(row);
  }
  stretch.segments.forEach(nameSpeaker);
  stretch.segments = null;
  const put = () => {
    stretch.element.append(made);
    stretch.element.classList.remove("waiting");
  };
  if (anchors) put();
  else keepPlace(put);
}

// Who goes on speaking is not named again.
function nameSpeaker(segment) {
  const before = transcript.segments[transcript.index(segment.id) - 1];
  rows.get(segment.id)?.classList.toggle("goes-on", before?.speaker === segment.speaker);
}

function seenRow() {
  for (const share of [0.5, 0.35, 0.65, 0.25, 0.8]) {
    const there = document.elementFromPoint(list.getBoundingClientRect().left + 40, window.innerHeight * share)?.closest(".segment");
    if (there) return there;
  }
  return null;
}

// What somebody reads stays where it is on the screen, whatever comes in above it.
function keepPlace(change) {
  const { style } = document.documentElement;
  const stays = seenRow();
  const before = stays?.getBoundingClientRect().top;
  style.overflowAnchor = "none"; // or the browser would do the same once more
  change();
  if (stays?.isConnected) window.scrollBy({ top: stays.getBoundingClientRect().top - before, behavior: "instant" });
  requestAnimationFrame(() => (style.overflowAnchor = ""));
}

// The row of this segment, made now where its turn has not come yet.
function ensure(id) {
  if (!rows.has(id)) fill(stretches.find((stretch) => stretch.segments?.some((segment) => segment.id === id)));
  return rows.get(id) ?? null;
}

function finish() {
  for (const stretch of stretches) fill(stretch);
}

function cut(segments) {
  const made = [];
  for (let from = 0; from < segments.length; from += STRETCH) made.push(makeStretch(segments.slice(from, from + STRETCH)));
  return made;
}

const idle = window.requestIdleCallback ?? ((act) => setTimeout(() => act({ timeRemaining: () => 8 }), 16));

function fillInTurn(order) {
  idle(
    (deadline) => {
      do fill(order.shift());
      while (order.length && deadline.timeRemaining() > 8);
      if (order.length) fillInTurn(order);
      else told();
    },
    { timeout: 500 },
  );
}

async function readRest() {
  const window_ = list.querySelector(".stretch");
  const answer = await fetch(list.dataset.source, { headers: { Accept: "application/json" } });
  if (!answer.ok) return; // the window stays, and the links to the rest with it
  const { segments } = await answer.json();
  const first = Number(list.dataset.first);
  const after = first + rows.size;
  transcript.segments = segments;
  transcript.complete = true;
  number();
  const before = cut(segments.slice(0, first));
  const later = cut(segments.slice(after));
  stretches = [...before, ...later];
  keepPlace(() => {
    for (const paged of document.querySelectorAll(".paged")) paged.remove();
    window_.before(...before.map((stretch) => stretch.element));
  });
  window_.after(...later.map((stretch) => stretch.element));
  if (segments[first]) nameSpeaker(segments[first]);
  document.dispatchEvent(new CustomEvent("transcript:changed"));
  // From the window outwards, below it and above it in turns.
  before.reverse();
  const order = Array.from({ length: Math.max(before.length, later.length) }, (_, turn) => [later[turn], before[turn]]).flat().filter(Boolean);
  if (order.length) fillInTurn(order);
  else told();
}

// What somebody changed: new texts, segments that went and came. The reader's place stays.
function apply({ version, changed = [], removed = [] }) {
  finish();
  keepPlace(() => {
    for (const id of removed) {
      rows.get(id)?.remove();
      rows.delete(id);
    }
    const gone = new Set(removed);
    transcript.segments = transcript.segments.filter((segment) => !gone.has(segment.id));
    number();
    context.counts = undefined;
    for (const segment of changed) put(segment);
    transcript.segments.forEach(nameSpeaker);
  });
  transcript.version = version;
  document.dispatchEvent(new CustomEvent("transcript:changed"));
}

function put(segment) {
  const known = transcript.index(segment.id);
  const row = makeRow(segment, context);
  if (known >= 0) {
    transcript.segments[known] = segment;
    replace(rows.get(segment.id), row);
  } else {
    const later = (one) => one.start_ms > segment.start_ms || (one.start_ms === segment.start_ms && one.end_ms > segment.end_ms);
    const at = transcript.segments.findIndex(later);
    const next = transcript.segments[at];
    if (next) rows.get(next.id).before(row);
    else list.lastElementChild.append(row);
    transcript.segments.splice(next ? at : transcript.segments.length, 0, segment);
    rows.set(segment.id, row);
    number();
  }
}

function replace(old, row) {
  // Whoever types in this row has these very words in it already: their caret stays where it is.
  const types = old.contains(document.activeElement) && !document.activeElement.matches(".at, summary, button");
  if (types && old.querySelector(".written")?.textContent === row.querySelector(".written").textContent) return;
  if (old.classList.contains("playing")) row.classList.add("playing");
  old.replaceWith(row);
  rows.set(row.dataset.id, row);
}

if (list) {
  for (const row of list.querySelectorAll(".segment")) rows.set(row.dataset.id, row);
  transcript.segments = [...rows.values()].map(readRow);
  number();
  readRest();
}
