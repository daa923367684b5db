// The player of a recording's page: a click on a segment plays from there, the playing segment is lit and followed.
const audio = document.getElementById("audio");
const box = document.getElementById("player");
const list = document.getElementById("segments");
const segments = [...document.querySelectorAll(".segment")];
const starts = segments.map((segment) => Number(segment.dataset.start) / 1000);
const found = segments.filter((segment) => segment.classList.contains("found"));
const follow = document.getElementById("follow");
const speed = document.getElementById("speed");
const RATES = [...speed.options].map((option) => Number(option.value));
const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
let playing = -1;
let hit = -1;
let scrolledAt = 0;
let heard = false;

function indexAt(seconds) {
  let low = 0;
  let high = starts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (starts[middle] <= seconds + 0.01) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function show(segment) {
  segment.scrollIntoView({ block: "center", behavior: calm ? "instant" : "smooth" });
}

function light(index) {
  if (index === playing) return;
  segments[playing]?.classList.remove("playing");
  segments[playing]?.removeAttribute("aria-current");
  playing = index;
  const segment = segments[index];
  if (!segment) return;
  segment.classList.add("playing");
  segment.setAttribute("aria-current", "true");
  // Somebody who just scrolled is reading elsewhere; do not pull the page away from them.
  if (follow?.checked && !audio.paused && Date.now() - scrolledAt > 4000) show(segment);
}

function seek(seconds) {
  audio.currentTime = Math.max(0, Math.min(seconds, audio.duration || seconds));
  light(indexAt(audio.currentTime));
}

function playFrom(seconds) {
  scrolledAt = 0;
  seek(seconds);
  audio.play().catch(() => {});
}

function step(by) {
  const next = Math.max(0, Math.min(segments.length - 1, playing + by));
  if (starts.length) playFrom(starts[next]);
}

function setRate(rate) {
  audio.defaultPlaybackRate = audio.playbackRate = rate;
  speed.value = String(rate);
  localStorage.setItem("nas_asr.speed", String(rate));
}

function changeRate(by) {
  setRate(RATES[Math.max(0, Math.min(RATES.length - 1, RATES.indexOf(audio.playbackRate) + by))]);
}

function goToHit(by) {
  if (!found.length) return;
  found[hit]?.classList.remove("here");
  hit = (hit + by + found.length) % found.length;
  found[hit].classList.add("here");
  show(found[hit]);
  seek(Number(found[hit].dataset.start) / 1000);
  const words = document.getElementById("hits");
  words.textContent = words.dataset.of.replace("{n}", hit + 1).replace("{total}", found.length);
}

list?.addEventListener("click", (event) => {
  const segment = event.target.closest(".segment");
  if (!segment || event.target.closest(".swaps") || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (event.target.closest(".at")) event.preventDefault();
  // Whoever marks text wants to copy it, not to jump.
  else if (!window.getSelection().isCollapsed) return;
  playFrom(Number(segment.dataset.start) / 1000);
});

audio.addEventListener("play", () => (heard = true));
audio.addEventListener("timeupdate", () => light(indexAt(audio.currentTime)));
audio.addEventListener("error", () => (document.getElementById("audio-trouble").hidden = false));
for (const kind of ["wheel", "touchmove"]) {
  window.addEventListener(kind, () => (scrolledAt = Date.now()), { passive: true });
}

document.getElementById("texts")?.addEventListener("click", (event) => {
  const choice = event.target.closest("[data-text]");
  if (!choice || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  for (const link of choice.parentElement.children) link.removeAttribute("aria-current");
  choice.setAttribute("aria-current", "true");
  list?.classList.remove("written", "spoken");
  list?.classList.add(choice.dataset.text);
  history.replaceState(null, "", choice.href);
  for (const kept of document.querySelectorAll('.find input[name="text"]')) kept.value = choice.dataset.text;
  for (const link of document.querySelectorAll("#exports a")) {
    const address = new URL(link.href);
    address.searchParams.set("text", choice.dataset.text);
    link.href = address.href;
  }
});

document.getElementById("hit-on")?.addEventListener("click", () => goToHit(1));
document.getElementById("hit-back")?.addEventListener("click", () => goToHit(-1));
const keys = document.getElementById("keys");
document.getElementById("keys-open").addEventListener("click", () => keys.showModal());
speed.addEventListener("change", () => setRate(Number(speed.value)));

const ACTIONS = {
  " ": () => (audio.paused ? audio.play().catch(() => {}) : audio.pause()),
  k: () => ACTIONS[" "](),
  j: () => seek(audio.currentTime - 10),
  l: () => seek(audio.currentTime + 10),
  ArrowLeft: () => seek(audio.currentTime - 3),
  ArrowRight: () => seek(audio.currentTime + 3),
  ",": () => step(-1),
  ".": () => step(1),
  "[": () => changeRate(-1),
  "]": () => changeRate(1),
  n: () => goToHit(1),
  p: () => goToHit(-1),
  "?": () => keys.showModal(),
};

// A new version shows itself, unless somebody listens, writes, marks or reads an older one: then a line offers it.
function isOccupied() {
  const writes = document.activeElement?.closest("input, select, textarea");
  const opened = document.querySelector("details[open], dialog[open]");
  const looksBack = new URLSearchParams(window.location.search).has("version");
  return heard || writes || opened || looksBack || !window.getSelection().isCollapsed;
}
document.addEventListener("htmx:afterSwap", () => {
  if (document.querySelector("#state [data-fresh]") && !isOccupied()) window.location.reload();
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || keys.open) return;
  if (event.target.closest("input, select, textarea, button, summary, audio, [contenteditable]")) return;
  const act = ACTIONS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

setRate(RATES.includes(Number(localStorage.getItem("nas_asr.speed"))) ? Number(localStorage.getItem("nas_asr.speed")) : 1);
const start = Number(box.dataset.start);
if (start > 0) {
  seek(start);
  if (segments[playing]) show(segments[playing]);
} else if (found.length) {
  goToHit(1);
}
