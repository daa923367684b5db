// What the page asks the person who edits: whose text stands where two changed the same place, and what becomes of words that an
// earlier visit left unsaved. Until that is answered, both texts are kept.
import { loaded, nameOf } from "./boxes.js";
import { joinedAll } from "./edits.js";
import { forget } from "./keeping.js";
import { clock } from "./rows.js";
import { decide, leftOver, openClashes, putBack, theirsOf } from "./saving.js";
import { transcript } from "./transcript.js";

const root = document.getElementById("editing");
const place = document.getElementById("clashes");
const card = document.getElementById("clash-card");
const offer = document.getElementById("left-over");
const shown = new Map(); // the cards on the page, by clash

/** The texts of a place; with names where the two do not agree about them. */
function words(pieces, named) {
  const line = (one) => root.dataset.says.replace("{name}", () => nameOf(one.speaker) || root.dataset.nobody).replace("{text}", () => one.text);
  return pieces.map((one) => (named ? line(one) : one.text)).join("\n");
}

const speakers = (pieces) => pieces.map((one) => one.speaker ?? "").join("\n");
const bare = (pieces) => joinedAll(pieces.map((one) => one.text));

function makeCard(clash) {
  const made = card.content.firstElementChild.cloneNode(true);
  const part = (name) => made.querySelector(`[data-part=${name}]`);
  const title = root.dataset[clash.author ? "clash" : "clashNobody"];
  part("title").textContent = title.replace("{name}", clash.author).replace("{time}", clock(clash.span.start_ms));
  part("author").textContent = clash.author || root.dataset.others;
  part("keep").addEventListener("click", () => decide(clash.id, clash.mine));
  part("take").addEventListener("click", () => decide(clash.id, null));
  const writes = part("writes");
  const text = writes.querySelector("textarea");
  part("further").addEventListener("click", () => {
    writes.hidden = false;
    made.classList.add("writing");
    text.value = bare(clash.mine);
    text.focus();
  });
  writes.addEventListener("submit", (event) => {
    event.preventDefault();
    const speaker = clash.mine[0]?.speaker ?? null;
    decide(clash.id, [{ text: text.value.replace(/\s+/gu, " ").trim(), speaker }]);
  });
  made.setAttribute("aria-label", part("title").textContent);
  return made;
}

function showClashes({ detail }) {
  const open = openClashes();
  place.hidden = !open.length;
  for (const [id, made] of shown) {
    if (open.some((clash) => clash.id === id)) continue;
    made.remove();
    shown.delete(id);
  }
  for (const clash of open) {
    if (!shown.has(clash.id)) {
      shown.set(clash.id, makeCard(clash));
      place.append(shown.get(clash.id));
    }
    const theirs = theirsOf(clash);
    const made = shown.get(clash.id);
    const named = speakers(clash.mine) !== speakers(theirs);
    made.querySelector("[data-part=mine]").textContent = words(clash.mine, named);
    made.querySelector("[data-part=theirs]").textContent = words(theirs, named);
    made.querySelector("[data-part=keep]").disabled = !theirs.length;
  }
  // Whoever was writing there goes on in their own words.
  if (detail?.wrote) shown.get(open.at(-1).id).querySelector("[data-part=further]").click();
}
document.addEventListener("editing:clash", showClashes);
document.addEventListener("transcript:changed", (event) => openClashes().length && showClashes(event));

// What an earlier visit left ---------------------------------------------------------------------------------------------

async function offerLeftOver() {
  const [kept, ...others] = await leftOver();
  offer.hidden = !kept;
  if (!kept) return;
  const at = new Date(kept.at).toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
  const texts = [...kept.pending.filter((edit) => edit.text).map((edit) => edit.text), ...kept.clashes.map((clash) => words(clash.mine, false))];
  offer.querySelector("[data-part=when]").textContent = root.dataset.leftOver.replace("{time}", at);
  offer.querySelector("ul").replaceChildren(...texts.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
  offer.querySelector("details").hidden = !texts.length;
  const done = (act) => () => {
    act();
    offer.hidden = true;
    if (others.length) offerLeftOver();
  };
  offer.querySelector("[data-part=back]").onclick = done(() => putBack(kept));
  offer.querySelector("[data-part=drop]").onclick = () => window.confirm(root.dataset.dropSure) && done(() => forget(kept.key))();
}

await loaded;
offerLeftOver();
