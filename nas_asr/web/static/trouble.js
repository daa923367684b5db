// A part of a page that could not be brought up to date says so, in the server's words where it gave any; htmx would be silent.
// The next answer that comes takes the notice away.
const words = document.querySelector(".flashes").dataset;
let notice = null;

function over() {
  notice?.remove();
  notice = null;
}

function say(sentence) {
  if (notice?.firstChild.textContent === sentence) return;
  over();
  notice = document.createElement("div");
  notice.className = "notice bad trouble";
  const told = document.createElement("p");
  told.textContent = sentence;
  const close = document.createElement("button");
  close.type = "button";
  close.className = "quiet small";
  close.textContent = words.close;
  close.addEventListener("click", over);
  notice.append(told, close);
  document.querySelector(".flashes").append(notice);
}

document.addEventListener("htmx:responseError", ({ detail: { xhr } }) => {
  const ours = xhr.getResponseHeader("Content-Type")?.startsWith("text/plain");
  say(ours && xhr.responseText ? xhr.responseText : words.away);
});
document.addEventListener("htmx:sendError", () => say(words.away));
document.addEventListener("htmx:timeout", () => say(words.away));
document.addEventListener("htmx:afterRequest", (event) => event.detail.successful && over());
