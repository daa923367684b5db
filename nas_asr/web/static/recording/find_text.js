// Finding inside one transcript, parts of words too: the same as nas_asr/core/find_text.py, and one table of tests holds both
// to it. Width and case are folded, punctuation is passed over; Chinese is written without spaces, so none count beside it.
const CJK = "\\u3005-\\u3007\\u3040-\\u30ff\\u3100-\\u312f\\u3400-\\u4dbf\\u4e00-\\u9fff\\uac00-\\ud7af\\uf900-\\ufaff\\u{20000}-\\u{323af}";
const IS_CJK = new RegExp(`[${CJK}]`, "u");
const IS_WORD = /[\p{L}\p{N}]/u;
const MARKS = /[\p{M}\uff9e\uff9f]/u;
const LETTERS = /\P{M}[\p{M}\uff9e\uff9f]{0,30}|\p{M}/gu; // piles of marks would take their square in time
const QUERY = /"([^"]*)"|(\S+)/g;
const MAX_TERMS = 16;
const [GAP, WORD, ALONE] = [0, 1, 2]; // no letter; a letter of a word; one of a script without spaces
const folded = new Map();

// What a letter is compared as: signs, each with its kind.
function fold(letter) {
  let known = folded.get(letter);
  if (known === undefined) {
    const signs = [...letter.normalize("NFKC").toUpperCase().toLowerCase().normalize("NFKC")];
    known = signs.map((sign) => [sign, IS_CJK.test(sign) ? ALONE : IS_WORD.test(sign) ? WORD : GAP]);
    if (folded.size > 20000) folded.clear();
    folded.set(letter, known);
  }
  return known;
}

// The text as it is compared. places: filled, where given, with what of the original each of its units is from: [start, end).
export function squeeze(text, places) {
  let squeezed = "";
  let gap = false;
  let word = false;
  let at = 0;
  for (const letter of MARKS.test(text) ? text.match(LETTERS) : text) {
    for (const [sign, kind] of fold(letter)) {
      if (kind === GAP) {
        gap = true;
        continue;
      }
      const spaced = gap && word && kind === WORD;
      squeezed += spaced ? ` ${sign}` : sign;
      if (places) for (let unit = spaced ? -1 : 0; unit < sign.length; unit += 1) places.push([at, at + letter.length]);
      gap = false;
      word = kind === WORD;
    }
    at += letter.length;
  }
  return squeezed;
}

// What must all stand in a segment: each quoted part and each other word. Empty where nothing can match.
export function findTerms(query) {
  const terms = new Set();
  for (const [, quoted, word] of query.replace(/[\u201c\u201d]/g, '"').matchAll(QUERY)) {
    const term = squeeze(quoted || word || "");
    if (term) terms.add(term);
  }
  return [...terms].slice(0, MAX_TERMS);
}

export function holds(squeezed, terms) {
  return terms.length > 0 && terms.every((term) => squeezed.includes(term));
}

// Where any of the terms stands, in order, where all of them do: [start, end) in the original; overlapping ones are one place.
export function findPlaces(text, terms) {
  const from = [];
  const squeezed = squeeze(text, from);
  if (!holds(squeezed, terms)) return [];
  const found = [];
  for (const term of terms) {
    for (let at = squeezed.indexOf(term); at >= 0; at = squeezed.indexOf(term, at + term.length)) {
      found.push([from[at][0], from[at + term.length - 1][1]]);
    }
  }
  found.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const places = [];
  for (const place of found) {
    const last = places.at(-1);
    if (last && place[0] < last[1]) last[1] = Math.max(last[1], place[1]);
    else places.push(place);
  }
  return places;
}
