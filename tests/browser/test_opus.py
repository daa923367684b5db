"""Room: tests.browser.test_opus. A voice memo that no browser plays is heard and sought in, as Opus, in a real browser."""

import numpy as np
import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Live
from tests.cast import make_recording, write_transcript
from tests.media.made import RATE, noise
from tests.media.test_opus import encoded

pytestmark = pytest.mark.browser

# Asks until it is made, then plays a second of it from somewhere in the middle; tells what the player says.
LISTEN = """async (url) => {
  let asked = 0;
  for (;;) {
    const answer = await fetch(url, {method: "HEAD"});
    asked += 1;
    if (answer.status !== 202) break;
    await new Promise((then) => setTimeout(then, 1000 * Number(answer.headers.get("Retry-After"))));
  }
  const audio = new Audio(url);
  const heard = (what) => new Promise((then, no) => {
    audio.addEventListener(what, then, {once: true});
    audio.addEventListener("error", () => no(audio.error.message), {once: true});
  });
  audio.muted = true;
  await heard("loadedmetadata");
  const length = audio.duration;
  audio.currentTime = 31.5;
  await heard("seeked");
  const from = audio.currentTime;
  await audio.play();
  await new Promise((then) => audio.addEventListener("timeupdate", () => audio.currentTime > 32 && then()));
  audio.pause();
  const whole = await fetch(url, {headers: {Range: "bytes=0-3"}});
  return {length, from, now: audio.currentTime, status: whole.status, type: whole.headers.get("Content-Type")};
}"""


def test_a_voice_memo_of_an_old_phone_is_heard_from_the_middle(page: Page, live: Live) -> None:
    sound = np.concatenate([noise(30, 0.02), noise(10, 0.1)])
    path = encoded(live.house.uploads.parent / "memo.amr", "amr", "libopencore_amrnb", sound, 8_000)
    home = live.house.uploads / live.cast.choir
    home.mkdir(parents=True)
    path = path.rename(home / "memo.amr")
    memo = make_recording(
        live.house, live.cast.choir, "memo", raw_path=f"{live.cast.choir}/memo.amr".encode(), container="amr",
        codec="amr_nb", channels=1, size_bytes=path.stat().st_size, duration_ms=len(sound) * 1000 // RATE,
    )  # fmt: skip
    write_transcript(live.house, memo, ["we met at nine"])
    page.goto(f"{live.url}/recordings/{memo}")
    told = page.evaluate(LISTEN, f"{live.url}/api/v1/recordings/{memo}/audio?as=opus")
    assert told["length"] == pytest.approx(40, abs=0.1)
    assert told["from"] == pytest.approx(31.5, abs=0.01)
    assert 32 < told["now"] < 40
    assert (told["status"], told["type"]) == (206, "audio/webm")
