// Tells the live parts of a page (hx-trigger="recordings-changed") that something changed: by server-sent events, or by
// asking every five seconds where no stream can be had. A hidden page listens to nothing.
const { events, eventsNow } = document.body.dataset;
const ASK_MS = 5000;
const TRY_STREAM_AGAIN_MS = 60000;
const HIDDEN_MS = 30000;
const LEAVING_MS = 3000; // a form leads elsewhere: what it changes need not be asked for here, and may be gone
const TYPING_MS = 30000; // somebody types somewhere: nothing that a list shows, as a rule
let stream = null;
let asking = 0;
let last = [];
let hiding = 0;
let later = 0;
let leaving = 0;

// A word has three parts: what lists show, when any text was changed, and the text of the recording that this page is about.
function changed(word) {
  const [lists, texts, own] = word.split("~");
  if (lists !== last[0] || own !== last[2]) tell();
  else if (texts !== last[1]) later ||= setTimeout(tell, TYPING_MS);
  last = [lists, texts, own];
}

function tell() {
  clearTimeout(later);
  later = Date.now() < leaving ? setTimeout(tell, LEAVING_MS) : 0;
  if (!later) document.body.dispatchEvent(new CustomEvent("recordings-changed"));
}

function listen() {
  if (stream || document.hidden) return;
  stream = new EventSource(events);
  stream.addEventListener("open", stopAsking);
  stream.addEventListener("change", (event) => changed(event.data));
  stream.addEventListener("bye", () => window.location.reload());
  stream.addEventListener("left", lookAgain);
  // A newer page of the same person got our place.
  stream.addEventListener("full", askInstead);
  stream.addEventListener("error", () => {
    // CONNECTING means that the browser tries again by itself; CLOSED means that no place was free (204) or that we were
    // refused.
    if (stream?.readyState === EventSource.CLOSED) askInstead();
  });
}

// We lost a team, or a role in it: a page that is not ours any more goes, others stay as they are. The stream comes back.
async function lookAgain() {
  try {
    const answer = await fetch(window.location.href, { method: "HEAD", redirect: "manual" });
    if (!answer.ok) window.location.reload();
  } catch {
    // The server is restarting; the page asks again when the stream is back.
  }
}

function askInstead() {
  hush();
  startAsking();
  setTimeout(listen, TRY_STREAM_AGAIN_MS);
}

function hush() {
  stream?.close();
  stream = null;
}

async function ask() {
  try {
    const answer = await fetch(eventsNow, { headers: { Accept: "text/plain" } });
    if (answer.status === 401) window.location.reload();
    if (answer.ok) changed(await answer.text());
  } catch {
    // The server is restarting or the network is away; the next question will tell.
  }
}

function startAsking() {
  if (!asking) asking = setInterval(() => document.hidden || ask(), ASK_MS);
}

function stopAsking() {
  clearInterval(asking);
  asking = 0;
}

document.addEventListener("visibilitychange", () => {
  clearTimeout(hiding);
  if (document.hidden) hiding = setTimeout(hush, HIDDEN_MS);
  else listen();
});
document.addEventListener("submit", (event) => {
  if (!event.defaultPrevented) leaving = Date.now() + LEAVING_MS;
});
window.addEventListener("pagehide", hush);
window.addEventListener("pageshow", (event) => event.persisted && listen());

// Screen readers hear the totals when they change, not each percent.
document.addEventListener("htmx:afterSwap", () => {
  const words = document.querySelector("[data-say]")?.dataset.say;
  const said = document.getElementById("said");
  if (said && words && said.textContent !== words) said.textContent = words;
});

listen();
