"""Room: worker.room. What a worker is made of and told: its plan, its pace, and what its child works with. Pure values."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from importlib import import_module
from typing import Any

from nas_asr.core.errors import ConfigError
from nas_asr.core.ports import Transcriber
from nas_asr.services.base import House


@dataclass(frozen=True, slots=True)
class WorkerRoom:
    """What the spawned child works with; made once, by the factory that the plan names."""

    house: House
    transcriber: Transcriber


@dataclass(frozen=True, slots=True)
class Pace:
    """How often and how long, in seconds; tests hurry.

    lease_s: silence after which a run is another's; extended, with the progress, fifteen times as often. tick_s: how often a
    stop is looked for. beat_s: between two signs of life in the database. silence_s: a busy child that says nothing for so
    long is beyond help. patience_s: between two tries at something that is away. grace_s: for an engine to stop when it
    must. stall_s: an engine that gets no further for so long, and for twice the time that it should take, is stuck.
    shun_s: so long a run that ended a child is left to other workers.
    """

    lease_s: float = 30.0
    tick_s: float = 0.3
    beat_s: float = 5.0
    silence_s: float = 120.0
    patience_s: float = 1.0
    grace_s: float = 10.0
    stall_s: float = 300.0
    shun_s: float = 60.0


@dataclass(frozen=True, slots=True)
class WorkerPlan:
    """How to start one worker.

    queue_url: redis:// or unix://. factory: `module:function`, called in the child as function(argument) -> WorkerRoom.
    name: stable over restarts; empty takes the first free slot of this DATA on this machine. look: a word that changes when
    engines come or go on this machine; asked between two runs, so it is quick and loads nothing.
    """

    queue_url: str
    factory: str
    argument: str = ""
    name: str = ""
    pace: Pace = field(default_factory=Pace)
    look: Callable[[], str] = field(default=str)


@dataclass(frozen=True, slots=True)
class Errand:
    """What the child is told when it is spawned; travels as JSON."""

    parent: int
    ears: int  # descriptor to hear the parent on
    mouth: int  # descriptor to speak to it
    path: list[str]
    factory: str
    argument: str
    name: str
    boot: str
    pace: dict[str, float]
    shuns: list[str]

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)


def make_room(factory: str, argument: str) -> WorkerRoom:
    """Call the factory by its dotted name. Raises ConfigError where there is none, and whatever it raises itself."""
    module, _, function = factory.partition(":")
    try:
        make = getattr(import_module(module), function)
    except (ImportError, AttributeError) as error:
        raise ConfigError(
            f"The worker's factory {factory} cannot be found: {error}.", "Install nas_asr anew."
        ) from error
    room = make(argument)
    if not isinstance(room, WorkerRoom):
        raise ConfigError(f"The worker's factory {factory} made no WorkerRoom.", "Install nas_asr anew.")
    return room
