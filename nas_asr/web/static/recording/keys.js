// Keys of a recording's page, and the list of them that `?` opens. Who wants a key says so: key("n", act, "next doubtful place").
const dialog = document.getElementById("keys");
const list = dialog.querySelector("dl");
const acts = new Map();
const lines = new Map();
const NAMES = { " ": list.dataset.space, ArrowLeft: "←", ArrowRight: "→" };

// A key for the page, not while somebody types; several keys with the same words share a line of the list.
export function key(name, act, words) {
  acts.set(name, act);
  let line = lines.get(words);
  if (!line) {
    line = document.createElement("dt");
    const meaning = document.createElement("dd");
    meaning.textContent = words;
    list.append(line, meaning);
    lines.set(words, line);
  }
  const cap = document.createElement("kbd");
  cap.textContent = NAMES[name] ?? name.toUpperCase();
  line.append(line.firstChild ? " " : "", cap);
}

export function showKeys() {
  dialog.showModal();
}

const TYPED = "input:not([type=range], [type=checkbox], [type=radio], [type=button]), textarea, select, [contenteditable]:not([contenteditable=false])";
const PRESSED = "button, summary, a[href], input[type=checkbox], input[type=radio]"; // the space bar is theirs

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (document.querySelector("dialog[open]") || event.target.closest(TYPED)) return;
  if (event.key === " " && event.target.closest(PRESSED)) return;
  // Chinese keyboards send full-width signs; a key means the same with and without the shift lock.
  const name = event.key.length === 1 ? event.key.normalize("NFKC").toLowerCase() : event.key;
  const act = acts.get(name);
  if (!act) return;
  event.preventDefault();
  act();
});
