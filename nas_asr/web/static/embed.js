// The small page for frames brings itself up to date each minute, in its place: nothing is reloaded under whoever reads it.
async function renew() {
  try {
    const answer = await fetch(location.href, { cache: "no-store" });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
    if (fresh) document.querySelector("main").replaceWith(fresh);
  } catch {
    // The server is restarting or the network is away; the next minute will tell.
  }
}

// A frame without an origin of its own (sandbox) may fetch nothing: there the page asks for itself as a whole.
setInterval(self.origin === "null" ? () => location.reload() : renew, 60_000);
