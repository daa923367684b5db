// The player: what is heard, what is lit, how fast, what is passed over. Times are milliseconds on the recording's own line.
import { key, showKeys } from "./keys.js";
import { clock } from "./rows.js";
import { duration, sound } from "./sound.js";
import { transcript } from "./transcript.js";

const box = document.getElementById("player");
const clocks = document.getElementById("clock");
const speed = document.getElementById("speed");
const playButton = document.getElementById("play");
const loopButton = document.getElementById("loop");
const skipButton = document.getElementById("skip");
const SPEED = "nas_asr.speed";
const SKIP = "nas_asr.skip_silence";
const SLOWEST = 0.5;
const FASTEST = 3;
const STEP = 0.05;
const PAUSE_MS = 600; // shorter silence is a breath, and stays
const EAR_MS = 150; // is left before and after what is passed over
let lit = null;
let loops = null;
let sought = false;
let speech = [];
let spoken = 0; // the span that was last found: sound goes on from one to the next
let frame = 0;
let skips = localStorage.getItem(SKIP) === "1";

export const player = {
  seek(ms) {
    sound.seek(ms);
    if (loops) loops = segmentAt(ms)?.id ?? loops;
    sought = true;
    tell();
    sought = false;
    document.dispatchEvent(new CustomEvent("player:seek"));
  },
  play: () => sound.play(),
  pause: () => sound.pause(),
  toggle: () => (sound.playing ? sound.pause() : sound.play()),
  now: () => sound.now(),
  loop(id) {
    loops = id;
    loopButton?.setAttribute("aria-pressed", String(id !== null));
  },
  get playing() {
    return sound.playing;
  },
  // The id of the segment that is lit, or null.
  get segment() {
    return lit;
  },
  // Where somebody speaks: [[start, end], ...], from the waveform.
  hear(spans) {
    speech = spans;
    skipButton.hidden = !spans.length;
    skipButton.setAttribute("aria-pressed", String(skips));
  },
  playFrom(ms) {
    player.seek(ms);
    player.play();
  },
};

function segmentAt(ms) {
  return transcript.segments[transcript.at(ms)];
}

function tell() {
  const ms = sound.now();
  clocks.textContent = clock(ms);
  light(segmentAt(ms)?.id ?? null);
  document.dispatchEvent(new CustomEvent("player:time", { detail: { ms } }));
}

function light(id) {
  const row = id && transcript.row(id);
  const was = lit && transcript.row(lit);
  if (id === lit && (!row || row.classList.contains("playing"))) return;
  was?.classList.remove("playing");
  was?.removeAttribute("aria-current");
  lit = id;
  row?.classList.add("playing");
  row?.setAttribute("aria-current", "true");
  document.dispatchEvent(new CustomEvent("player:segment", { detail: { id, sought } }));
}

// Silence is passed over and a segment repeated here; four times a second would be too late for either.
function hold() {
  const ms = sound.now();
  const looped = loops && transcript.segments[transcript.index(loops)];
  if (looped) {
    if (ms >= looped.end_ms) sound.seek(looped.start_ms);
  } else if (skips && speech.length) {
    if (spoken && speech[spoken - 1][1] > ms) spoken = 0;
    while (spoken < speech.length && speech[spoken][1] <= ms) spoken += 1;
    if (spoken === speech.length) return;
    const before = spoken ? speech[spoken - 1][1] : 0;
    const [start] = speech[spoken];
    if (start - before > PAUSE_MS && ms > before + EAR_MS && ms < start - 2 * EAR_MS) sound.seek(start - EAR_MS);
  }
}

function beat() {
  cancelAnimationFrame(frame);
  if (!sound.playing) return;
  hold();
  document.dispatchEvent(new CustomEvent("player:time", { detail: { ms: sound.now() } }));
  frame = requestAnimationFrame(beat);
}

function setRate(wanted) {
  const rate = Math.round(Math.max(SLOWEST, Math.min(FASTEST, wanted)) / STEP) * STEP;
  const value = String(Number(rate.toFixed(2)));
  speed.querySelector("[data-own]")?.remove();
  if (![...speed.options].some((option) => option.value === value)) {
    const own = new Option(`${value}×`, value);
    own.dataset.own = "";
    const next = [...speed.options].find((option) => Number(option.value) > rate);
    speed.add(own, next ?? null);
  }
  speed.value = value;
  sound.audio.preservesPitch = true;
  sound.audio.defaultPlaybackRate = sound.audio.playbackRate = Number(value);
  localStorage.setItem(SPEED, value);
}

