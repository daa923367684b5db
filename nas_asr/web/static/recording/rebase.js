// Two people changed one version: which of one's own edits still stand on the other's, and where both touched the same place. Pure.
import { joinedAll, patched, perform } from "./edits.js";

/**
 * base: what the server had when we last heard; pending: our edits on it, in order; news: what others changed since.
 * Returns the new base, the edits that stand, the clashes, and which of our own new segments the server has under which id.
 */
export function rebase(base, pending, news) {
  const mine = [...base];
  for (const edit of pending) perform(mine, edit);
  const next = patched(base, news);
  const old = new Map(base.map((one) => [one.id, one]));
  const touched = new Set([...news.changed, ...news.removed.map((id) => ({ id }))].map((one) => one.id).filter((id) => old.has(id)));
  const found = { base: next, standing: [], clashes: [], known: new Map() };
  const groups = grouped(pending);
  for (const group of new Set(groups.values())) {
    if ([...group.ids].some((id) => touched.has(id))) settle(group, { base, old, mine, next, found });
    else group.standing = group.edits;
  }
  found.standing = pending.filter((edit) => edit.op === "replace_all" || groups.get(edit.id).standing.includes(edit));
  return found;
}

/** Edits that belong together because one made or took away what another speaks of. */
function grouped(pending) {
  const groups = new Map();
  for (const edit of pending) {
    if (edit.op === "replace_all") continue;
    const group = groups.get(edit.id) ?? { ids: new Set(), edits: [], standing: [] };
    const related = [edit.id, edit.made, edit.next].filter(Boolean);
    for (const id of related) {
      const other = groups.get(id);
      if (other && other !== group) {
        other.ids.forEach((one) => group.ids.add(one));
        group.edits.push(...other.edits);
      }
      group.ids.add(id);
    }
    group.edits.push(edit);
    group.ids.forEach((id) => groups.set(id, group));
  }
  return groups;
}

function settle(group, { base, old, mine, next, found }) {
  const { was, ours, theirs, span } = place(group, old, mine, next);
  // Two people wrote the same, or these are our own words, whose answer was lost on its way; what came after them stands.
  if (isThere(ours, theirs, found)) return;
  const tried = [...base];
  for (const edit of group.edits) if (edit.tried) perform(tried, edit);
  if (group.edits.some((edit) => edit.tried) && isThere(within(tried, span), theirs, found)) {
    group.standing = group.edits.filter((edit) => !edit.tried);
    return;
  }
  // Who found a text right says nothing of another one.
  if (group.edits.every((edit) => edit.op === "right") && text(theirs) !== text(was)) return;
  const here = new Set(theirs.map((one) => one.id));
  const sameText = theirs.length === was.length && text(theirs) === text(was);
  const onlyNames = group.edits.every((edit) => edit.op === "speaker" && here.has(edit.id));
  const noNames = group.edits.every((edit) => edit.op !== "speaker");
  const sameNames = speakers(theirs) === speakers(was);
  if ((sameText && (noNames || sameNames)) || (onlyNames && sameNames)) group.standing = group.edits;
  else if (!found.clashes.some((other) => other.span.start_ms < span.end_ms && span.start_ms < other.span.end_ms)) {
    found.clashes.push({ span, mine: ours.map(({ speaker, text: said }) => ({ speaker, text: said })) });
  }
}

function isThere(ours, theirs, found) {
  if (text(ours) !== text(theirs) || speakers(ours) !== speakers(theirs) || ours.length !== theirs.length) return false;
  ours.forEach((one, i) => one.id === theirs[i].id || found.known.set(one.id, theirs[i].id));
  return true;
}

/** The same stretch of time in all three lists, wide enough for what somebody merged into a segment before it. */
function place(group, old, mine, next) {
  const lists = [[...old.values()], mine, next];
  const own = [...group.ids].map((id) => old.get(id)).filter(Boolean);
  const span = { start_ms: Math.min(...own.map((one) => one.start_ms)), end_ms: Math.max(...own.map((one) => one.end_ms)) };
  for (;;) {
    const [was, ours, theirs] = lists.map((list) => within(list, span));
    const before = [...was, ...ours, ...theirs].filter((one) => one.start_ms < span.start_ms);
    if (!before.length) return { was, ours, theirs, span };
    span.start_ms = Math.min(...before.map((one) => one.start_ms));
    span.end_ms = Math.max(span.end_ms, ...before.map((one) => one.end_ms));
  }
}

/** The segments that begin in a stretch of time; where none does, the one that lies over it. */
export function within(list, { start_ms: start, end_ms: end }) {
  const inside = list.filter((one) => one.start_ms >= start && one.start_ms < Math.max(end, start + 1));
  return inside.length ? inside : list.filter((one) => one.start_ms < start && one.end_ms > start).slice(-1);
}

/** The edits that put `mine` in the place of what stands in a stretch of time now. */
export function editsFor(mine, theirs) {
  if (mine.length === theirs.length) return theirs.flatMap((one, i) => toward(one, mine[i]));
  const whole = { text: joinedAll(mine.map((one) => one.text)), speaker: mine[0]?.speaker ?? null };
  const [first, ...rest] = theirs;
  const merges = rest.map((one) => ({ op: "merge", id: first.id, next: one.id }));
  return [...merges, { op: "text", id: first.id, text: whole.text }, ...nameFor(first, whole)];
}

function toward(one, wanted) {
  return [...(one.text === wanted.text ? [] : [{ op: "text", id: one.id, text: wanted.text }]), ...nameFor(one, wanted)];
}

const nameFor = (one, wanted) =>
  one.speaker === wanted.speaker ? [] : [{ op: "speaker", id: one.id, speaker: wanted.speaker, scope: "one" }];

const text = (list) => list.map((one) => one.text.trim()).join("\n");
const speakers = (list) => list.map((one) => one.speaker ?? "").join("\n");
