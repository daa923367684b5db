// Keeps what is not saved yet in this browser, a place of its own for each person, recording and tab, so that a reload or a crash
// loses nothing. Knows no server.
const root = document.getElementById("editing");
const PREFIX = `nas_asr.unsaved.${root?.dataset.person}.${root?.dataset.recording}.`;
const ANSWER_MS = 200;
const own = tab();
const neighbours = "BroadcastChannel" in window ? new BroadcastChannel(PREFIX) : null;

function tab() {
  const known = sessionStorage.getItem("nas_asr.tab");
  if (known) return known;
  const fresh = `${Date.now().toString(36)}${Math.random().toString(36).slice(2, 8)}`;
  sessionStorage.setItem("nas_asr.tab", fresh);
  return fresh;
}

// A tab that is open still minds its own; the others say so when one asks.
let writing = false;
neighbours?.addEventListener("message", ({ data }) => {
  if (data.ask && writing) neighbours.postMessage({ minds: own });
});

/** Keep this; null forgets it. Returns whether the browser took it: a private window or a full disk may not. */
export function keep(what) {
  writing = Boolean(what);
  try {
    if (what) localStorage.setItem(PREFIX + own, JSON.stringify({ ...what, at: Date.now() }));
    else localStorage.removeItem(PREFIX + own);
    return true;
  } catch {
    return false;
  }
}

/** What was kept for this recording and is nobody's now, oldest first: { key, version, pending, was, clashes, at }. */
export async function orphans() {
  const found = Object.keys(localStorage).filter((key) => key.startsWith(PREFIX)).map(read).filter(Boolean);
  if (!found.length) return [];
  const minded = new Set();
  const hear = ({ data }) => data.minds && minded.add(PREFIX + data.minds);
  neighbours?.addEventListener("message", hear);
  neighbours?.postMessage({ ask: true });
  await new Promise((resolve) => setTimeout(resolve, ANSWER_MS));
  neighbours?.removeEventListener("message", hear);
  return found.filter((one) => !minded.has(one.key)).sort((one, other) => one.at - other.at);
}

function read(key) {
  try {
    return { ...JSON.parse(localStorage.getItem(key)), key };
  } catch {
    localStorage.removeItem(key);
    return null;
  }
}

export const forget = (key) => localStorage.removeItem(key);