function step(by) {
  if (!transcript.segments.length) return;
  const now = transcript.at(sound.now());
  const next = transcript.segments[Math.max(0, Math.min(transcript.segments.length - 1, now + by))];
  player.playFrom(next.start_ms);
}

function turnLoop() {
  player.loop(loops === null ? (segmentAt(sound.now())?.id ?? null) : null);
}

function turnSkip() {
  skips = !skips;
  localStorage.setItem(SKIP, skips ? "1" : "0");
  skipButton.setAttribute("aria-pressed", String(skips));
}

function control() {
  sound.audio.controls = false;
  const words = playButton.querySelector(".sr-only");
  for (const kind of ["play", "pause"]) {
    sound.audio.addEventListener(kind, () => {
      words.textContent = playButton.dataset[sound.playing ? "pause" : "play"];
      playButton.classList.toggle("plays", sound.playing);
      beat();
    });
  }
  for (const kind of ["timeupdate", "seeked", "loadedmetadata"]) sound.audio.addEventListener(kind, tell);
  sound.audio.addEventListener("timeupdate", hold); // a hidden page draws no frames
  playButton.addEventListener("click", player.toggle);
  document.getElementById("back").addEventListener("click", () => player.seek(player.now() - 5000));
  document.getElementById("on").addEventListener("click", () => player.seek(player.now() + 5000));
  document.getElementById("keys-open").addEventListener("click", showKeys);
  loopButton?.addEventListener("click", turnLoop);
  skipButton.addEventListener("click", turnSkip);
  speed.addEventListener("change", () => setRate(Number(speed.value)));
  document.addEventListener("transcript:changed", tell);
  setRate(Number(localStorage.getItem(SPEED)) || 1);
}

function registerKeys(words) {
  for (const name of [" ", "k"]) key(name, player.toggle, words.play);
  key("j", () => player.seek(player.now() - 10_000), words.ten);
  key("l", () => player.seek(player.now() + 10_000), words.ten);
  key("ArrowLeft", () => player.seek(player.now() - 5000), words.five);
  key("ArrowRight", () => player.seek(player.now() + 5000), words.five);
  key(",", () => step(-1), words.segment);
  key(".", () => step(1), words.segment);
  key("[", () => setRate(sound.audio.playbackRate - STEP), words.speed);
  key("]", () => setRate(sound.audio.playbackRate + STEP), words.speed);
  if (loopButton) key("r", turnLoop, words.loop);
  key("s", turnSkip, words.silence);
  key("?", showKeys, words.list);
}

// The lock screen of a phone, the keys of a keyboard or headset: they act on the whole recording, not on the part that plays.
function registerMediaKeys() {
  const { mediaSession } = navigator;
  if (!mediaSession) return;
  mediaSession.metadata = new MediaMetadata({ title: box.dataset.title, artist: box.dataset.team });
  const acts = {
    play: () => player.play(),
    pause: () => player.pause(),
    seekbackward: ({ seekOffset }) => player.seek(player.now() - (seekOffset ?? 10) * 1000),
    seekforward: ({ seekOffset }) => player.seek(player.now() + (seekOffset ?? 10) * 1000),
    seekto: ({ seekTime }) => player.seek(seekTime * 1000),
    previoustrack: () => step(-1),
    nexttrack: () => step(1),
  };
  for (const [name, act] of Object.entries(acts)) {
    try {
      mediaSession.setActionHandler(name, act);
    } catch {
      // An older browser does not know this one.
    }
  }
  for (const kind of ["play", "pause", "seeked", "ratechange", "loadedmetadata"]) sound.audio.addEventListener(kind, tellMedia);
}

function tellMedia() {
  navigator.mediaSession.playbackState = sound.playing ? "playing" : "paused";
  const position = Math.max(0, Math.min(sound.now(), duration)) / 1000;
  if (duration) navigator.mediaSession.setPositionState?.({ duration: duration / 1000, playbackRate: sound.audio.playbackRate, position });
}

control();
registerKeys(document.querySelector("#keys dl").dataset);
registerMediaKeys();
