// What stands beside the text: who speaks and, for those who may write, editing and the pass over doubtful places.
import "./speakers.js";

const root = document.getElementById("editing");
const tools = document.querySelector(".tools");
tools.insertBefore(document.getElementById("edit-tools"), tools.querySelector(".exports"));
document.getElementById("doubting")?.after(document.getElementById("doubts-open") ?? "");
if (root.dataset.patch) {
  await import("./editing.js");
  await import("./questions.js");
  await import("./doubts.js");
}
