"""Room: settings. The one place that reads the environment and DATA/config.yaml. Fails loudly, with the name and the remedy.

A plain dataclass: pydantic would cost each of the small processes 17 MB (decision 17).
"""

import dataclasses
import difflib
import os
import re
import secrets
import socket
from collections.abc import Callable, Mapping
from datetime import time
from pathlib import Path
from typing import Any, TypeVar

from nas_asr.core.errors import ConfigError
from nas_asr.core.languages import LANGUAGES
from nas_asr.core.offers import ENGINES
from nas_asr.core.tunable import TUNABLE

PREFIX = "NAS_ASR_"
# May come from a file that NAME_FILE names.
SECRETS = ("SECRET_KEY", "DATABASE_URL", "REDIS_URL", "OPENAI_KEY", "OIDC_CLIENT_SECRET")

SETUP_TOKEN = "setup_token"  # noqa: S105 (a file in DATA: what /setup asks of another machine)

ADDRESS = "address"  # a file in DATA while `up` runs: where the page is

T = TypeVar("T")


def _setting(default: T, text: str, read: Callable[[Any], T]) -> T:
    """A field with its documentation, and how its value is read from a word; `read` raises ValueError with a sentence."""
    field: T = dataclasses.field(default=default, metadata={"text": text, "read": read})
    return field


def _within(kind: type[int] | type[float], least: float, most: float) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        try:
            number = kind(value)
        except (TypeError, ValueError) as error:
            raise ValueError(f"it must be a number, not “{value}”") from error
        if not least <= number <= most:
            raise ValueError(f"it must lie between {least} and {most}")
        return number

    return read


def _truth(value: Any) -> bool:
    word = str(value).lower()
    if word not in ("true", "false", "1", "0", "yes", "no", "on", "off"):
        raise ValueError("it must be true or false")
    return word in ("true", "1", "yes", "on")


def _one_of(words: tuple[str, ...]) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if value not in words:
            raise ValueError(f"it must be one of {', '.join(words)}")
        return str(value)

    return read


def _list(value: Any) -> tuple[str, ...]:
    parts = value.split(",") if isinstance(value, str) else value
    return tuple(str(part).strip() for part in parts if str(part).strip())


def _clock(value: Any) -> time:
    try:
        clock = time.fromisoformat(str(value))
    except ValueError as error:
        raise ValueError("it must be a time such as 02:00") from error
    if clock.tzinfo is not None or clock.second or clock.microsecond:  # the zone is a setting of its own
        raise ValueError("it must be a time such as 02:00")
    return clock


def _zone(value: Any) -> str:
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(str(value))
    except (KeyError, ValueError, OSError) as error:
        raise ValueError("it must be a time zone of the IANA list, such as Asia/Shanghai") from error
    return str(value)


def _ancestors(value: Any) -> str:
    """Sources of a Content-Security-Policy; in a header no other signs may stand, and a comma would begin another one."""
    text = str(value)
    if not text.isascii() or not text.isprintable() or "," in text:
        raise ValueError("it must be sources such as 'self' https://home.example, with blanks between them")
    return text


def _address(value: Any) -> str:
    from urllib.parse import urlsplit

    word = str(value).rstrip("/")
    parts = urlsplit(word)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or " " in word:
        raise ValueError("it must be an address such as https://example.org")
    return word


