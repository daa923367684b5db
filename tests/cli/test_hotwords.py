"""Room: tests.cli.test_hotwords. A team's list by the command line: from a file, from a pipe, and back."""

import json
from pathlib import Path

from tests.cli.test_people import call


def test_what_was_set_is_shown_and_can_be_set_again(tmp_path: Path) -> None:
    call(tmp_path, "user", "add", "alice", "--password-stdin", stdin="a long password\n")
    call(tmp_path, "team", "add", "choir")
    (tmp_path / "words.txt").write_text("# ours\nKubernetes\nIPO = I P O\n[x]\n显存\n", "utf-8")
    done = call(tmp_path, "hotwords", "set", "choir", str(tmp_path / "words.txt"))
    assert done.exit_code == 0, done.output
    assert "Version 1 of choir: 3 words, 1 refused." in done.stdout
    assert "line 4: [x]: Brackets are not allowed" in done.stderr
    shown = call(tmp_path, "hotwords", "show", "choir").stdout
    assert shown == "Kubernetes\nIPO = I P O\n显存\n"
    assert "Version 1" in call(tmp_path, "hotwords", "set", "choir", "-", stdin=shown).stdout
    as_json = json.loads(call(tmp_path, "hotwords", "show", "choir", "--json").stdout)
    assert (as_json["version"], as_json["author"]) == (1, None)


def test_mistakes_are_one_sentence(tmp_path: Path) -> None:
    call(tmp_path, "user", "add", "alice", "--password-stdin", stdin="a long password\n")
    call(tmp_path, "team", "add", "choir")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    for words in (("set", "nobody", "-"), ("show", "nobody"), ("set", "choir", str(tmp_path / "binary"))):
        done = call(tmp_path, "hotwords", *words)
        assert done.exit_code == 1 and done.stderr.startswith("nas-asr: ") and done.stderr.count("\n") == 1
    missing = call(tmp_path, "hotwords", "set", "choir", str(tmp_path / "missing"))
    assert missing.exit_code == 1 and "missing" in missing.stderr
