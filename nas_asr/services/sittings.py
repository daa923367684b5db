"""Room: services.sittings. A transcript's history as people remember it: who sat over it when, not every saved word.

Edits of one person belong together while no more than ten minutes lie between two of them. Groups versions; changes none.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from nas_asr.core.access import Viewer
from nas_asr.core.transcript import Origin, VersionKind
from nas_asr.services.base import House
from nas_asr.services.transcripts import VersionView, list_versions

PAUSE = timedelta(minutes=10)


class _Version(Protocol):
    @property
    def number(self) -> int: ...
    @property
    def base(self) -> int: ...
    @property
    def origin(self) -> Origin: ...
    @property
    def author_id(self) -> str | None: ...
    @property
    def created_at(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Sitting:
    """Versions that belong together, oldest first; a version by the machine stands alone. tally: edits of each kind."""

    versions: Sequence[VersionView]
    tally: Mapping[str, int]

    @property
    def first(self) -> VersionView:
        """The version it began with."""
        return self.versions[0]

    @property
    def last(self) -> VersionView:
        """The version it came to."""
        return self.versions[-1]

    @property
    def changes(self) -> int:
        """How many places were changed."""
        return sum(self.tally.values())

    @property
    def edits_its_base(self) -> bool:
        """Whether what it changed is what its text differs in from that of the version it stands on."""
        return self.last.origin in (Origin.EDIT, Origin.HOTWORD)

    def holds(self, number: int) -> bool:
        """Whether a version was made in this sitting."""
        return any(one.number == number for one in self.versions)

    @property
    def by_machine(self) -> bool:
        """Whether nobody sat here."""
        return self.last.kind == VersionKind.MACHINE


def goes_on(before: _Version, after: _Version) -> bool:
    """Whether a version belongs to the sitting of the one before it."""
    return (
        before.origin == after.origin == Origin.EDIT
        and after.base == before.number
        and after.author_id == before.author_id
        and after.created_at - before.created_at <= PAUSE
    )


def sittings_of(versions: Iterable[VersionView]) -> list[Sitting]:
    """Versions, newest first, as sittings, newest first."""
    groups: list[list[VersionView]] = []
    for version in versions:
        if groups and goes_on(version, groups[-1][-1]):
            groups[-1].append(version)
        else:
            groups.append([version])
    return [Sitting(tuple(reversed(group)), _tally(group)) for group in groups]


def read_sittings(house: House, viewer: Viewer, recording_id: str) -> list[Sitting]:
    """A recording's history, newest first."""
    return sittings_of(list_versions(house, viewer, recording_id))


def _tally(versions: Iterable[VersionView]) -> Mapping[str, int]:
    whole: Counter[str] = Counter()
    for version in versions:
        whole.update(version.tally)
    return whole
