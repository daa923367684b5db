// Uploads in pieces (tus): several files, two at a time, each with its progress; a lost connection, a restarted server or a
// reloaded page costs no more than the piece that was on its way. Files are chosen in the drawer, or dropped on the page.
const panel = document.getElementById("uploads");
const form = document.getElementById("upload-form");
const drop = document.getElementById("drop");
const PIECE = 8 * 1024 * 1024; // below what proxies let through by default once they let anything larger than 1 MB through
const AT_ONCE = 2;
const DELAYS = [0, 1000, 3000, 5000, 10000, 20000, 30000, 60000, 60000, 60000];
const waiting = [];
const running = new Set();
let client = null;

const words = panel.dataset;
const sizes = ["byte", "kilobyte", "megabyte", "gigabyte"].map(
  (unit) => new Intl.NumberFormat(document.documentElement.lang, { style: "unit", unit, maximumSignificantDigits: 3 }),
);

function size(bytes) {
  let step = 0;
  for (; bytes >= 1000 && step < sizes.length - 1; step += 1) bytes /= 1000;
  return sizes[step].format(bytes);
}

// A classic script that leaves `tus` on the window; fetched when the first file is chosen.
function library() {
  client ??= new Promise((ready, failed) => {
    const script = document.createElement("script");
    script.src = words.client;
    script.onload = () => ready(window.tus);
    script.onerror = () => ((client = null), failed(new Error("no client")));
    document.head.append(script);
  });
  return client;
}

class Row {
  constructor(file) {
    this.element = panel.querySelector("template").content.firstElementChild.cloneNode(true);
    this.part("upload-name").textContent = file.name;
    this.bar = this.element.querySelector("progress");
    this.bar.setAttribute("aria-label", file.name);
    panel.querySelector(".uploads-list").append(this.element);
  }

  part(name) {
    return this.element.querySelector(`.${name}`);
  }

  button(name) {
    return this.element.querySelector(`[data-${name}]`);
  }

  say(text, kind = "") {
    this.part("upload-said").textContent = text;
    this.element.dataset.kind = kind;
  }

  sent(bytes, total) {
    this.bar.value = total ? bytes / total : 0;
    this.say(bytes < total ? words.sent.replace("{sent}", size(bytes)).replace("{size}", size(total)) : words.looking);
  }

  over(text, kind) {
    this.say(text, kind);
    this.button("cancel").hidden = true;
    this.bar.hidden = kind !== "stopped";
  }
}

// What the server said, in its words; they are in the reader's language already.
function sentence(error) {
  try {
    const { message, remedy } = JSON.parse(error.originalResponse.getBody()).error;
    return [message, remedy].filter(Boolean).join(" ");
  } catch {
    return words.stopped;
  }
}

function worthAnotherTry(error) {
  const status = error.originalResponse?.getStatus() ?? 0;
  return status < 400 || status >= 500 ? status !== 507 : [409, 423, 429].includes(status);
}

function make(tus, job) {
  const { file, team, language, row } = job;
  return new tus.Upload(file, {
    endpoint: words.endpoint,
    chunkSize: PIECE,
    retryDelays: DELAYS,
    headers: { "X-CSRFToken": words.csrf },
    metadata: { filename: file.name, team, language },
    removeFingerprintOnSuccess: true,
    // The same file for another team is another upload.
    fingerprint: () => Promise.resolve(["nas_asr", team, file.name, file.size, file.lastModified].join("/")),
    onProgress: (sent, total) => row.sent(sent, total),
    onShouldRetry: (error) => {
      const again = worthAnotherTry(error);
      if (again) row.say(words.lost, "lost");
      return again;
    },
    onError: (error) => ended(job, () => stopped(job, error)),
    onSuccess: () => ended(job, () => taken(job)),
  });
}

function ended(job, then) {
  running.delete(job);
  then();
  next();
  if (!running.size && !waiting.length) {
    panel.querySelector("[data-aloud]").textContent = words.finished;
    panel.querySelector("[data-close]").hidden = false;
  }
}

function stopped(job, error) {
  job.row.over(sentence(error), "stopped");
  const again = job.row.button("again");
  again.hidden = !worthAnotherTry(error);
}

