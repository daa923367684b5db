// What others save comes into the open page where it stands, and the reader's place stays. Only where another text altogether is
// shown (the machine's, an older one restored) does the page say so, and offers it.
import { transcript } from "./transcript.js";

const { list } = transcript;
let known = ""; // what the server calls the version that this page shows by now
let refused = ""; // the one that could not be taken over: it is told of

// Who writes here has edits of their own on the way, and brings both together.
export const fresh = { take };

/** What became different since a version; null where nobody knows, or one has to read the text anew. */
export async function changesSince(version) {
  if (!list?.dataset.changes || !transcript.complete) return null;
  try {
    const answer = await fetch(`${list.dataset.changes}?since=${version}`, { headers: { Accept: "application/json" } });
    const news = answer.ok ? await answer.json() : null;
    return news && !news.whole ? news : null;
  } catch {
    return null; // the next pulse asks again
  }
}

async function take() {
  const news = await changesSince(transcript.version);
  if (news && news.version > transcript.version) transcript.apply(news);
  return Boolean(news);
}

document.addEventListener("htmx:configRequest", ({ detail }) => {
  if (detail.elt.id === "state" && known) detail.path = detail.path.replace(/seen=[^&]*/, `seen=${known}`);
});

document.addEventListener("htmx:beforeSwap", async (event) => {
  const { target, serverResponse } = event.detail;
  if (target?.id !== "state" || !serverResponse.includes("data-fresh")) return;
  const now = new DOMParser().parseFromString(serverResponse, "text/html").getElementById("state")?.dataset.now ?? "";
  if (now === refused || !list) return;
  event.detail.shouldSwap = false;
  if (await fresh.take()) known = now;
  else refused = now;
  document.body.dispatchEvent(new CustomEvent("recordings-changed"));
});
