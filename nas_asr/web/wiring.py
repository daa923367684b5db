"""Room: web.wiring. What the web room is given beside the house: its own settings and stage 2's progress. No Flask set-up."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from flask import current_app

from nas_asr.core.findings import Finding
from nas_asr.core.ports import Options
from nas_asr.services.hotword_reach import Listen, Place

WEB = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class StageTwoView:
    """How far the second stage of the installation is: torch, funasr and the model.

    state: absent (not asked for), installing, ready, failed. done and total count steps; message and remedy are sentences.
    """

    state: str = "absent"
    step: str = ""
    done: int = 0
    total: int = 0
    message: str = ""
    remedy: str = ""

    @property
    def installing(self) -> bool:
        """Whether it is under way, so that the page shows progress."""
        return self.state == "installing"


def no_trial(_wanted: Options) -> None:
    """A house whose engine loads whatever the settings say (tests)."""


def no_findings() -> Sequence[Finding]:
    """A house that nobody examines (tests)."""
    return ()


def deaf(_lines: Sequence[str], texts: Sequence[str]) -> Sequence[Sequence[Place]]:
    """A house in which nothing sounds like anything (tests)."""
    return [[] for _ in texts]


def no_stage_two() -> StageTwoView:
    """A house in which nothing is being installed."""
    return StageTwoView()


@dataclass(frozen=True, slots=True)
class WebSetup:
    """What the pages need to know beside the house; made by bootstrap from the settings.

    trusted_hosts: empty answers every host name. trusted_proxies: addresses or networks whose X-Forwarded-* are believed.
    redis_url: where Flask-Limiter counts; empty counts in memory. setup_token: asked by /setup from another machine.
    max_upload_mb: MiB. streams: how many live pages one process serves before the others fall back to asking.
    examine: what the doctor finds; takes seconds, raises NasAsrError where it cannot be asked.
    listen: where hotwords are meant in texts, by their sound.
    trial: loads the engine of these settings elsewhere, raises NasAsrError where it does not load.
    """

    secret_key: str
    trusted_hosts: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()
    frame_ancestors: str = "'none'"
    redis_url: str = ""
    max_upload_mb: int = 4096
    stage_two: Callable[[], StageTwoView] = field(default=no_stage_two)
    setup_token: str = ""
    trial: Callable[[Options], None] = field(default=no_trial)
    examine: Callable[[], Sequence[Finding]] = field(default=no_findings)
    listen: Listen = field(default=deaf)
    streams: int = 12

    @property
    def templates(self) -> Path:
        """Beside the package in a wheel, at the top of a source checkout otherwise."""
        packaged = WEB.parent / "templates"
        return packaged if packaged.is_dir() else WEB.parents[1] / "templates"


def wiring() -> WebSetup:
    """What create_app was given."""
    found = current_app.extensions["nas_asr_web"]
    assert isinstance(found, WebSetup)
    return found
