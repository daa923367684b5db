// Edits on their way to the server: shown at once, sent in order and one request at a time, kept in this browser until they are
// there. What others change meanwhile is brought in; where both changed the same place, people decide.
import { difference, patched, perform } from "./edits.js";
import { changesSince } from "./fresh.js";
import { forget, keep, orphans } from "./keeping.js";
import { editsFor, rebase, within } from "./rebase.js";
import { transcript } from "./transcript.js";

const root = document.getElementById("editing");
const REST_MS = 2000;
const MOST_AT_ONCE = 500; // edits, as the server takes them
const PATIENCE_MS = 30_000;
const TRY_AGAIN_MS = [2000, 5000, 10_000, 20_000];
const NO_TOKEN = 400;
const MOST_KEPT_ALIVE = 20_000;
const FIELDS = ["op", "id", "text", "speaker", "scope", "at", "at_ms", "find", "replace", "whole_words"];

let base = null; // the version that the server has, as it said it; null while nothing of ours is on its way
let version = 0;
let pending = [];
let clashes = [];
let names = new Map(); // our own new segments: the id that the server gave them
let timer = 0;
let sending = false;
let again = false;
let tries = 0;
let refused = false;
let careful = false;
let busyWith = null; // the id of the box that somebody types in, which is never written into
let composing = null;
let serial = 0;

export const real = (id) => names.get(id) ?? id;
export const unsaved = () => pending.length > 0 || clashes.length > 0;
export const openClashes = () => clashes;
export const newId = () => `new-${Date.now().toString(36)}-${(serial += 1)}`;

/** The box of this segment is typed in (null: none): its row is left alone until that ends. */
export function typesIn(id) {
  busyWith = id;
}

/** An input method begins (true) or ends to compose: nothing on the page is touched in between. */
export function composes(begins) {
  if (begins) {
    let end;
    const over = new Promise((resolve) => (end = resolve));
    composing = { over, end };
  } else if (composing) {
    composing.end();
    composing = null;
  }
}

/** An edit of this person: on the page at once, on the server after a rest, or at once with `now`. */
export function record(edit, { now = false } = {}) {
  begin();
  if (edit.op === "text") write(edit);
  else pending.push(edit);
  refused = false;
  if (edit.op !== "text" || busyWith !== edit.id) show();
  remember();
  if (now) flush();
  else rest();
}

/** What is typed joins the edit before it, where nothing in between speaks of other places. */
function write(edit) {
  for (let i = pending.length - 1; i >= underWay(); i -= 1) {
    if (pending[i].tried || (pending[i].op !== "text" && pending[i].op !== "speaker")) break;
    if (pending[i].op === "text" && pending[i].id === edit.id) {
      pending[i] = edit;
      return;
    }
  }
  pending.push(edit);
}

const underWay = () => pending.filter((edit) => edit.sent).length;

function begin() {
  // The page's own segments lag behind in the box that is typed in: what the server said last is taken while it holds.
  if (base && (pending.length || clashes.length || version === transcript.version)) return;
  base = transcript.segments.map((one) => ({ ...one }));
  version = transcript.version;
}

function rest() {
  clearTimeout(timer);
  timer = setTimeout(flush, REST_MS);
  say("saving");
}

/** Send what there is. */
export function flush() {
  clearTimeout(timer);
  if (sending) again = true;
  else if (pending.length && !refused) send();
}

async function send() {
  prune();
  const most = careful ? 1 : MOST_AT_ONCE;
  const cut = pending.findIndex((edit) => edit.op === "split");
  const batch = pending.slice(0, cut < 0 ? most : Math.min(cut + 1, most));
  if (!batch.length) return void remember();
  batch.forEach((edit) => (edit.sent = true));
  sending = true;
  say("saving");
  const answer = await asked(batch);
  await composing?.over;
  batch.forEach((edit) => delete edit.sent);
  sending = false;
  const goesOn = take(answer, batch);
  remember();
  if (!goesOn) return;
  if (pending.length && (again || cut >= 0 || batch.length === most || goesOn !== "saved")) flush();
  else if (pending.length) rest();
  again = false;
}

