// What every page can do beyond reading: confirm, copy, save on change. Reading needs none of it.
document.addEventListener("submit", (event) => {
  const question = event.target.dataset.confirm;
  if (question && !window.confirm(question)) event.preventDefault();
});

// A form that takes its time says so, and is not sent twice.
document.addEventListener("submit", (event) => {
  const { busy } = event.target.dataset;
  const button = event.submitter;
  if (!busy || !button || event.defaultPrevented) return;
  const said = button.textContent;
  button.textContent = busy;
  setTimeout(() => (button.disabled = true));
  window.addEventListener("pageshow", () => Object.assign(button, { textContent: said, disabled: false }), { once: true });
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submit-on-change]")) event.target.form.requestSubmit();
});

function showCopyButtons(root) {
  // navigator.clipboard exists on https and localhost only; elsewhere people select by hand.
  if (navigator.clipboard) root.querySelectorAll("[data-copy]").forEach((button) => (button.hidden = false));
}
showCopyButtons(document);
document.addEventListener("htmx:afterSwap", () => showCopyButtons(document));

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = button.dataset.done;
  }
  // An open drawer or menu closes when one clicks beside it.
  for (const open of document.querySelectorAll("details.drawer[open], details.menu[open]")) {
    if (!open.contains(event.target)) open.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || document.querySelector(".term-says:popover-open")) return;
  for (const open of document.querySelectorAll("details.drawer[open], details.menu[open]")) {
    open.open = false;
    open.querySelector("summary").focus();
  }
});
