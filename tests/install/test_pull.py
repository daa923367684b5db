"""Room: tests.install.test_pull. Models pulled from a small hub of ours that does everything that hubs and networks do."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from nas_asr.core import checkpoints
from nas_asr.core.checkpoints import LOCK, find, is_whole, read_lock
from nas_asr.core.clock import utc_now
from nas_asr.core.errors import Conflict, Invalid, NasAsrError, StorageFull
from nas_asr.core.pulls import PullState, PullStatus, read_status, write_status
from nas_asr.install.carry import carry
from nas_asr.install.desk import Desk
from nas_asr.install.exclusive import exclusive
from nas_asr.install.fetch import HubAway, HubRefused, Patience, Web
from nas_asr.install.hub import HubPlace
from nas_asr.install.pull import Order, Pulled, pull
from nas_asr.install.shelf import ShelfState, shelf
from tests.install.hub_server import COMMIT, MODEL, Hub, serving
from tests.live import free_port, wait_for

NAME = "Fun-ASR-Nano-2512"
NEEDED = {
    "README.md", "configuration.json", "config.yaml", "model.pt", "multilingual.tiktoken", "Qwen3-0.6B/tokenizer.json",
    "Qwen3-0.6B/config.json",
}  # fmt: skip
HURRY = Patience(timeout_s=5, tries=3, pause_s=0, sleep=lambda seconds: None)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def hub() -> Iterator[Hub]:
    with serving() as served:
        yield served


def desk(tmp_path: Path, *addresses: str) -> Desk:
    """A desk with ModelScope at the first address and Hugging Face at the second; nobody listens where none is given."""
    both = [*addresses, *["http://127.0.0.1:9"] * (2 - len(addresses))]
    places = tuple(HubPlace(kind, at) for kind, at in zip(checkpoints.Hub, both, strict=True))
    return Desk(tmp_path / "models", places, Web(HURRY))


def bring(tmp_path: Path, hub: Hub, revision: str = "") -> Pulled:
    return pull(desk(tmp_path, hub.address), Order(NAME, revision=revision))


def refused(kind: type[NasAsrError], tmp_path: Path, hub: Hub) -> NasAsrError:
    with pytest.raises(kind) as found:
        bring(tmp_path, hub)
    status = read_status(tmp_path / "models", utc_now())
    assert status is not None and (status.state, status.message) == (PullState.FAILED, found.value.message)
    assert find(tmp_path / "models", NAME) is None
    return found.value


def names(directory: Path) -> set[str]:
    return {file.relative_to(directory).as_posix() for file in directory.rglob("*") if file.is_file()}


def assert_whole(pulled: Pulled, hub: Hub) -> None:
    assert names(pulled.directory) == NEEDED | {LOCK}
    for name in NEEDED:
        assert (pulled.directory / name).read_bytes() == hub.files[name]
    lock = read_lock(pulled.directory)
    assert lock is not None and set(lock.files) == NEEDED
    assert all(file.sha256 == hashlib.sha256(hub.files[name]).hexdigest() for name, file in lock.files.items())
    assert is_whole(pulled.directory)
    assert not pulled.directory.with_name(pulled.directory.name + ".part").exists()


def test_what_is_needed_comes_from_modelscope_and_is_locked(tmp_path: Path, hub: Hub) -> None:
    pulled = bring(tmp_path, hub)
    assert_whole(pulled, hub)
    assert pulled.directory == tmp_path / "models" / "modelscope" / MODEL == find(tmp_path / "models", NAME)
    assert (pulled.lock.revision, pulled.lock.commit, pulled.lock.licence) == ("master", "", "Apache-2.0")
    status = read_status(tmp_path / "models", utc_now())
    assert status is not None and (status.state, status.done) == (PullState.DONE, pulled.lock.size)


def test_a_branch_is_pinned_to_its_commit_where_the_hub_tells(tmp_path: Path, hub: Hub) -> None:
    hub.knows_commits = True
    assert bring(tmp_path, hub).lock.commit == COMMIT
    assert all(f"Revision={COMMIT}" in path for path in hub.file_requests())


def test_hugging_face_is_asked_where_modelscope_is_away(tmp_path: Path, hub: Hub) -> None:
    pulled = pull(desk(tmp_path, "http://127.0.0.1:9", hub.address), Order(NAME))
    assert_whole(pulled, hub)
    assert (pulled.lock.hub, pulled.lock.revision, pulled.lock.commit) == ("huggingface", "main", COMMIT)
    assert find(tmp_path / "models", NAME) == pulled.directory


def test_a_second_pull_compares_and_asks_nobody(tmp_path: Path, hub: Hub) -> None:
    bring(tmp_path, hub)
    hub.asked.clear()
    assert bring(tmp_path, hub).fetched == 0
    assert hub.asked == []


def test_a_connection_that_breaks_off_goes_on_where_it_stopped(tmp_path: Path, hub: Hub) -> None:
    hub.cut_after = [1_000_000, 1_000_000]
    assert_whole(bring(tmp_path, hub), hub)
    assert [wanted for wanted in hub.ranges if wanted] == ["bytes=1000000-", "bytes=2000000-"]


def test_storage_that_answers_a_range_with_200_is_understood(tmp_path: Path, hub: Hub) -> None:
    hub.cut_after, hub.plain_ranges = [1_000_000], True
    assert_whole(bring(tmp_path, hub), hub)


def test_a_server_that_knows_no_ranges_sends_all_again(tmp_path: Path, hub: Hub) -> None:
    hub.cut_after, hub.ignores_ranges = [1_000_000], True
    assert_whole(bring(tmp_path, hub), hub)


def test_a_pull_that_gave_up_is_not_whole_and_goes_on_later(tmp_path: Path, hub: Hub) -> None:
    hub.ignores_ranges, hub.cut_after = True, [100_000] * 3
    error = refused(HubAway, tmp_path, hub)
    assert "the connection ended before the file did" in error.message and "goes on" in error.remedy
    assert [row.state for row in shelf(tmp_path / "models")][0] is ShelfState.UNFINISHED
    hub.ignores_ranges = False
    hub.ranges.clear()
    assert_whole(bring(tmp_path, hub), hub)
    assert hub.ranges == ["bytes=100000-"]


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_hub_in_trouble_is_asked_again(tmp_path: Path, hub: Hub, status: int) -> None:
    hub.statuses = [200, 200, 200, status, 200, status]
    assert_whole(bring(tmp_path, hub), hub)


@pytest.mark.parametrize(("status", "words"), [(404, "no such model"), (403, "to everybody"), (418, "status 418")])
def test_a_hub_that_refuses_is_not_asked_again(tmp_path: Path, hub: Hub, status: int, words: str) -> None:
    hub.statuses = [status] * 5
    assert words in refused(HubRefused, tmp_path, hub).message
    assert len(hub.asked) <= 2


def test_wrong_content_is_fetched_once_more_and_then_refused(tmp_path: Path, hub: Hub) -> None:
    hub.announced = {"config.yaml": b"model: Something\n\n"}
    hub.files["config.yaml"] = b"model: FunASRNano!"
    error = refused(HubRefused, tmp_path, hub)
    assert error.message == "config.yaml came twice with another content than ModelScope announces."
    assert sum("config.yaml" in path for path in hub.file_requests()) == 2
    assert not (tmp_path / "models/modelscope/FunAudioLLM/Fun-ASR-Nano-2512.part/config.yaml").exists()


def test_small_files_of_hugging_face_are_compared_by_their_git_name(tmp_path: Path, hub: Hub) -> None:
    hub.announced, hub.files["config.yaml"] = {"config.yaml": b"model: Something\n\n"}, b"model: FunASRNano!"
    with pytest.raises(HubRefused, match="came twice with another content"):
        pull(desk(tmp_path, "http://127.0.0.1:9", hub.address), Order(NAME))


def test_a_file_that_is_longer_than_announced_is_refused(tmp_path: Path, hub: Hub) -> None:
    hub.announced = {"config.yaml": b"short"}
    assert "sends more of config.yaml than its list says" in refused(HubRefused, tmp_path, hub).message


def test_what_the_hub_changes_between_two_tries_comes_anew(tmp_path: Path, hub: Hub) -> None:
    hub.ignores_ranges, hub.cut_after = True, [100_000] * 3
    refused(HubAway, tmp_path, hub)
    hub.files["model.pt"] = hub.files["model.pt"][::-1]
    hub.files["config.yaml"] = b"model: FunASRNano # newer\n"
    assert_whole(bring(tmp_path, hub), hub)


def test_a_hub_that_changes_a_file_under_the_locked_revision_is_refused(tmp_path: Path, hub: Hub) -> None:
    pulled = bring(tmp_path, hub)
    (pulled.directory / "model.pt").write_bytes(b"broken on the disk")
    hub.files["model.pt"] = hub.files["model.pt"][::-1]
    error = refused(HubRefused, tmp_path, hub)
    assert "another model.pt under the same revision than was locked" in error.message
    assert f"model pull {NAME} --revision master" in error.remedy
    assert_whole(bring(tmp_path, hub, revision="master"), hub)


def test_a_new_revision_takes_over_what_is_the_same(tmp_path: Path, hub: Hub) -> None:
    bring(tmp_path, hub)
    hub.files["config.yaml"] = b"model: FunASRNano # newer\n"
    hub.asked.clear()
    assert_whole(bring(tmp_path, hub, revision="master"), hub)
    assert len(hub.file_requests()) == 1


def test_a_damaged_file_is_found_and_comes_again(tmp_path: Path, hub: Hub) -> None:
    pulled = bring(tmp_path, hub)
    size = (pulled.directory / "model.pt").stat().st_size
    (pulled.directory / "model.pt").write_bytes(b"\0" * size)
    hub.asked.clear()
    assert_whole(bring(tmp_path, hub), hub)
    assert ["model.pt" in path for path in hub.asked] == [True]


def test_a_truncated_or_missing_file_is_not_whole(tmp_path: Path, hub: Hub) -> None:
    pulled = bring(tmp_path, hub)
    with (pulled.directory / "model.pt").open("r+b") as file:
        file.truncate(1000)
    assert not is_whole(pulled.directory) and find(tmp_path / "models", NAME) is None
    (pulled.directory / "model.pt").unlink()
    assert not is_whole(pulled.directory)
    assert shelf(tmp_path / "models")[0].broken == ("model.pt",)


@pytest.mark.parametrize(
    "path",
    ["../../../evil.json", "/etc/evil.json", "a/../../evil.json", "a\\..\\evil.json", "a//b", "x\n.md", LOCK, LOCK.upper()],
)
def test_a_file_that_would_lie_elsewhere_is_refused(tmp_path: Path, hub: Hub, path: str) -> None:
    hub.extra_paths = (path,)
    assert "names a file that is not taken" in refused(HubRefused, tmp_path, hub).message
    assert not list(tmp_path.rglob("*evil*"))


def test_a_hub_may_send_us_on_to_its_storage(tmp_path: Path, hub: Hub) -> None:
    hub.redirect_to, hub.cut_after = hub.address + "/stored/{}", [1_000_000]
    assert_whole(bring(tmp_path, hub), hub)
    assert "bytes=1000000-" in hub.ranges


@pytest.mark.parametrize(
    "elsewhere", ["file:///etc/passwd", "ftp://127.0.0.1/x", "javascript:alert(1)", "http://[", f"http://{'a' * 70}.x/"]
)
def test_a_hub_may_not_send_us_anywhere_else(tmp_path: Path, hub: Hub, elsewhere: str) -> None:
    hub.redirect_to = elsewhere
    assert "is not followed" in refused(HubRefused, tmp_path, hub).message


def test_a_login_page_instead_of_a_list_is_named(tmp_path: Path, hub: Hub) -> None:
    hub.login_page = True
    error = refused(HubAway, tmp_path, hub)
    assert "answered with something that is no list of a model hub" in error.message


@pytest.mark.parametrize("elsewhere", ["../../../../library.txt", "{}/library.txt", "a/./b", "x\0y"])
def test_a_forged_lock_file_deletes_nothing_elsewhere(tmp_path: Path, hub: Hub, elsewhere: str) -> None:
    ours = tmp_path / "library.txt"
    ours.write_text("ours", "utf-8")
    lock = bring(tmp_path, hub).directory / LOCK
    words = json.loads(lock.read_text("utf-8"))
    words["files"][elsewhere.format(tmp_path)] = {"size": 3, "sha256": "0" * 64}
    lock.write_text(json.dumps(words), "utf-8")
    assert find(tmp_path / "models", NAME) is None
    assert_whole(bring(tmp_path, hub), hub)
    assert ours.read_text("utf-8") == "ours"


@pytest.mark.parametrize("page", [b"[" * 100_000, b'{"Data": {"Files": [{"Path": "model.pt", "Size": 1%s}]}}' % (b"0" * 400)])
def test_a_list_that_nobody_can_read_is_a_sentence(tmp_path: Path, hub: Hub, page: bytes) -> None:
    hub.login_page, hub.page = True, page
    assert "answered with" in refused(HubAway, tmp_path, hub).message


@pytest.mark.parametrize("header", ["Retry-After", "Content-Range"])
def test_a_number_that_is_none_stops_no_pull(tmp_path: Path, hub: Hub, header: str) -> None:
    hub.statuses, hub.headers = [200, 200, 503], {header: "bytes \xb2-" if header == "Content-Range" else "\xb2"}
    assert_whole(bring(tmp_path, hub), hub)


def test_a_list_that_never_ends_is_given_up(tmp_path: Path, hub: Hub) -> None:
    hub.drips_lists = True
    told: list[PullState] = []
    short = Web(Patience(timeout_s=0.1, tries=1, list_tries=1, sleep=lambda seconds: None))
    waiting = Desk(tmp_path / "models", desk(tmp_path, hub.address).places[:1], short, heard=lambda said: told.append(said.state))
    with pytest.raises(HubAway, match="does not come to an end"):
        pull(waiting, Order(NAME))
    assert len(told) > 5  # nobody took it for dead meanwhile


def test_a_status_file_that_is_garbled_is_none(tmp_path: Path) -> None:
    write_status(tmp_path, PullStatus(PullState.PULLING, NAME, wish="seven"), utc_now())  # type: ignore[arg-type]
    assert read_status(tmp_path, utc_now()) is None


def test_a_name_without_weights_is_no_model(tmp_path: Path, hub: Hub) -> None:
    del hub.files["model.pt"], hub.files["Qwen3-0.6B/model.safetensors"]
    assert "holds no weights" in refused(HubRefused, tmp_path, hub).message


def test_no_hub_is_one_sentence_that_says_what_runs_meanwhile(tmp_path: Path) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(HubAway) as found:
        pull(desk(tmp_path, nobody, nobody), Order(NAME))
    assert found.value.message == (
        f"No model hub was reached ({nobody[7:]} is not reached: connection refused; {nobody[7:]} is not reached: connection "
        "refused); meanwhile the built-in engine transcribes what somebody declared English, and everything else waits."
    )
    assert "NAS_ASR_MODELSCOPE_URL" in found.value.remedy and "--from DIR" in found.value.remedy


def test_too_little_disk_is_said_before_anything_comes(tmp_path: Path, hub: Hub) -> None:
    small = desk(tmp_path, hub.address)
    small.free = lambda folder: 1_000_000
    with pytest.raises(StorageFull, match="needs 0.1 GB of free disk"):
        pull(small, Order(NAME))
    assert hub.file_requests() == []


def test_two_pulls_at_once_exclude_each_other(tmp_path: Path, hub: Hub) -> None:
    (tmp_path / "models").mkdir()
    with exclusive(tmp_path / "models", lambda: None), pytest.raises(Conflict, match="Another download is under way"):
        bring(tmp_path, hub)
    assert_whole(bring(tmp_path, hub), hub)


@pytest.mark.parametrize("name", ["Nonsense", "a/../b", "/etc", "a/b/c", "-x/y", ""])
def test_a_name_that_is_no_model_is_refused(tmp_path: Path, hub: Hub, name: str) -> None:
    with pytest.raises(Invalid, match="no model that we know"):
        pull(desk(tmp_path, hub.address), Order(name))


def program(data: Path, hub: Hub, *words: str) -> "subprocess.Popen[str]":
    """`nas-asr model ...` in a program of its own."""
    environ = {key: value for key, value in os.environ.items() if not key.startswith("NAS_ASR_")}
    environ |= {"NAS_ASR_MODELSCOPE_URL": hub.address, "NAS_ASR_HUGGINGFACE_URL": "http://127.0.0.1:9"}
    command = [sys.executable, "-m", "nas_asr", "--data", str(data), "model", *words]
    return subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_kill_9_in_the_middle_goes_on_with_the_next_pull(tmp_path: Path, hub: Hub) -> None:
    hub.hold = threading.Event()
    killed = program(tmp_path, hub, "pull")
    part = tmp_path / "models/modelscope/FunAudioLLM/Fun-ASR-Nano-2512.part/model.pt.part"
    wait_for(lambda: part.exists() and part.stat().st_size >= 1 << 20, 20, "a megabyte came")
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert find(tmp_path / "models", NAME) is None
    hub.hold.set()
    hub.hold = None
    hub.ranges.clear()
    again = program(tmp_path, hub, "pull")
    said, errors = again.communicate(timeout=60)
    assert again.returncode == 0, errors
    assert "licence Apache-2.0" in said and "is here now" in said
    (resumed,) = [wanted for wanted in hub.ranges if wanted]
    assert int(resumed[6:-1]) >= 1 << 20
    listed = json.loads(program(tmp_path, hub, "list", "--json").communicate(timeout=60)[0])
    assert [(row["name"], row["state"]) for row in listed][0] == (NAME, "here")
    verified = program(tmp_path, hub, "verify", NAME)
    assert "7 files are as they were pulled" in verified.communicate(timeout=60)[0]
    (tmp_path / "models/modelscope" / MODEL / "config.yaml").write_text("model: FunASRNanx\n")
    broken = program(tmp_path, hub, "verify")
    assert "config.yaml has another content than at its pull" in broken.communicate(timeout=60)[1]
    assert broken.returncode == 1


@pytest.fixture
def stick(tmp_path: Path, hub: Hub) -> Path:
    """A directory that somebody downloaded with another tool."""
    folder = tmp_path / "usb" / NAME
    for name, content in hub.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def test_a_directory_is_taken_over_without_a_network(tmp_path: Path, hub: Hub, stick: Path) -> None:
    pulled = carry(desk(tmp_path), Order(NAME), stick)
    assert_whole(pulled, hub)
    assert pulled.lock.source == "directory" and hub.asked == []
    assert names(stick) == set(hub.files)


def test_our_own_directory_is_compared_with_its_lock_file(tmp_path: Path, hub: Hub) -> None:
    pulled = bring(tmp_path, hub)
    shutil.copytree(tmp_path / "models", tmp_path / "usb")
    taken = carry(desk(tmp_path / "other"), Order(NAME), tmp_path / "usb")
    assert (taken.lock.source, taken.lock.files) == (pulled.lock.source, pulled.lock.files)
    (tmp_path / "usb/modelscope" / MODEL / "model.pt").write_bytes(b"PK cut")
    with pytest.raises(Invalid, match="model.pt has another size than at its pull"):
        carry(desk(tmp_path / "third"), Order(NAME), tmp_path / "usb")


def test_a_directory_that_was_not_copied_to_its_end_is_refused(tmp_path: Path, stick: Path) -> None:
    whole = (stick / "model.pt").read_bytes()
    pointer = b"version https://git-lfs.github.com/spec/v1"
    for content, words in ((whole[:-100], "ends too early"), (pointer, "pointer of Git LFS"), (b"", "lacks model.pt")):
        (stick / "model.pt").write_bytes(content)
        with pytest.raises(Invalid, match=words):
            carry(desk(tmp_path), Order(NAME), stick)
    with pytest.raises(Invalid, match="is no directory"):
        carry(desk(tmp_path), Order(NAME), tmp_path / "nowhere")
    with pytest.raises(Invalid, match="no configuration.json"):
        carry(desk(tmp_path), Order(NAME), tmp_path)
    assert find(tmp_path / "models", NAME) is None
