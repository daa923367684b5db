// What an edit makes of a list of segments, as the server does it, so that the page shows it at once. Pure: no page, no network.
const WIDE = /[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef\u{20000}-\u{3ffff}]/u;
const LETTER = "[\\p{L}\\p{N}_]";

/** Where a place counted in code points lies in a JavaScript string. */
export const unitsOf = (text, points) => [...text].slice(0, points).join("").length;

/** A place in a JavaScript string, counted in code points as the server counts. */
export const pointsOf = (text, units) => [...text.slice(0, units)].length;

/** Two texts as one: a space between words, none between Chinese characters. */
export function joined(first, second) {
  const [left, right] = [first.trimEnd(), second.trimStart()];
  if (!left || !right) return left + right;
  return left + (WIDE.test([...left].at(-1)) || WIDE.test([...right][0]) ? "" : " ") + right;
}

export const joinedAll = (texts) => texts.reduce(joined, "");

/** What finds a word; whole words only where letters would go on beside it, which Chinese does not know. */
export function finder(find, wholeWords) {
  const plain = find.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
  const before = wholeWords && isLatin([...find][0]) ? `(?<!${LETTER})` : "";
  const after = wholeWords && isLatin([...find].at(-1)) ? `(?!${LETTER})` : "";
  return new RegExp(before + plain + after, "gu");
}

export const isLatin = (sign) => Boolean(sign) && /[\p{L}\p{N}_]/u.test(sign) && !WIDE.test(sign);

/** How often a word stands in these segments. */
export function countOf(segments, find, wholeWords) {
  if (!find) return 0;
  const pattern = finder(find, wholeWords);
  return segments.reduce((sum, one) => sum + (one.text.match(pattern)?.length ?? 0), 0);
}

/** Do an edit to the list; false where the segment it speaks of is not there any more. Segments are replaced, never changed. */
export function perform(list, edit) {
  if (edit.op === "replace_all") {
    const pattern = finder(edit.find, edit.whole_words);
    list.forEach((one, i) => {
      const text = one.text.replace(pattern, () => edit.replace);
      if (text !== one.text) list[i] = { ...one, text };
    });
    return true;
  }
  const at = list.findIndex((one) => one.id === edit.id);
  if (at < 0) return false;
  DOES[edit.op](list, at, edit);
  return true;
}

const DOES = { text: write, speaker: name, split, merge, right };

function right(list, at) {
  list[at] = { ...list[at], flags: ["right"] };
}

function write(list, at, edit) {
  list[at] = { ...list[at], text: edit.text };
}

function name(list, at, edit) {
  const label = list[at].speaker;
  list.forEach((one, i) => {
    const meant = edit.scope === "one" ? i === at : one.speaker === label && (edit.scope === "all" || i >= at);
    if (meant) list[i] = { ...one, speaker: edit.speaker };
  });
}

function split(list, at, edit) {
  const one = list[at];
  const cut = unitsOf(one.text, edit.at);
  // Where no word times are known the place is guessed by the length of the text; the server's answer corrects it.
  const guess = one.start_ms + Math.round((one.end_ms - one.start_ms) * (cut / Math.max(1, one.text.length)));
  const middle = Math.min(Math.max(edit.at_ms ?? guess, one.start_ms + 1), Math.max(one.end_ms - 1, one.start_ms + 1));
  const first = { ...one, text: one.text.slice(0, cut).trimEnd(), end_ms: middle };
  const second = { ...one, id: edit.made, text: one.text.slice(cut).trimStart(), start_ms: middle };
  list.splice(at, 1, first, second);
}

function merge(list, at) {
  const [one, next] = [list[at], list[at + 1]];
  if (next) list.splice(at, 2, { ...one, text: joined(one.text, next.text), end_ms: next.end_ms });
}

/** The list with what somebody else changed in its place: by id; what came behind the one it names, else by its time. */
export function patched(list, { changed, removed }) {
  const gone = new Set(removed);
  const fresh = new Map(changed.map((one) => [one.id, one]));
  const kept = list.filter((one) => !gone.has(one.id)).map((one) => take(fresh, one));
  let at = -1; // of the last that came: a new text comes as one long row of them
  for (const one of fresh.values()) {
    at = kept[at] && kept[at].id === one.after ? at + 1 : placeFor(kept, one);
    kept.splice(at, 0, one);
  }
  return kept;
}

function placeFor(list, one) {
  const before = one.after ? list.findIndex((other) => other.id === one.after) : -1;
  if (before >= 0 || one.after === "") return before + 1;
  const later = list.findIndex((other) => other.start_ms > one.start_ms || (other.start_ms === one.start_ms && other.end_ms > one.end_ms));
  return later < 0 ? list.length : later;
}

function take(fresh, one) {
  const newer = fresh.get(one.id);
  fresh.delete(one.id);
  return newer ?? one;
}

/** What leads from one list to another: segments that are new or different, and ids that are not there any more. */
export function difference(from, to) {
  const old = new Map(from.map((one) => [one.id, one]));
  const changed = to.filter((one) => !same(old.get(one.id), one));
  const here = new Set(to.map((one) => one.id));
  return { changed, removed: from.filter((one) => !here.has(one.id)).map((one) => one.id) };
}

const SHOWN = ["text", "spoken", "speaker", "start_ms", "end_ms", "confidence"];
function same(one, other) {
  if (one === other) return true;
  return Boolean(one) && SHOWN.every((field) => one[field] === other[field]) && `${one.flags}` === `${other.flags}`;
}
