// The caret in a box of plain text: where it is, put it somewhere, on which line it stands. Knows no transcript.

/** The box made editable as plain text; where a browser has no such thing, what would bring markup is refused. */
export function makeEditable(box) {
  box.setAttribute("contenteditable", "plaintext-only");
  if (box.contentEditable === "plaintext-only") return;
  box.setAttribute("contenteditable", "true");
}

/** Start and end of what is selected in the box, in UTF-16 units; null where the caret is elsewhere. */
export function caretIn(box) {
  const chosen = window.getSelection();
  if (!chosen.rangeCount || !box.contains(chosen.anchorNode)) return null;
  const range = chosen.getRangeAt(0);
  const before = document.createRange();
  before.selectNodeContents(box);
  before.setEnd(range.startContainer, range.startOffset);
  const start = before.toString().length;
  return { start, end: start + range.toString().length };
}

/** Put the caret before the given unit. */
export function putCaret(box, at) {
  const [node, offset] = placeOf(box, at);
  const range = document.createRange();
  range.setStart(node, offset);
  const chosen = window.getSelection();
  chosen.removeAllRanges();
  chosen.addRange(range);
}

function placeOf(box, at) {
  const walker = document.createTreeWalker(box, NodeFilter.SHOW_TEXT);
  let left = at;
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (left <= node.length) return [node, left];
    left -= node.length;
  }
  return [box, box.childNodes.length];
}

/** Put text in the place of what is selected, and the caret behind it. */
export function insertText(box, text) {
  const { start, end } = caretIn(box) ?? { start: box.textContent.length, end: box.textContent.length };
  const whole = box.textContent;
  box.textContent = whole.slice(0, start) + text + whole.slice(end);
  putCaret(box, start + text.length);
}

/** Whether the caret stands on the first or the last line of the box, so that an arrow leads out of it. */
export function isOnEdge(box, down) {
  const lines = linesOf(box);
  if (lines.length < 2) return true;
  const range = window.getSelection().getRangeAt(0);
  const spot = range.getClientRects()[0] ?? range.getBoundingClientRect();
  if (!spot.height) return caretIn(box)?.start === (down ? box.textContent.length : 0);
  const edge = down ? lines.at(-1) : lines[0];
  return down ? spot.bottom > edge.top + edge.height / 2 : spot.top < edge.top + edge.height / 2;
}

function linesOf(box) {
  const all = document.createRange();
  all.selectNodeContents(box);
  const lines = [];
  for (const rect of all.getClientRects()) {
    if (!lines.length || rect.top > lines.at(-1).top + lines.at(-1).height / 2) lines.push(rect);
  }
  return lines;
}
