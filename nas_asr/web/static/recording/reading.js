// A recording's page: brings its pieces together. Where it opens, written or spoken, exports, the title, a new version.
import "./fresh.js";
import { show, startFollowing } from "./follow.js";
import { startFinding } from "./find.js";
import { key } from "./keys.js";
import { player } from "./player.js";
import { startRoving } from "./roving.js";
import { transcript } from "./transcript.js";
import { startWaveform } from "./waveform.js";

const box = document.getElementById("player");
const { list } = transcript;
const words = document.querySelector("#keys dl").dataset;
let heard = false;

// A plain click on text plays from there; whoever marks text wants to copy it, not to jump.
list?.addEventListener("click", (event) => {
  const row = event.target.closest(".segment");
  if (!row || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (event.target.closest(".at")) event.preventDefault();
  else if (event.target.closest("a, button, input, select, textarea, summary, details, [contenteditable]:not([contenteditable=false])")) return;
  else if (!window.getSelection().isCollapsed) return;
  player.playFrom(Number(row.dataset.start));
});

// The address follows: reloaded, bookmarked or sent on, the page opens at this second. Rounded up: a tenth earlier may be
// the end of the segment before.
let writing = 0;
function addressHere() {
  const address = new URL(window.location.href);
  address.searchParams.set("t", (Math.ceil(player.now() / 100) / 10).toFixed(1));
  address.searchParams.delete("from");
  address.hash = "";
  return address;
}
function followAddress() {
  clearTimeout(writing);
  writing = setTimeout(() => history.replaceState(history.state, "", addressHere()), 400);
}
box.querySelector("audio").addEventListener("play", () => (heard = true));

// navigator.clipboard exists on https and localhost only, and may be refused; then people copy the address by hand.
async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

const link = document.getElementById("link");
link.addEventListener("click", async () => {
  const says = document.getElementById("player-says");
  history.replaceState(history.state, "", addressHere());
  says.textContent = (await copied(window.location.href)) ? link.dataset.done : link.dataset.above;
  setTimeout(() => (says.textContent = ""), 4000);
});

// Written or spoken, and the places that the engine was not sure of.
function choose(layer) {
  const links = [...document.querySelectorAll("#texts [data-text]")];
  const wanted = links.find((one) => one.dataset.text === layer);
  if (!wanted) return;
  for (const one of links) one.removeAttribute("aria-current");
  wanted.setAttribute("aria-current", "true");
  list.classList.remove("written", "spoken");
  list.classList.add(layer);
  keepInAddress("text", layer === "spoken" ? layer : "");
  const spoken = document.querySelector("#export-options [name=spoken]");
  if (spoken) spoken.checked = layer === "spoken";
  setExports();
  document.dispatchEvent(new CustomEvent("reading:layer"));
}
function keepInAddress(name, value) {
  const address = new URL(window.location.href);
  if (value) address.searchParams.set(name, value);
  else address.searchParams.delete(name);
  history.replaceState(history.state, "", address);
}
document.getElementById("texts")?.addEventListener("click", (event) => {
  const choice = event.target.closest("[data-text]");
  if (!choice || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  choose(choice.dataset.text);
});
if (document.getElementById("texts")) {
  key("w", () => choose(list.classList.contains("spoken") ? "written" : "spoken"), words.text);
}
document.querySelector("#doubting a")?.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  const on = list.classList.toggle("doubting");
  if (on) event.currentTarget.setAttribute("aria-current", "true");
  else event.currentTarget.removeAttribute("aria-current");
  keepInAddress("doubts", on ? "1" : "");
});

// What goes into an exported file.
const options = document.getElementById("export-options");
function setExports() {
  const asked = new Map([...options.querySelectorAll("input")].map((one) => [one.name, one.checked]));
  for (const one of document.querySelectorAll("#exports a")) {
    const address = new URL(one.href);
    const takes = one.dataset.takes.split(" ");
    if (asked.has("spoken") && takes.includes("text")) address.searchParams.set("text", asked.get("spoken") ? "spoken" : "written");
    for (const name of ["timestamps", "speakers"].filter((each) => takes.includes(each))) {
      if (asked.get(name) === false) address.searchParams.set(name, "false");
      else address.searchParams.delete(name);
    }
    one.href = address.href;
  }
}
options?.addEventListener("change", setExports);

// The title is changed where it stands.
const rename = document.getElementById("rename");
rename?.addEventListener("toggle", () => rename.open && rename.querySelector("[name=title]").select());
document.getElementById("rename-not")?.addEventListener("click", () => (rename.open = false));
rename?.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  rename.open = false;
  rename.querySelector("summary").focus();
});

// A new version shows itself, unless somebody listens, writes, marks or reads an older one: then a line offers it.
function isOccupied() {
  const writes = document.activeElement?.closest("input, select, textarea, [contenteditable]");
  const opened = document.querySelector("details[open], dialog[open]");
  const looksBack = new URLSearchParams(window.location.search).has("version");
  return heard || writes || opened || looksBack || !window.getSelection().isCollapsed;
}
document.addEventListener("htmx:afterSwap", () => {
  if (document.querySelector("#state [data-fresh]") && !isOccupied()) window.location.reload();
});

const start = Number(box.dataset.start) * 1000;
if (start > 0) player.seek(start);
if (list) {
  const opens = start > 0 ? transcript.segments[transcript.at(start)]?.id : list.dataset.here;
  startFollowing(words);
  startRoving();
  if (start > 0 && opens) show(transcript.row(opens), "instant");
  startFinding(words, opens, start > 0);
}
document.addEventListener("player:seek", followAddress);
box.querySelector("audio").addEventListener("pause", followAddress);
startWaveform(box);
