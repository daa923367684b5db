// Choosing rows: ranges with shift, a whole page, everything that passes. What is chosen outlives the list's live swaps.
const chosen = new Set();
let everything = false;
let last = null;

const boxes = () => [...document.querySelectorAll(".pick")];
const form = () => document.getElementById("bulk");
const all = () => form()?.querySelector("[name=everything]");

function show() {
  const bar = form();
  if (!bar) return;
  const shown = boxes();
  for (const box of shown) {
    box.checked = everything || chosen.has(box.value);
    box.disabled = everything;
    box.closest(".row").classList.toggle("picked", box.checked);
  }
  if (all()) all().checked = everything;
  const page = document.getElementById("pick-page");
  if (page) {
    page.checked = shown.length > 0 && shown.every((box) => box.checked);
    page.indeterminate = !page.checked && shown.some((box) => box.checked);
  }
  const count = everything ? Number(all().dataset.number) : chosen.size;
  bar.classList.toggle("on", count > 0);
  const said = bar.querySelector(".bulk-count");
  const words = count === 1 ? said.dataset.one : said.dataset.many.replace("{}", count);
  if (said.textContent !== words) said.textContent = count ? words : "";
}

function pick(box, on) {
  if (on) chosen.add(box.value);
  else chosen.delete(box.value);
}

document.addEventListener("click", (event) => {
  if (event.target.matches(".pick")) {
    const shown = boxes();
    const from = shown.findIndex((box) => box.value === last);
    const to = shown.indexOf(event.target);
    const range = event.shiftKey && from >= 0 ? shown.slice(Math.min(from, to), Math.max(from, to) + 1) : [event.target];
    for (const box of range) pick(box, event.target.checked);
    last = event.target.value;
    show();
  } else if (event.target.id === "pick-page") {
    for (const box of boxes()) pick(box, event.target.checked);
    show();
  } else if (event.target.closest("[data-pick-none]")) {
    chosen.clear();
    everything = false;
    show();
    document.getElementById("pick-page")?.focus();
  }
});

document.addEventListener("change", (event) => {
  if (event.target.name !== "everything") return;
  everything = event.target.checked;
  show();
});

// What was chosen and is on this page no more (another filter, gone to the trash) is not chosen any more.
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target?.id !== "library" && event.detail.elt?.id !== "library") return;
  const shown = new Set(boxes().map((box) => box.value));
  for (const value of chosen) if (!shown.has(value)) chosen.delete(value);
  everything = everything && Boolean(all());
  show();
});
// Another filter is another "everything".
document.getElementById("filters")?.addEventListener("htmx:beforeRequest", () => (everything = false));
window.addEventListener("pageshow", () => {
  for (const box of boxes()) pick(box, box.checked && !box.disabled);
  show();
});
