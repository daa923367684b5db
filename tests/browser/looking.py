"""Room: tests.browser.looking. What is looked for on every page: axe-core's rules, weight, words of another language, width."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

VENDOR = Path(__file__).parent / "vendor"
AXE = (VENDOR / "axe-core-4.14.1.min.js").read_text("utf-8")
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
COLOURS = ["color-contrast", "link-in-text-block"]
HEAVIEST = 300_000
# Latin words that are right on a Chinese page: names, units, formats, and what has no other name.
KNOWN = set(
    """
    nas_asr nas asr watch mps MLT SenseVoiceSmall API CPU GPU NVIDIA RTFx VAD ITN AI SHA ISO UTC GMT Redis SQLite
    PostgreSQL Linux Chrome Chromium Firefox HeadlessChrome Headless Fun Nano FunASR SenseVoice Sphinx ModelScope
    Hugging Face HuggingFace Apache MIT BSD MPL torch funasr Opus OpenAI BagIt doctor min ms kB MB GB TB MiB GiB cuda
    auto zip txt srt vtt json csv md docx Word Excel Markdown Python x86_ SubRip WebVTT Obsidian PDF Tab Shift Ctrl
    Alt Enter Esc Del Space Backspace Mac Home HTTP HTTPS URL Asia Shanghai IPO Kubernetes Kaliningrad iPhone wav mp
    flac pcm_s le bag STAGE test alice bob rita charlie ada eva nina mallory nobody choir garden tenor share meeting REC
    """.lower().split()
)
_LATIN = r"""known => {
  const found = [];
  const paths = /(?<!\w)\/[\w.\/-]+|\S+@\S+|make run|nas-asr [a-z]+|\b[0-9a-f]{8}\b/g;
  const words = text => (text.replace(paths, "").match(/[A-Za-z][A-Za-z_]+/g) ?? [])
    .filter(word => !known.includes(word.toLowerCase()));
  const foreign = "code, kbd, .secret, [lang]:not([lang^=zh]), script, style, datalist, textarea, del, ins, mark, q";
  const tell = (what, text) => { if (words(text).length) found.push(`${what}: ${text.trim().slice(0, 120)}`); };
  tell("title", document.title);
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (element.closest(foreign) || !(element.matches("option") || element.checkVisibility())) continue;
    tell("text", walker.currentNode.data);
  }
  const all = [document, ...[...document.querySelectorAll("template")].map(one => one.content)];
  for (const element of all.flatMap(root => [...root.querySelectorAll("*")])) {
    if (element.closest(foreign)) continue;
    for (const name of ["aria-label", "title", "placeholder", "alt", "aria-valuetext"])
      if (element.hasAttribute(name)) tell(name, element.getAttribute(name));
    for (const { name, value } of element.attributes)  // sentences for scripts: more than one word, and no address
      if (name.startsWith("data-") && name !== "data-takes" && /\s/.test(value) && !value.includes("/"))
        tell(name, value.replace(/\{\w*\}/g, ""));
  }
  return [...new Set(found)];
}"""
_AXE = """async ([rules]) => {
  const { violations } = await axe.run(document, rules);
  return violations.map(({ id, impact, nodes }) => `${id} (${impact}): ` + nodes.slice(0, 4).map(node => node.html.slice(0, 160)
    + " " + (node.any[0]?.message ?? node.all[0]?.message ?? node.none[0]?.message ?? "")).join(" | "));
}"""
_SIDEWAYS = """() => {
  const wide = document.scrollingElement.scrollWidth, room = document.documentElement.clientWidth;
  if (wide <= room) return [];
  const out = [...document.body.querySelectorAll("*")]
    .filter(one => one.checkVisibility() && one.getBoundingClientRect().right > room + 1);
  return [`${wide} pixels wide in ${room}: ` + out.slice(0, 5).map(one => one.outerHTML.slice(0, 120)).join(" | ")];
}"""


@dataclass
class Weighed:
    """What a page brings over the wire while this listens, sound apart. fresh: nothing comes from the browser's own shelf."""

    page: Page
    fresh: bool
    bytes: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._wire = self.page.context.new_cdp_session(self.page)
        self._kinds: dict[str, tuple[str, str]] = {}
        self._wire.on("Network.responseReceived", self._begins)
        self._wire.on("Network.loadingFinished", self._ended)
        self._wire.send("Network.enable")
        self._wire.send("Network.setCacheDisabled", {"cacheDisabled": self.fresh})

    def anew(self) -> None:
        """Forget what came before."""
        self.bytes.clear()
        self._kinds.clear()

    @property
    def total(self) -> int:
        """All of it."""
        return sum(self.bytes.values())

    def heaviest(self) -> list[tuple[str, int]]:
        """What weighs most."""
        return sorted(self.bytes.items(), key=lambda one: -one[1])[:5]

    def _begins(self, event: dict[str, Any]) -> None:
        self._kinds[event["requestId"]] = event["type"], event["response"]["url"]

    def _ended(self, event: dict[str, Any]) -> None:
        kind, url = self._kinds.get(event["requestId"], ("", ""))
        if kind != "Media":
            self.bytes[url] = self.bytes.get(url, 0) + int(event["encodedDataLength"])


def violations(page: Page, *, colours_only: bool = False) -> list[str]:
    """What axe-core has against the page. In another theme only colours can be otherwise."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    only = {"type": "rule", "values": COLOURS} if colours_only else {"type": "tag", "values": WCAG}
    found: list[str] = page.evaluate(_AXE, [{"runOnly": only, "resultTypes": ["violations"]}])
    return found


def left_in_english(page: Page) -> list[str]:
    """Words in Latin letters that are no names, on a Chinese page."""
    found: list[str] = page.evaluate(_LATIN, sorted(KNOWN))
    return found


def sideways(page: Page) -> list[str]:
    """What makes a page wider than its window."""
    found: list[str] = page.evaluate(_SIDEWAYS)
    return found