/** What speaks of a segment that is not there any more says nothing. */
function prune() {
  const list = [...base];
  pending = pending.filter((edit) => perform(list, edit));
}

async function asked(batch, renewed = false) {
  const body = JSON.stringify({ edits: batch.map(outward) });
  try {
    const answer = await fetch(root.dataset.patch, {
      method: "PATCH",
      headers: { "Content-Type": "application/json", "If-Match": `"${version}"`, "X-CSRFToken": root.dataset.token },
      body,
      keepalive: body.length < MOST_KEPT_ALIVE, // what is sent while the page closes arrives, up to what browsers allow
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const said = await answer.json().catch(() => null);
    // Whoever signed in again in another tab has a new token there, and this page the old one.
    if (answer.status === NO_TOKEN && !renewed && (await renew())) return asked(batch, true);
    return { status: answer.status, said };
  } catch {
    return { status: 0, said: null };
  }
}

function outward(edit) {
  const sent = {};
  for (const field of FIELDS) if (edit[field] !== undefined) sent[field] = edit[field];
  if (sent.id) sent.id = real(sent.id);
  return sent;
}

async function renew() {
  const page = await fetch(window.location.pathname, { headers: { Accept: "text/html" } });
  const fresh = new DOMParser().parseFromString(await page.text(), "text/html").getElementById("editing")?.dataset.token;
  const isNew = Boolean(fresh) && fresh !== root.dataset.token;
  if (isNew) root.dataset.token = fresh;
  return isNew;
}

function take({ status, said }, batch) {
  if (status === 200) return took(said, batch);
  if (status === 409 && said?.version && said.version !== version) return meet(said);
  if (status === 401) return later("signedOut");
  // Nobody knows whether the server did it before the line broke.
  if (status === 0) batch.forEach((edit) => (edit.tried = true));
  if (status === 0 || status === 429 || status >= 500) return later("offline");
  if (batch.length > 1) {
    careful = true; // one at a time, so that the one that cannot be is found and the others are saved
    return "careful";
  }
  refused = true;
  say("refused", why(said?.error));
  return false;
}

/** The API speaks English and says most; on a page in another language its code has a sentence. */
function why(error) {
  const told = [error?.message, error?.remedy].filter(Boolean).join(" ");
  if (told && document.documentElement.lang === "en") return told;
  const name = `no_${error?.code ?? ""}`.replace(/_(\w)/g, (whole, letter) => letter.toUpperCase());
  return root.dataset[name] ?? root.dataset.no;
}

function took(said, batch) {
  const { made } = batch.at(-1);
  const known = new Set(base.map((one) => one.id));
  const fresh = made && said.changed.find((one) => !known.has(one.id));
  pending.splice(0, batch.length);
  base = patched(base, said);
  version = said.version;
  tries = 0;
  showNamed(new Map(fresh ? [[made, fresh.id]] : []));
  tell("editing:saved", { version, batch, count: said.count });
  if (!pending.length) careful = false;
  if (!pending.length) say(clashes.length ? "clash" : "saved");
  return "saved";
}

/** The server has given our own new segments their ids: rows change theirs, and whoever types in one goes on in it. */
function showNamed(known) {
  tell("editing:naming", { names: known });
  for (const [made, id] of known) names.set(made, id);
  pending = pending.map((edit) => ({ ...edit, id: real(edit.id), next: edit.next && real(edit.next) }));
  if (busyWith) busyWith = real(busyWith);
  show();
  tell("editing:named", { names: known });
}

/** Somebody else was quicker: theirs comes in, ours goes on top, and what both changed is shown. */
function meet(news) {
  const found = rebase(base, pending, news);
  base = found.base;
  version = news.version;
  pending = found.standing;
  clashes.push(...found.clashes.map((clash) => ({ ...clash, author: news.author ?? "", id: newId() })));
  const wrote = found.clashes.length > 0 && busyWith !== null;
  if (wrote) busyWith = null;
  tell("editing:met", { author: news.author, touched: [...news.changed.map((one) => one.id), ...news.removed] });
  showNamed(found.known);
  tell("editing:clash", { wrote });
  if (!pending.length) say(clashes.length ? "clash" : "saved");
  return "rebased";
}

/** What others saved, where nothing of ours is on its way to tell us; with `whole` another text altogether, too. */
export async function catchUp(whole) {
  if (sending) return true;
  begin();
  const news = (await changesSince(version)) ?? (whole ? await anew() : null);
  await composing?.over;
  if (news && !sending && news.version > version) {
    meet(news);
    remember();
  }
  return Boolean(news);
}

async function anew() {
  const answer = await fetch(root.dataset.patch, { headers: { Accept: "application/json" } }).catch(() => null);
  const now = answer?.ok ? await answer.json() : null;
  return now && { version: now.version, author: now.author, ...difference(base, now.segments) };
}

/** One of the clashes is decided: with our words, with theirs (null), or with what was made of both. */
export function decide(id, wanted) {
  const clash = clashes.find((one) => one.id === id);
  clashes = clashes.filter((one) => one !== clash);
  const theirs = within(transcript.segments, clash.span);
  if (wanted && theirs.length) for (const edit of editsFor(wanted, theirs)) record(edit);
  remember();
  tell("editing:clash", {});
  flush();
  if (!unsaved()) say("saved");
}

export const theirsOf = (clash) => within(transcript.segments, clash.span);

function later(why) {
  const wait = TRY_AGAIN_MS[Math.min(tries, TRY_AGAIN_MS.length - 1)];
  tries += 1;
  clearTimeout(timer);
  timer = setTimeout(flush, wait);
  say(why);
  return false;
}

/** The page shows the server's version with our edits on top; the box that is typed in is left as it is. */
export function show() {
  if (!base) return;
  const list = [...base];
  for (const edit of pending) perform(list, edit);
  const { changed, removed } = difference(transcript.segments, list);
  const typed = changed.find((one) => one.id === busyWith && transcript.index(one.id) >= 0);
  const shown = changed.filter((one) => one !== typed).map((one) => ({ ...one }));
  if (typed) tell("editing:typed-over", { segment: typed });
  // Nothing to show is no change: whoever looks for words marks them anew after each, under the caret too.
  if (shown.length || removed.length) transcript.apply({ version, changed: shown, removed });
  else transcript.version = version;
}

function remember() {
  if (!unsaved()) return void keep(null);
  const ids = new Set(pending.flatMap((edit) => [edit.id, edit.next]));
  const was = base.filter((one) => ids.has(one.id)).map(({ words, ...one }) => one);
  if (!keep({ version, pending, was, clashes })) say("notKept");
}

/** Edits that an earlier visit left unsaved: those that the server has by now are forgotten, the others returned. */
export async function leftOver() {
  const left = [];
  for (const kept of await orphans()) {
    const list = transcript.segments.map((one) => ({ ...one }));
    const done = kept.pending.filter((edit) => ["text", "speaker", "right"].includes(edit.op));
    const missing = kept.pending.some((edit) => !perform(list, edit));
    const { changed } = difference(transcript.segments, list);
    if (!kept.clashes.length && !missing && done.length === kept.pending.length && !changed.length) forget(kept.key);
    else left.push(kept);
  }
  return left;
}

/** Put what an earlier visit left on the page again, as edits of the version it was made on. */
export function putBack(kept) {
  begin();
  const was = new Map(kept.was.map((one) => [one.id, one]));
  base = patched(base, { changed: [...was.values()].map((one) => ({ words: [], replacements: [], ...one })), removed: [] });
  version = kept.version;
  pending = [...kept.pending.map((edit) => ({ ...edit, sent: undefined })), ...pending];
  clashes.push(...kept.clashes);
  forget(kept.key);
  show();
  remember();
  tell("editing:clash", {});
  flush();
}

function say(state, sentence = "") {
  tell("editing:state", { state, sentence });
}

function tell(name, detail) {
  document.dispatchEvent(new CustomEvent(name, { detail }));
}

window.addEventListener("online", flush);
window.addEventListener("focus", () => tries && flush());
window.addEventListener("pagehide", flush);
window.addEventListener("beforeunload", (event) => {
  if (!unsaved()) return;
  flush();
  event.preventDefault();
});
