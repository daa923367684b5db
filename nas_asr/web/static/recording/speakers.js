// Who speaks: a click on a name (or on the place for one) asks for another, here, from here on or everywhere; a menu lists everybody
// with how long they talk.
import { dressAlso, idOf, list, nameOf, rowOf, segment } from "./boxes.js";
import { clock } from "./rows.js";
import { flush } from "./saving.js";
import { transcript } from "./transcript.js";
import { act } from "./undo.js";

const root = document.getElementById("editing");
const dialog = document.getElementById("speaker-dialog");
const menu = document.getElementById("speakers");
let asked = null; // the segment that the dialog is about

/** Names with how long and in how many segments they talk, the longest first; null is nobody's name. */
function talk() {
  const found = new Map();
  for (const one of transcript.segments) {
    const sum = found.get(one.speaker) ?? { speaker: one.speaker, ms: 0, count: 0, first: one.id };
    found.set(one.speaker, { ...sum, ms: sum.ms + one.end_ms - one.start_ms, count: sum.count + 1 });
  }
  return [...found.values()].sort((one, other) => other.ms - one.ms);
}

// The dialog ---------------------------------------------------------------------------------------------------------

function ask(id, scope) {
  const one = segment(id);
  if (!one || !dialog) return;
  asked = { id };
  const input = dialog.querySelector("input[name=speaker]");
  input.value = /^\d+$/.test(one.speaker ?? "") ? "" : one.speaker ?? "";
  input.placeholder = nameOf(one.speaker);
  const names = talk().map((each) => each.speaker).filter(Boolean);
  dialog.querySelector("datalist").replaceChildren(...names.map((name) => Object.assign(document.createElement("option"), { value: nameOf(name) })));
  const same = transcript.segments.filter((each) => each.speaker === one.speaker);
  const later = same.filter((each) => transcript.index(each.id) >= transcript.index(id)).length;
  for (const [name, count] of [["from_here", later], ["all", same.length]]) {
    dialog.querySelector(`[value=${name}] ~ .count`).textContent = String(count);
  }
  dialog.querySelector(`[value=${scope ?? (one.speaker ? "all" : "one")}]`).checked = true;
  dialog.querySelector(".about").textContent = `${clock(one.start_ms)} ${one.text.slice(0, 90)}`;
  dialog.querySelector("[value=nobody]").hidden = !one.speaker;
  dialog.showModal();
  input.select();
}

dialog?.addEventListener("close", () => {
  const { returnValue } = dialog;
  dialog.returnValue = "";
  const { id } = asked;
  document.activeElement?.blur(); // the browser gave the caret back to a text, which is left alone while it has it
  const typed = dialog.querySelector("input[name=speaker]").value.trim();
  const speaker = returnValue === "nobody" ? null : real(typed);
  const scope = dialog.querySelector("input[name=scope]:checked").value;
  const wanted = returnValue === "nobody" || (returnValue === "name" && typed);
  if (wanted && speaker !== segment(id)?.speaker) {
    act({ op: "speaker", id, speaker, scope });
    flush();
  }
  rowOf(id)?.querySelector(".speaker, .name-speaker")?.focus();
});

/** A channel's words, chosen from the list, are its number. */
const real = (name) => talk().find((each) => each.speaker && nameOf(each.speaker) === name)?.speaker ?? name;

// Labels in the rows ---------------------------------------------------------------------------------------------------

list?.addEventListener("click", (event) => {
  const label = dialog && event.target.closest(".speaker, .name-speaker");
  if (!label) return;
  event.stopPropagation();
  event.preventDefault();
  ask(idOf(label));
}, true);
list?.addEventListener("keydown", (event) => {
  if (!event.target.matches(".speaker") || (event.key !== "Enter" && event.key !== " ")) return;
  event.preventDefault();
  event.stopPropagation();
  ask(idOf(event.target));
});

/** While one edits, names are buttons, and where nobody has a name there is a place for one. */
function dress(row, one) {
  const label = row.querySelector(".speaker");
  if (label) {
    for (const [name, value] of [["role", "button"], ["tabindex", "0"], ["title", root.dataset.rename]]) label.setAttribute(name, value);
    return;
  }
  const button = document.createElement("button");
  Object.assign(button, { type: "button", className: "name-speaker quiet", textContent: "+", title: root.dataset.assign });
  button.setAttribute("aria-label", `${root.dataset.assign} ${clock(one.start_ms)}`);
  row.append(button);
}

function undress(row) {
  row.querySelector(".name-speaker")?.remove();
  for (const name of ["role", "tabindex", "title"]) row.querySelector(".speaker")?.removeAttribute(name);
}
if (dialog) dressAlso({ dress, undress });

// The menu ------------------------------------------------------------------------------------------------------------

menu?.addEventListener("toggle", () => menu.open && fill());

function fill() {
  const all = talk();
  const whole = all.reduce((sum, each) => sum + each.ms, 0) || 1;
  const line = document.getElementById("speaker-line");
  menu.querySelector("ul").replaceChildren(...all.map((each) => {
    const item = line.content.cloneNode(true);
    const percent = Math.round((each.ms / whole) * 100);
    item.querySelector(".who").textContent = each.speaker ? nameOf(each.speaker) : root.dataset.nobody;
    item.querySelector(".who").classList.toggle("nobody", !each.speaker);
    item.querySelector(".talk").textContent = `${clock(each.ms)} · ${percent} %`;
    item.querySelector("progress").value = percent;
    const button = item.querySelector("button");
    button.addEventListener("click", () => {
      menu.open = false;
      ask(each.first, "all");
    });
    button.disabled = !dialog;
    return item;
  }));
}
