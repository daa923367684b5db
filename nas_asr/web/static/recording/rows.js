// Makes the row of a segment out of JSON, as templates/recording/rows.html does; words of people go in as text, never as markup.
const row = document.getElementById("row");
const doubts = document.getElementById("row-doubts");
const swaps = document.getElementById("row-swaps");
const swap = document.getElementById("row-swap");
const address = new URLSearchParams(window.location.search);
for (const name of ["t", "from"]) address.delete(name);
const kept = address.size ? `&${address}` : "";

export function clock(ms) {
  const seconds = Math.floor(ms / 1000);
  const numbers = [Math.floor(seconds / 60) % 60, seconds % 60];
  if (seconds >= 3600) numbers.unshift(Math.floor(seconds / 3600));
  return numbers.map((number, place) => (place ? String(number).padStart(2, "0") : number)).join(":");
}

export function filled(words, values) {
  return words.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

export function speakerName(speaker) {
  return /^[0-9]+$/.test(speaker) ? filled(row.dataset.channel, { number: speaker }) : speaker;
}

export function makeRow(segment, context) {
  const made = row.content.firstElementChild.cloneNode(true);
  const time = clock(segment.start_ms);
  made.id = `s-${segment.id}`;
  Object.assign(made.dataset, { id: segment.id, start: segment.start_ms, end: segment.end_ms });
  const at = made.firstElementChild;
  at.href = `?t=${(segment.start_ms / 1000).toFixed(1)}${kept}#s-${segment.id}`;
  at.tabIndex = -1; // roving.js gives one of them to the Tab key
  at.textContent = time;
  at.setAttribute("aria-label", filled(row.dataset.playFrom, { time }));
  const words = at.nextElementSibling;
  const written = words.firstElementChild;
  written.textContent = segment.text;
  if (segment.speaker) {
    const name = document.createElement("b");
    name.className = "speaker";
    name.textContent = speakerName(segment.speaker);
    words.prepend(name, " ");
  }
  if (segment.spoken !== segment.text) {
    made.classList.add("two");
    const spoken = document.createElement("span");
    spoken.className = "said spoken";
    spoken.textContent = segment.spoken;
    words.append(spoken);
  }
  if (segment.flags.length) addDoubts(made, segment.flags);
  if (segment.replacements.length) addSwaps(made, segment, context);
  return made;
}

function addDoubts(made, flags) {
  const part = doubts.content.firstElementChild.cloneNode(true);
  const sentences = [...part.querySelectorAll("li")];
  const known = sentences.filter((line) => flags.includes(line.dataset.flag));
  part.querySelector("ul").replaceChildren(...known);
  if (known.length) made.append(part);
}

function addSwaps(made, segment, context) {
  const part = swaps.content.firstElementChild.cloneNode(true);
  const summary = part.querySelector("summary");
  segment.replacements.forEach((one, index) => {
    summary.append(short(one), " ");
    part.querySelector("ul").append(whole(one, index, segment, context));
  });
  made.append(part);
}

function short({ was, hotword, undone }) {
  const made = document.createElement("span");
  made.className = "swap";
  const now = document.createElement(undone ? "s" : "b");
  now.textContent = undone ? `${was} → ${hotword}` : hotword;
  if (undone) made.title = swaps.dataset.undone;
  else made.append(`${was} → `);
  made.append(now);
  return made;
}

function whole({ was, hotword, undone }, index, segment, context) {
  const made = swap.content.firstElementChild.cloneNode(true);
  const { was: undoneWords, stands } = swap.dataset;
  made.querySelector("span").textContent = filled(undone ? undoneWords : stands, { hotword, was });
  const form = made.querySelector("form");
  if (!form) return made;
  form.elements.segment.value = segment.id;
  form.elements.index.value = index;
  form.elements.version.value = context.version;
  const words = form.dataset;
  const [one, all] = form.querySelectorAll("button");
  const n = context.same(hotword, undone);
  one.textContent = undone ? words.again : words.undo;
  if (n > 1) all.textContent = filled(undone ? words.againAll : words.undoAll, { n });
  else all.remove();
  return made;
}
