// The seek bar: a slider of the browser's own, so that pointer, finger, keyboard and screen reader know it, over a picture of
// the sound. The picture has a bar every three pixels, a band where somebody speaks, and what was heard in another colour.
import { player } from "./player.js";
import { clock, filled } from "./rows.js";
import { duration, parts } from "./sound.js";

const line = document.getElementById("time-line");
const canvas = document.getElementById("wave");
const place = document.getElementById("place");
const bubble = document.getElementById("bubble");
const pen = canvas.getContext("2d");
const BAR = 2;
const STEP = 3;
const total = clock(duration);
let pieces = []; // { start, step, peaks, speech } in milliseconds of the whole
let loudest = [];
let drawnTo = -1;

function bytes(text) {
  return Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
}

function piece({ step_ms, peaks, speech }, start) {
  return { start, step: step_ms, peaks: bytes(peaks), speech: speech.map(([from, to]) => [from + start, to + start]) };
}

async function ask(url) {
  try {
    const answer = await fetch(url, { headers: { Accept: "application/json" } });
    return answer.ok ? await answer.json() : null;
  } catch {
    return null; // a plain bar does as well
  }
}

// The loudest moment under each bar.
function measure() {
  const bars = Math.max(1, Math.floor(canvas.clientWidth / STEP));
  loudest = new Float32Array(bars);
  for (const { start, step, peaks } of pieces) {
    peaks.forEach((peak, at) => {
      const bar = Math.floor((((start + at * step) / duration) * bars));
      if (bar < bars && peak > loudest[bar]) loudest[bar] = peak;
    });
  }
  const top = Math.max(32, ...loudest);
  loudest = loudest.map((peak) => Math.sqrt(peak / top));
}

function draw() {
  const { clientWidth: width, clientHeight: height } = canvas;
  const scale = window.devicePixelRatio || 1;
  if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    measure();
  }
  // The style sheet's colours, both themes': this is what it gives the picture for.
  const { color: rest, caretColor: heard, columnRuleColor: band, textDecorationColor: border } = getComputedStyle(canvas);
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, width, height);
  const to = (player.now() / duration) * width;
  pen.fillStyle = band;
  for (const { speech } of pieces) {
    for (const [from, end] of speech) pen.fillRect((from / duration) * width, height - 3, Math.max(1, ((end - from) / duration) * width), 3);
  }
  pen.fillStyle = border;
  for (const part of parts.slice(1)) pen.fillRect((part.start / duration) * width, 0, 1, height);
  loudest.forEach((loud, bar) => {
    const x = bar * STEP;
    const tall = Math.max(2, loud * (height - 8));
    pen.fillStyle = x < to ? heard : rest;
    pen.fillRect(x, (height - 4 - tall) / 2, BAR, tall);
  });
  drawnTo = to;
}

function tell(ms, said) {
  place.value = ms / 1000;
  line.style.setProperty("--heard", `${(ms / duration) * 100}%`);
  // A screen reader on the slider would read every second aloud: while it plays the words stay.
  if (said || !player.playing) place.setAttribute("aria-valuetext", filled(place.dataset.words, { time: clock(ms), total }));
  if (pieces.length && Math.abs((ms / duration) * canvas.clientWidth - drawnTo) >= 0.5) draw();
}

function point(event) {
  const edges = line.getBoundingClientRect();
  const share = Math.max(0, Math.min(1, (event.clientX - edges.left) / edges.width));
  bubble.textContent = clock(share * duration);
  bubble.style.left = `${share * 100}%`;
  bubble.hidden = event.pointerType === "touch" && !event.buttons;
}

function listen() {
  document.addEventListener("player:time", ({ detail }) => tell(detail.ms, false));
  document.addEventListener("player:seek", () => tell(player.now(), true));
  place.addEventListener("input", () => player.seek(Number(place.value) * 1000));
  for (const kind of ["pointermove", "pointerdown"]) line.addEventListener(kind, point);
  for (const kind of ["pointerleave", "pointerup", "pointercancel"]) line.addEventListener(kind, () => (bubble.hidden = true));
}

export async function startWaveform(box) {
  listen();
  tell(player.now(), true);
  const whole = box.dataset.waveform && (await ask(box.dataset.waveform));
  if (whole) pieces = [piece(whole, 0)];
  if (!pieces.length) return;
  line.classList.add("drawn");
  player.hear(pieces.flatMap(({ speech }) => speech));
  new ResizeObserver(draw).observe(canvas);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
}
