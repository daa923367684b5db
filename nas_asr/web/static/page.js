// What every page can do beyond reading: confirm, copy, save on change, upload with progress. Reading needs none of it.
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
  if (event.key !== "Escape") return;
  for (const open of document.querySelectorAll("details.drawer[open], details.menu[open]")) {
    open.open = false;
    open.querySelector("summary").focus();
  }
});

function upload(form) {
  const bar = form.querySelector("progress");
  const trouble = form.querySelector(".wrong");
  const button = form.querySelector("button");
  const files = [...form.elements.file.files];
  const say = (text) => {
    trouble.textContent = text;
    trouble.hidden = !text;
    button.disabled = false;
    bar.hidden = true;
  };
  if (files.reduce((sum, file) => sum + file.size, 0) > Number(form.dataset.maxBytes)) return say(form.dataset.tooLarge);
  say("");
  button.disabled = true;
  bar.hidden = false;
  const request = new XMLHttpRequest();
  request.upload.onprogress = (event) => event.lengthComputable && (bar.value = event.loaded / event.total);
  request.onerror = () => say(form.dataset.lost);
  request.onload = () => {
    if (request.status < 400) {
      return window.location.assign(request.getResponseHeader("HX-Redirect") ?? request.responseURL);
    }
    const page = new DOMParser().parseFromString(request.responseText, "text/html");
    return say(page.querySelector(".sorry h1")?.textContent ?? form.dataset.lost);
  };
  request.open("POST", form.action);
  request.setRequestHeader("X-Requested-With", "XMLHttpRequest");
  request.send(new FormData(form));
}

document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-upload]")) return;
  event.preventDefault();
  upload(event.target);
});
