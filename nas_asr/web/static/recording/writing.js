// What stands beside the text: who speaks and, for those who may write, editing and the pass over doubtful places.
import "./speakers.js";

const root = document.getElementById("editing");
document.querySelector(".tools")?.append(document.getElementById("edit-tools"));
if (root.dataset.patch) {
  await import("./editing.js");
  await import("./questions.js");
  await import("./doubts.js");
}