def _device(value: Any) -> str:
    word = str(value)
    if word in ("auto", "cpu", "mps") or re.fullmatch(r"cuda:[0-9]{1,3}", word):
        return word
    raise ValueError("it must be auto, cpu, mps or cuda:N")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting with its default; the text of each is its documentation (deploy/settings.env is made of it)."""

    data: Path = _setting(
        Path("data"), "Where the database, uploads, logs and models live. Never on a NAS share.", Path
    )
    host: str = _setting("127.0.0.1", "Address that the pages are served on.", str)
    port: int = _setting(7860, "Port that the pages are served on.", _within(int, 1, 65535))
    database_url: str = _setting("", "SQLAlchemy URL; empty means SQLite in DATA.", str)
    redis_url: str = _setting(
        "", "Redis for the queue; empty means the embedded one in DATA, which runs only while `up` does.", str
    )
    secret_key: str = _setting("", "Signs sessions; empty means: made once and kept in DATA/secret_key.", str)
    engine: str = _setting("auto", "Recogniser: auto takes the best one whose weights are here.", _one_of(ENGINES))
    model: str = _setting("", "Hub id or directory of the model; empty means the engine's own default.", str)
    device: str = _setting("auto", "auto, cuda:0, mps or cpu.", _device)
    threads: int = _setting(
        0, "Threads or processes of the recogniser; 0 means one for each core.", _within(int, 0, 256)
    )
    idle_minutes: float = _setting(
        0.0, "A worker unloads its models after so many idle minutes; 0 means never.", _within(float, 0, 100_000)
    )
    redo_drafts: bool = _setting(
        False,
        "English drafts of the built-in engine are transcribed again by themselves once Fun-ASR-Nano is here.",
        _truth,
    )
    language: str = _setting(
        "", "What new folders speak unless somebody says otherwise; empty follows the page.", _one_of(("", *LANGUAGES))
    )
    workers: int = _setting(1, "Worker processes that `up` starts.", _within(int, 0, 64))
    settle_seconds: float = _setting(
        10.0, "A file is taken when it has not changed for so long.", _within(float, 0, 86400)
    )
    scan_seconds: float = _setting(30.0, "A folder is looked through at least this often.", _within(float, 0.1, 86400))
    archive_root: Path | None = _setting(None, "Where tonight's archive goes; empty means DATA/archive.", Path)
    archive_at: time = _setting(time(2, 0), "When the nightly archive runs, in the site's time zone.", _clock)
    timezone: str = _setting("", "The site's time zone, such as Europe/Berlin; empty means the machine's.", _zone)
    trusted_proxies: tuple[str, ...] = _setting((), "Addresses or networks of reverse proxies, comma-separated.", _list)
    trusted_hosts: tuple[str, ...] = _setting(
        (), "Host names that are answered; empty means localhost, 127.0.0.1 and the machine's own names.", _list
    )
    frame_ancestors: str = _setting(
        "'none'", "Who may show the small page /embed in a frame (Content-Security-Policy syntax).", _ancestors
    )
    openai_url: str = _setting("", "Base URL of an OpenAI-compatible transcription server (engine openai).", str)
    openai_key: str = _setting("", "Its key.", str)
    openai_hotwords: str = _setting(
        "prompt", "The field that carries hotwords to it: prompt, hotwords, both or off.",
        _one_of(("prompt", "hotwords", "both", "off")),
    )  # fmt: skip
    openai_at_once: int = _setting(4, "Requests that it is asked at once.", _within(int, 1, 64))
    modelscope_url: str = _setting(
        "https://modelscope.cn",
        "Where models are pulled from first: ModelScope, or a mirror that speaks as it does.",
        _address,
    )
    huggingface_url: str = _setting(
        "https://huggingface.co",
        "Where models are pulled from else: Hugging Face, or a mirror that speaks as it does.",
        _address,
    )
    oidc_issuer: str = _setting("", "OpenID Connect issuer for single sign-on.", str)
    oidc_client_id: str = _setting("", "Client id at that issuer.", str)
    oidc_client_secret: str = _setting("", "Client secret at that issuer.", str)
    max_upload_mb: int = _setting(4096, "Largest upload through the page or the API, in MiB.", _within(int, 1, 1 << 30))

    @property
    def database(self) -> str:
        """The database URL, with SQLite in DATA as the default."""
        return self.database_url or f"sqlite:///{self.data.absolute() / 'nas_asr.sqlite3'}"

    @property
    def archive(self) -> Path:
        """Root of the archive."""
        return self.archive_root or self.data / "archive"

    def pinned(self) -> dict[str, str]:
        """Settings that the page may not change, because somebody wrote them down elsewhere: name to where."""
        return _pinned(self.data)

    def overlaid(self, stored: Mapping[str, str | None]) -> "Settings":
        """These settings with what admins chose on the page; what is pinned stays, None is not chosen.

        Raises ConfigError that names the setting where a value cannot be used.
        """
        pinned = self.pinned() if stored else {}
        chosen: dict[str, Any] = {
            name: _read(name, text)
            for name, text in stored.items()
            if text is not None and name in TUNABLE and name not in pinned
        }
        return dataclasses.replace(self, **chosen)

    @property
    def hosts(self) -> tuple[str, ...]:
        """Host names that are answered (Werkzeug's TRUSTED_HOSTS)."""
        name = socket.gethostname()  # getfqdn() may wait for a name server that a house without internet has not
        own = {"localhost", "127.0.0.1", "[::1]", self.host, name, f"{name}.local", _own_address()}
        return self.trusted_hosts or tuple(sorted(own - {"", "0.0.0.0", "::"}))  # noqa: S104 (not an address to bind)


def _own_address() -> str:
    """The machine's address in its network, for who types it; a name that a stranger points here is not answered."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # documentation address (RFC 5737); connecting UDP sends nothing
            return str(probe.getsockname()[0])
        except OSError:
            return ""


_FIELDS = {field.name: field for field in dataclasses.fields(Settings)}


def load_settings(environ: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """Settings from overrides (command line), then the environment, then DATA/config.yaml, then defaults.

    Raises ConfigError that names the setting, what is wrong with it and what to do.
    """
    environ = os.environ if environ is None else environ
    given = _from_environment(environ) | {k: v for k, v in overrides.items() if v is not None}
    data = Path(given.get("data") or "data")
    values = _from_file(data / "config.yaml") | given
    return Settings(**{name: _read(name, value) for name, value in values.items()})


def _pinned(data: Path, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    file = data / "config.yaml"
    given = dict.fromkeys(_from_file(file), str(file))
    given |= {name: PREFIX + name.upper() for name in _from_environment(os.environ if environ is None else environ)}
    return {name: where for name, where in given.items() if name in TUNABLE}


def _read(name: str, value: Any) -> Any:
    try:
        return _FIELDS[name].metadata["read"](value)
    except (ValueError, TypeError) as error:
        full = PREFIX + name.upper()
        raise ConfigError(f"{full} has a value that cannot be used: {error}.", f"Correct or unset {full}.") from error


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in environ.items():
        if not name.startswith(PREFIX):
            continue
        key = name.removeprefix(PREFIX)
        if key.endswith("_FILE") and key.removesuffix("_FILE").lower() in _FIELDS:
            key, value = key.removesuffix("_FILE"), _secret_file(name, value, environ)
        if key.lower() not in _FIELDS:
            raise ConfigError(f"{name} is not a setting of nas_asr.", _did_you_mean(key))
        if value != "":
            values[key.lower()] = value
    return values


def _secret_file(name: str, path: str, environ: Mapping[str, str]) -> str:
    plain = name.removesuffix("_FILE")
    if environ.get(plain):
        raise ConfigError(f"{plain} and {name} are both set.", f"Unset one of them; {name} is the safer one.")
    try:
        return Path(path).read_text("utf-8").rstrip("\r\n")
    except OSError as error:
        raise ConfigError(
            f"{name} names {path}, which cannot be read: {error.strerror}.", "Create the file or unset the setting."
        ) from error


def _did_you_mean(key: str) -> str:
    names = [field.upper() for field in _FIELDS]
    near = difflib.get_close_matches(key.upper(), names, n=1, cutoff=0.0)
    return f"Did you mean {PREFIX}{near[0]}?"


def _from_file(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    import yaml  # costs every process 1 MB; few houses have the file

    try:
        content = yaml.safe_load(path.read_text("utf-8")) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{path} cannot be read as YAML: {error}.", "Correct the file or move it away.") from error
    if not isinstance(content, dict):
        raise ConfigError(f"{path} must hold `name: value` lines.", "See deploy/settings.env for the names.")
    values: dict[str, Any] = {}
    for name, value in content.items():
        key = str(name).upper().removeprefix(PREFIX)
        if key.lower() not in _FIELDS or key == "DATA":
            raise ConfigError(f"{path} sets {name}, which is not a setting that can stand there.", _did_you_mean(key))
        values[key.lower()] = value
    return values


def secret_key(settings: Settings) -> str:
    """The key that signs sessions: as set, else made once and kept in DATA/secret_key, readable by the owner only."""
    if settings.secret_key:
        return settings.secret_key
    path = settings.data / "secret_key"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text("ascii").strip()
    with os.fdopen(descriptor, "w") as file:
        file.write(key := secrets.token_urlsafe(48))
    return key


def prepare_torch(threads: int) -> None:
    """Set in our own environment what torch and funasr read when they are imported; call it before they are.

    threads: of the recogniser, 0 for one a core. Threads that wait must sleep: on a busy machine of two cores, spinning ones
    cost ten times the work. No model hub is ever asked: what is not on this machine is not there.
    """
    os.environ.update(
        HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1", TOKENIZERS_PARALLELISM="false"
    )
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if threads:
        os.environ.setdefault("OMP_NUM_THREADS", str(threads))
    os.environ.setdefault("PYTORCH_ALLOC_CONF", "expandable_segments:True")  # long and short rows in turn


def example() -> str:
    """deploy/settings.env: every setting with its text and its default, commented out."""
    lines = [
        "# Settings of nas_asr. Made by `make settings` from nas_asr/settings.py; remove the # of what you change.",
        "",
    ]
    for name, field in _FIELDS.items():
        default = "" if field.default in (None, ()) else _word(field.default)
        secret = f" {PREFIX}{name.upper()}_FILE names a file that holds it." if name.upper() in SECRETS else ""
        lines += [f"# {field.metadata['text']}{secret}", f"#{PREFIX}{name.upper()}={default}", ""]
    return "\n".join(lines)


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


if __name__ == "__main__":
    Path("deploy/settings.env").write_text(example(), "utf-8")
