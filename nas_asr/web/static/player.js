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

// A recording that was split into files has one time line; each part knows where it starts there, in seconds.
const line = document.getElementById("time-line");
const parts = [...document.querySelectorAll("#time-line .part")].map((part) => ({
  src: part.dataset.src, start: Number(part.dataset.start) / 1000, duration: Number(part.dataset.duration) / 1000,
}));
if (!parts.length) parts.push({ src: audio.getAttribute("src"), start: 0, duration: Infinity });
let part = 0;

function now() {
  return parts[part].start + audio.currentTime;
}

function load(index, seconds) {
  const plays = !audio.paused;
  part = index;
  document.getElementById("audio-trouble").hidden = true;
  document.getElementById("download").href = audio.src = parts[index].src;
  audio.currentTime = seconds;
  if (plays) audio.play().catch(() => {});
}

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
  const wanted = Math.max(0, seconds);
  const index = Math.max(0, parts.findLastIndex((one) => one.start <= wanted));
  const inside = Math.min(wanted - parts[index].start, parts[index].duration);
  if (index !== part) load(index, inside);
  else audio.currentTime = Math.min(inside, audio.duration || inside);
  tell();
}

function tell() {
  light(indexAt(now()));
  if (!line) return;
  const seconds = Math.floor(now());
  const clock = [Math.floor(seconds / 60) % 60, seconds % 60];
  if (seconds >= 3600) clock.unshift(Math.floor(seconds / 3600));
  document.getElementById("clock").textContent = clock.map((n, i) => (i ? String(n).padStart(2, "0") : n)).join(":");
  document.getElementById("place").value = seconds;
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
audio.addEventListener("timeupdate", tell);
audio.addEventListener("ended", () => {
  if (part + 1 === parts.length) return;
  load(part + 1, 0);
  audio.play().catch(() => {});
});
if (line) {
  const button = document.getElementById("play");
  audio.controls = false;
  button.addEventListener("click", () => ACTIONS.k());
  for (const kind of ["play", "pause"]) {
    audio.addEventListener(kind, () => (button.textContent = audio.paused ? button.dataset.play : button.dataset.pause));
  }
  document.getElementById("place").addEventListener("change", (event) => seek(Number(event.target.value)));
}
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
  j: () => seek(now() - 10),
  l: () => seek(now() + 10),
  ArrowLeft: () => seek(now() - 3),
  ArrowRight: () => seek(now() + 3),
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