async function taken(job) {
  job.row.over(words.done, "done");
  const answer = await fetch(job.upload.url, { headers: { Accept: "application/json" } });
  if (!answer.ok) return;
  const told = await answer.json();
  if (told.existing) job.row.say(words.known, "done");
  const link = job.row.button("open");
  link.href = panel.dataset.endpoint.replace(/api\/v1\/uploads$/, `recordings/${told.recording}`);
  link.hidden = false;
  document.body.dispatchEvent(new CustomEvent("recordings-changed"));
}

async function start(job) {
  running.add(job);
  job.row.button("again").hidden = true;
  job.row.button("cancel").hidden = false;
  job.row.bar.hidden = false;
  try {
    const tus = await library();
    if (!running.has(job)) return;
    job.upload ??= make(tus, job);
    if (!job.upload.url) {
      const [before] = await job.upload.findPreviousUploads();
      if (before) job.upload.resumeFromPreviousUpload(before);
    }
    job.upload.start();
  } catch {
    ended(job, () => job.row.over(words.stopped, "stopped"));
    job.row.button("again").hidden = false;
  }
}

function next() {
  while (running.size < AT_ONCE && waiting.length) start(waiting.shift());
}

function cancel(job) {
  const at = waiting.indexOf(job);
  if (at >= 0) waiting.splice(at, 1);
  job.upload?.abort(true).catch(() => {}); // the server forgets it within a day if it does not hear of this
  ended(job, () => job.row.over(words.cancelled, "cancelled"));
}

function add(files, team, language) {
  for (const file of files) {
    for (const old of panel.querySelectorAll("[data-broken]")) {
      if (old.dataset.name === file.name && Number(old.dataset.size) === file.size) old.remove();
    }
    const job = { file, team, language, row: new Row(file), upload: null };
    if (!file.size || file.size > Number(words.maxBytes)) {
      job.row.over(file.size ? words.tooLarge : words.empty, "failed");
      continue;
    }
    job.row.say(words.waiting);
    job.row.button("cancel").addEventListener("click", () => cancel(job));
    job.row.button("again").addEventListener("click", () => (waiting.push(job), next()));
    waiting.push(job);
  }
  panel.hidden = false;
  panel.classList.add("active");
  panel.scrollIntoView({ block: "nearest" });
  next();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const { file, team, language } = form.elements;
  add([...file.files], team.value, language.value);
  form.reset();
  form.closest("details").open = false;
});

panel.addEventListener("click", async (event) => {
  if (event.target.closest("[data-close]")) {
    panel.hidden = true;
    panel.querySelector(".uploads-list").replaceChildren();
    return;
  }
  const broken = event.target.closest("[data-remove]")?.closest("[data-broken]");
  if (!broken) return;
  const address = `${words.endpoint}/${broken.dataset.broken}`;
  const answer = await fetch(address, { method: "DELETE", headers: { "X-CSRFToken": words.csrf } }).catch(() => null);
  if (!answer?.ok && answer?.status !== 404) {
    broken.querySelector(".upload-said").textContent = words.stopped; // it stays, and so does the button
    return;
  }
  broken.remove();
  panel.hidden = !panel.querySelector(".upload");
});

// Dropping. The browser tells of entering and leaving for every element on the way: what counts is whether it stops coming.
const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");
let leaving = 0;

function hide() {
  clearTimeout(leaving);
  drop.hidden = true;
}

window.addEventListener("dragover", (event) => {
  if (!holdsFiles(event)) return;
  event.preventDefault();
  drop.hidden = false;
  const aim = event.target.closest?.("[data-team]");
  for (const team of drop.querySelectorAll("[data-team]")) team.classList.toggle("aimed", team === aim);
  clearTimeout(leaving);
  leaving = setTimeout(hide, 500);
});

window.addEventListener("drop", (event) => {
  if (!holdsFiles(event)) return;
  event.preventDefault();
  hide();
  const team = event.target.closest?.("[data-team]")?.dataset.team ?? form.elements.team.value;
  const files = [...event.dataTransfer.items].filter((item) => !item.webkitGetAsEntry?.()?.isDirectory);
  add(files.map((item) => item.getAsFile()).filter(Boolean), team, form.elements.language.value);
});

window.addEventListener("online", () => {
  for (const row of panel.querySelectorAll('[data-kind="stopped"] [data-again]:not([hidden])')) row.click();
});
window.addEventListener("beforeunload", (event) => {
  if (running.size || waiting.length) event.preventDefault();
});
