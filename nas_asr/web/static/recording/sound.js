// The sound of a recording on one time line, in milliseconds: a file, or the files it was split into. Where the browser cannot
// play what was recorded, it is asked for as Opus, which the server makes once.
import { filled } from "./rows.js";

const audio = document.getElementById("audio");
const box = document.getElementById("player");
const trouble = document.getElementById("audio-trouble");
const says = document.getElementById("player-says");
const download = document.getElementById("download");
const ASK_AGAIN_MS = 1500;

export const duration = Number(box.dataset.duration);
export const parts = [...document.querySelectorAll("#time-line .part")].map(({ dataset }) => ({
  src: dataset.src, start: Number(dataset.start), duration: Number(dataset.duration),
}));
if (!parts.length) parts.push({ src: audio.getAttribute("src"), start: 0, duration: Infinity });
let part = 0;
let opus = "opus" in box.dataset;
let converting = 0; // the turn of the question that is being asked; another part or place asks anew
let waits = null; // where to begin, in the part, once its Opus is there
const made = new Set(); // parts whose Opus is there

const address = (one) => (opus ? `${one.src}${one.src.includes("?") ? "&" : "?"}as=opus` : one.src);
const say = (words) => (says.textContent = words);

export const sound = {
  audio,
  now: () => parts[part].start + (waits ?? audio.currentTime * 1000),
  get playing() {
    return !audio.paused;
  },
  pause: () => audio.pause(),
  play,
  seek,
};

const isHere = () => !opus || made.has(part);

function play() {
  if (!isHere()) return convert();
  // Where it cannot be played the error says so; where it was paused before it began there is nothing to say.
  return audio.play().catch(() => {});
}

function load(index, ms) {
  const plays = sound.playing;
  part = index;
  trouble.hidden = true;
  download.href = parts[index].src;
  if (isHere()) {
    begin(ms);
  } else {
    audio.pause();
    waits = ms;
  }
  if (plays) play();
}

function begin(ms) {
  waits = null;
  audio.src = address(parts[part]);
  audio.currentTime = ms / 1000;
}

function seek(ms) {
  const wanted = Math.max(0, Math.min(ms, duration || Infinity));
  const index = Math.max(0, parts.findLastIndex((one) => one.start <= wanted));
  const inside = Math.min(wanted - parts[index].start, parts[index].duration);
  if (index !== part) load(index, inside);
  else if (!isHere()) waits = inside;
  else audio.currentTime = Math.min(inside / 1000, audio.duration || Infinity);
}

async function answerOf(one) {
  try {
    return await fetch(address(one), { headers: { Range: "bytes=0-0" } });
  } catch {
    return null; // the network is away, or the server restarts
  }
}

async function convert() {
  const turn = (converting += 1);
  for (;;) {
    const answer = await answerOf(parts[part]);
    if (turn !== converting) return;
    if (answer?.status !== 202) {
      say("");
      if (!answer?.ok) return void (trouble.hidden = false);
      made.add(part);
      begin(waits ?? 0);
      return void play();
    }
    const { progress } = await answer.json();
    say(filled(says.dataset.converting, { n: Math.round((progress ?? 0) * 100) }));
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
  }
}

// Either the file is out of reach, or the browser does not know its codec: the server knows which.
async function complain() {
  const answer = opus ? null : await answerOf(parts[part]);
  if (!answer?.ok) return void (trouble.hidden = false);
  opus = true;
  waits = audio.currentTime * 1000;
  say(says.dataset.needs);
  return undefined;
}
audio.addEventListener("error", complain);
if (audio.error) complain(); // it did not wait for this script
audio.addEventListener("ended", () => {
  if (part + 1 === parts.length) return;
  load(part + 1, 0);
  play();
});
if (opus) {
  waits = 0;
  audio.removeAttribute("src");
  say(says.dataset.needs);
}
