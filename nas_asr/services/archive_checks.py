"""Room: services.archive_checks. Verifies the bags of a team, or the whole archive, and keeps what was found. Repairs nothing."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from nas_asr.archive.check import check_bag
from nas_asr.archive.layout import bags_below
from nas_asr.core.errors import ArchiveUnavailable
from nas_asr.core.safe_names import printable
from nas_asr.services.archive import Lease, Report, archive_root, do
from nas_asr.services.archive_nights import Night, ask, claim, end
from nas_asr.services.base import House
from nas_asr.store.models import ArchiveBag, Team

_MOST_IN_REPORT = 200


@dataclass
class CheckReport:
    """What a verification found. troubles: bag (path below the root) and sentence, which names the file in it."""

    team: str
    bags: int = 0
    files: int = 0
    bytes: int = 0
    troubles: list[dict[str, str]] = field(default_factory=list)
    failure: str = ""

    def plain(self) -> dict[str, Any]:
        """As the table keeps it."""
        return {
            "bags": self.bags, "files": self.files, "bytes": self.bytes, "troubles": self.troubles[:_MOST_IN_REPORT],
            "troubles_count": len(self.troubles),
        }  # fmt: skip


def do_due(house: House, team: str = "", run_id: str | None = None) -> Report | CheckReport | None:
    """Claim a run that is due, of any kind, and do it; None where there is none."""
    night = claim(house, run_id, team)
    if night is None:
        return None
    return _verify_team(house, night) if night.kind == "verify" else do(house, night)


def verify_known(house: House) -> list[CheckReport]:
    """Verify every bag that this house wrote or took in, team by team; the result is kept as a run of each team."""
    with house.db.read() as session:
        slugs = session.scalars(
            select(Team.slug).where(Team.id.in_(select(ArchiveBag.team_id))).order_by(Team.slug)
        ).all()
    reports = []
    for slug in slugs:
        night = claim(house, ask(house, None, slug, "verify"))
        if night is None:  # its archive is just being written
            reports.append(
                CheckReport(slug, failure="The archive of this team is being written; verify it afterwards.")
            )
        else:
            reports.append(_verify_team(house, night))
    return reports


def verify_others(house: House) -> CheckReport:
    """Verify the bags below the root that this house does not know: of another one, or of before a new database."""
    root = archive_root(house)
    with house.db.read() as session:
        known = set(session.scalars(select(ArchiveBag.path).where(ArchiveBag.root == str(root))))
    report = CheckReport("")
    for bag in bags_below(root):
        path = bag.relative_to(root)
        if str(path) not in known:
            _check(report, root, (str(path), ""), lambda: None)
    return report


def _verify_team(house: House, night: Night) -> CheckReport:
    report, lease = CheckReport(night.team), Lease(house, night)
    try:
        root = archive_root(house)
        with house.db.read() as session:
            statement = select(ArchiveBag.id, ArchiveBag.path, ArchiveBag.seal).where(
                ArchiveBag.team_id == night.team_id, ArchiveBag.root == str(root)
            )
            bags = session.execute(statement.order_by(ArchiveBag.path)).all()
        for bag_id, path, seal in bags:
            lease.beat()
            trouble = _check(report, root, (path, seal), lease.beat)
            with house.db.write() as session:
                session.execute(
                    update(ArchiveBag).where(ArchiveBag.id == bag_id).values(verified_at=house.now(), trouble=trouble)
                )
    except ArchiveUnavailable as error:
        report.failure = f"{error.message} {error.remedy}".strip()
    end(house, night, report.plain(), report.failure)
    return report


def _check(report: CheckReport, root: Path, bag: tuple[str, str], beat: Callable[[], None]) -> str:
    path, seal = bag
    checked = check_bag(root / path, beat, seal)
    report.bags += 1
    report.files += checked.files
    report.bytes += checked.size_bytes
    report.troubles += [{"bag": printable(path), "trouble": trouble} for trouble in checked.troubles]
    return " ".join(checked.troubles)
