// One more word on the team's hotword list, on top of whatever stands there by now. Returns a sentence for the person.
const root = document.getElementById("editing");
const TRIES = 3;

export async function addHotword(word) {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const answer = await put(word).catch(() => null);
    if (answer === null) break;
    if (answer.status === 409) continue; // somebody else was quicker: their list is taken, with this word
    const { refused = [] } = answer.said;
    const isRefused = refused.some((one) => one.word.trim() === word);
    if (answer.status === 200) return root.dataset[isRefused ? "hotwordRefused" : "hotwordAdded"].replace("{word}", word);
    if (answer.status === 403) return root.dataset.hotwordForbidden;
    break;
  }
  return root.dataset.hotwordFailed;
}

async function put(word) {
  const address = root.dataset.hotwords;
  const list = await (await fetch(address, { headers: { Accept: "application/json" } })).json();
  if (list.words.includes(word)) return { status: 200, said: {} };
  const answer = await fetch(address, {
    method: "PUT",
    headers: { "Content-Type": "application/json", "If-Match": `"${list.version}"`, "X-CSRFToken": root.dataset.token },
    body: JSON.stringify({ words: [...list.words, word] }),
  });
  return { status: answer.status, said: await answer.json() };
}
