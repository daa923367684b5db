// Finding inside one transcript, parts of words too: the same as nas_asr/core/find_text.py, and one table of tests holds both
// to it. Width and case are folded, punctuation is passed over; Chinese is written without spaces, so none count beside it.
const CJK = "\\u3005-\\u3007\\u3040-\\u30ff\\u3100-\\u312f\\u3400-\\u4dbf\\u4e00-\\u9fff\\uac00-\\ud7af\\uf900-\\ufaff\\u{20000}-\\u{323af}";
const IS_CJK = new RegExp(`[${CJK}]`, "u");
const IS_WORD = /[\p{L}\p{N}]/u;
const LETTERS = /\P{M}[\p{M}\uff9e\uff9f]{0,30}|\p{M}/gu; // piles of marks would take their square in time
const QUERY = /"([^"]*)"|(\S+)/g;
const MAX_TERMS = 16;
const folded = new Map();

function fold(letter) {
  let known = folded.get(letter);
  if (known === undefined) {
    known = [...letter.normalize("NFKC").toUpperCase().toLowerCase().normalize("NFKC")];
    if (folded.size > 20000) folded.clear();
    folded.set(letter, known);
  }
  return known;
}

// The text as it is compared, and where each of its letters stands in the original: [start, end) of UTF-16 units.
export function squeeze(text) {
  let squeezed = "";
  const starts = [];
  const ends = [];
  let gap = false; // something that is no letter stood between
  let word = false; // the last letter is of a word, not of a script without spaces
  for (const { 0: letter, index } of text.matchAll(LETTERS)) {
    for (const sign of fold(letter)) {
      const cjk = IS_CJK.test(sign);
      if (!cjk && !IS_WORD.test(sign)) {
        gap = true;
        continue;
      }
      if (gap && word && !cjk) {
        squeezed += " ";
        starts.push(index);
        ends.push(index);
      }
      squeezed += sign;
      for (let unit = 0; unit < sign.length; unit += 1) {
        starts.push(index);
        ends.push(index + letter.length);
      }
      gap = false;
      word = !cjk;
    }
  }
  return { squeezed, starts, ends };
}

// What must all stand in a segment: each quoted part and each other word. Empty where nothing can match.
export function findTerms(query) {
  const terms = new Set();
  for (const [, quoted, word] of query.replace(/[\u201c\u201d]/g, '"').matchAll(QUERY)) {
    const { squeezed } = squeeze(quoted || word || "");
    if (squeezed) terms.add(squeezed);
  }
  return [...terms].slice(0, MAX_TERMS);
}

// Where any of the terms stands, in order, where all of them do: [start, end) in the original; overlapping ones are one place.
export function findPlaces({ squeezed, starts, ends }, terms) {
  if (!terms.length || !terms.every((term) => squeezed.includes(term))) return [];
  const found = [];
  for (const term of terms) {
    for (let at = squeezed.indexOf(term); at >= 0; at = squeezed.indexOf(term, at + term.length)) {
      found.push([starts[at], ends[at + term.length - 1]]);
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
