// Find in this transcript: marks, "3 of 15", Enter and Shift+Enter, from one Chinese character on. What is looked for stands in
// the address.
import { show } from "./follow.js";
import { findPlaces, findTerms, holds, squeeze } from "./find_text.js";
import { key } from "./keys.js";
import { player } from "./player.js";
import { filled } from "./rows.js";
import { transcript } from "./transcript.js";

const form = document.getElementById("find");
const box = form?.elements.q;
const words = document.getElementById("hits");
const arrows = [document.getElementById("hit-back"), document.getElementById("hit-on")];
const squeezed = new Map(); // of a text; texts that are said twice are squeezed once
const marked = new Set();
let terms = [];
let places = []; // { id, start, end }
let here = -1;
let turn = 0;

function layer() {
  return transcript.list.classList.contains("spoken") ? "spoken" : "text";
}

function squeezedOf(text) {
  let known = squeezed.get(text);
  if (!known) squeezed.set(text, (known = squeeze(text)));
  return known;
}

function unmark() {
  for (const id of marked) {
    const row = transcript.row(id);
    if (!row) continue;
    row.classList.remove("found");
    for (const mark of row.querySelectorAll(".said mark")) mark.replaceWith(...mark.childNodes);
    for (const said of row.querySelectorAll(".said")) said.normalize();
  }
  marked.clear();
}

function mark(id) {
  const row = transcript.row(id);
  if (!row || marked.has(id)) return;
  marked.add(id);
  row.classList.add("found");
  for (const said of row.querySelectorAll(".said")) {
    const text = said.textContent;
    const made = document.createDocumentFragment();
    let at = 0;
    for (const [start, end] of findPlaces(text, terms)) {
      const one = document.createElement("mark");
      one.textContent = text.slice(start, end);
      made.append(text.slice(at, start), one);
      at = end;
    }
    if (at) said.replaceChildren(made, text.slice(at));
  }
}

// Marks in turns: a single character may stand in every row of five hours.
function markInTurns(ids) {
  const mine = (turn += 1);
  const go = () => {
    const until = performance.now() + 6;
    while (ids.length && performance.now() < until) mark(ids.shift());
    if (ids.length && mine === turn) setTimeout(go);
  };
  go();
}

function look(query) {
  for (const row of transcript.list.querySelectorAll(".segment.found")) marked.add(row.dataset.id);
  unmark();
  terms = findTerms(query);
  places = [];
  here = -1;
  if (terms.length) {
    const text = layer();
    for (const segment of transcript.segments) {
      if (!holds(squeezedOf(segment[text]), terms)) continue;
      for (const [start, end] of findPlaces(segment[text], terms)) places.push({ id: segment.id, start, end });
    }
  }
  markInTurns([...new Set(places.map((place) => place.id))]);
  say();
}

function say() {
  const some = places.length > 0;
  for (const arrow of arrows) arrow.hidden = !some;
  if (some) words.textContent = filled(here < 0 ? words.dataset.all : words.dataset.of, { n: here + 1, total: places.length });
  else words.textContent = box.value.trim() ? words.dataset.none : "";
}

function markOf(place) {
  const row = transcript.ensure(place.id);
  mark(place.id);
  const number = places.filter((one) => one.id === place.id).indexOf(place);
  const said = row.querySelector(layer() === "spoken" ? ".said.spoken" : ".said.written") ?? row.querySelector(".said");
  return [row, said.querySelectorAll("mark")[number]];
}

function goTo(number, { seeks = true, behavior = "smooth" } = {}) {
  if (!places.length) return;
  here = (number + places.length) % places.length;
  for (const old of document.querySelectorAll("mark.here")) old.classList.remove("here");
  const [row, one] = markOf(places[here]);
  one?.classList.add("here");
  if (seeks && !player.playing) player.seek(transcript.segments[transcript.index(row.dataset.id)].start_ms);
  show(row, behavior);
  say();
}

// The first place that is not before this segment.
function firstFrom(id) {
  const from = transcript.index(id);
  const number = places.findIndex((place) => transcript.index(place.id) >= from);
  return Math.max(0, number);
}

function keepInAddress(query) {
  const address = new URL(window.location.href);
  if (query) address.searchParams.set("q", query);
  else address.searchParams.delete("q");
  history.replaceState(history.state, "", address);
}

function typed() {
  look(box.value);
  keepInAddress(box.value.trim());
  if (places.length) goTo(firstFrom(player.segment ?? transcript.segments[0].id), { seeks: false });
}

function open() {
  box.focus();
  box.select();
}

// opensAt: the segment at which the page opens; its sound is there already where the address named a second.
export function startFinding(keys, opensAt, isSought) {
  if (!form) return;
  let waits = 0;
  box.addEventListener("input", () => {
    clearTimeout(waits);
    waits = setTimeout(typed, 120);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  box.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Escape") box.blur();
    if (event.key !== "Enter") return;
    event.preventDefault();
    clearTimeout(waits);
    if (findTerms(box.value).join() !== terms.join()) typed();
    else goTo(here + (event.shiftKey ? -1 : 1));
  });
  arrows[0].addEventListener("click", () => goTo(here - 1));
  arrows[1].addEventListener("click", () => goTo(here + 1));
  document.addEventListener("reading:layer", () => look(box.value));
  document.addEventListener("transcript:changed", () => {
    const place = places[here];
    look(box.value);
    if (place) here = Math.max(0, places.findIndex((one) => one.id === place.id && one.start === place.start));
    say();
  });
  for (const name of ["/", "f"]) key(name, open, keys.find);
  if (!box.value.trim()) return;
  look(box.value);
  const first = opensAt ? firstFrom(opensAt) : 0;
  if (places.length && (!isSought || places[first].id === opensAt)) goTo(first, { seeks: !isSought, behavior: "instant" });
}
