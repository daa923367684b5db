"""Room: tests.core.test_settings. Settings are read loudly: names, values, files and who wins."""

import dataclasses
import stat
from pathlib import Path

import pytest

from nas_asr.core.errors import ConfigError
from nas_asr.settings import Settings, example, load_settings, secret_key


def refused(environ: dict[str, str]) -> ConfigError:
    """The refusal of these settings."""
    with pytest.raises(ConfigError) as found:
        load_settings(environ)
    return found.value


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("NAS_ASR_PROT", "NAS_ASR_PORT"),
        ("NAS_ASR_SETTLE_SECOND", "NAS_ASR_SETTLE_SECONDS"),
        ("NAS_ASR_ENGIN", "NAS_ASR_ENGINE"),
        ("NAS_ASR_DATABASE", "NAS_ASR_DATABASE_URL"),
        ("NAS_ASR_port_", "NAS_ASR_PORT"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest_known_one(name: str, nearest: str) -> None:
    error = refused({name: "1"})
    assert name in error.message
    assert nearest in error.remedy


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "http"), ("PORT", "70000"), ("ENGINE", "whisper"), ("DEVICE", "gpu"), ("DEVICE", "cuda:x"),
        ("TIMEZONE", "Mars/Base"), ("SETTLE_SECONDS", "-1"), ("MAX_UPLOAD_MB", "0"), ("ARCHIVE_AT", "25:00"),
    ],
)  # fmt: skip
def test_a_bad_value_is_refused_by_name(name: str, value: str) -> None:
    error = refused({f"NAS_ASR_{name}": value})
    assert f"NAS_ASR_{name}" in error.message
    assert error.remedy


def test_an_empty_value_is_as_good_as_none() -> None:
    assert load_settings({"NAS_ASR_PORT": "", "PATH": "x"}).port == 7860


def test_the_environment_wins_over_the_file_and_the_command_line_over_both(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("port: 1001\nhost: 0.0.0.0\nsettle_seconds: 3\n")
    environ = {"NAS_ASR_DATA": str(tmp_path), "NAS_ASR_PORT": "1002", "NAS_ASR_HOST": "::"}
    settings = load_settings(environ, host="127.0.0.1", engine=None)
    assert (settings.port, settings.host, settings.settle_seconds) == (1002, "127.0.0.1", 3.0)


def test_the_file_of_the_data_given_on_the_command_line_is_read(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("NAS_ASR_PORT: 1001\n")
    assert load_settings({"NAS_ASR_DATA": "/nowhere"}, data=tmp_path).port == 1001


@pytest.mark.parametrize("content", ["prot: 1", "data: /x", "- a", "port: [", "port: {a: b}", b"\xff\xfe\x00"])
def test_a_bad_file_is_refused(content: str | bytes, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_bytes(content if isinstance(content, bytes) else content.encode())
    assert refused({"NAS_ASR_DATA": str(tmp_path)}).message


def test_a_secret_may_lie_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret\n")
    assert load_settings({"NAS_ASR_SECRET_KEY_FILE": str(tmp_path / "secret")}).secret_key == "s3cret"


def test_a_secret_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert "cannot be read" in refused({"NAS_ASR_REDIS_URL_FILE": str(tmp_path / "none")}).message


def test_a_secret_given_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "s").write_text("a")
    assert "both set" in refused({"NAS_ASR_OPENAI_KEY": "b", "NAS_ASR_OPENAI_KEY_FILE": str(tmp_path / "s")}).message


def test_no_secret_is_in_a_refusal(tmp_path: Path) -> None:
    (tmp_path / "s").write_text("hunter2")
    error = refused({"NAS_ASR_SECRET_KEY_FILE": str(tmp_path / "s"), "NAS_ASR_PORT": "x"})
    assert "hunter2" not in error.message + error.remedy


def test_lists_are_written_with_commas() -> None:
    settings = load_settings(
        {"NAS_ASR_TRUSTED_HOSTS": "nas.local, 10.0.0.2 ,", "NAS_ASR_TRUSTED_PROXIES": "10.0.0.0/8"}
    )
    assert settings.trusted_hosts == ("nas.local", "10.0.0.2")
    assert settings.hosts == settings.trusted_hosts


def test_the_hosts_own_names_are_answered_and_every_address_is_none() -> None:
    hosts = load_settings({"NAS_ASR_HOST": "0.0.0.0"}).hosts
    assert {"localhost", "127.0.0.1"} <= set(hosts)
    assert "0.0.0.0" not in hosts


def test_the_key_is_made_once_and_is_the_owners(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    first = secret_key(settings)
    assert secret_key(settings) == first
    assert len(first) >= 48
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600
    assert secret_key(Settings(data=tmp_path, secret_key="own")) == "own"


def test_every_setting_has_its_sentence() -> None:
    for field in dataclasses.fields(Settings):
        assert field.metadata["text"][0].isupper() or field.name == "device"
        assert field.metadata["text"].endswith(".")


def test_the_example_names_every_setting_and_changes_none(tmp_path: Path) -> None:
    lines = example().splitlines()
    named = {line[1:].partition("=")[0] for line in lines if line.startswith("#NAS_ASR_")}
    assert named == {f"NAS_ASR_{field.name.upper()}" for field in dataclasses.fields(Settings)}
    assert all(not line or line.startswith("#") for line in lines)
    given = dict(line[1:].split("=", 1) for line in lines if line.startswith("#NAS_ASR_"))
    assert load_settings(given) == Settings()
