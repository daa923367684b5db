"""Room: tests.web.test_escaping. Names come from file systems and people; none of them ever becomes markup."""

from pathlib import Path

from nas_asr.core.access import TokenScope
from nas_asr.core.ids import new_id
from nas_asr.core.recording import LedgerState, RunState
from nas_asr.services.base import House
from nas_asr.services.tokens import NewToken, create_token
from nas_asr.store.models import Folder, LedgerLine, Run, Team, User
from tests.cast import START, Cast, make_folder, make_recording, write_transcript
from tests.web.conftest import Visits

EVIL = "<img src=x onerror=alert(1)>\"'</script>"


def test_no_name_becomes_markup_on_any_page(visit: Visits, house: House, cast: Cast, tmp_path: Path) -> None:
    folder = make_folder(house.db, cast.choir, tmp_path / "share")
    done = make_recording(house, cast.choir, EVIL, folder_id=folder, author_id=cast.bob.user_id)
    write_transcript(house, done, [EVIL + " word"])
    failed = make_recording(house, cast.choir, EVIL + "2")
    with house.db.write() as session:
        run = session.query(Run).filter_by(recording_id=failed).one()
        run.failure_message = run.failure_remedy = EVIL
        run.state = RunState.FAILED
        session.get_one(Folder, folder).name = EVIL
        session.get_one(Folder, folder).offline_reason = EVIL
        session.get_one(Folder, folder).online = False
        session.get_one(Team, cast.choir).name = EVIL
        session.get_one(User, cast.bob.user_id).name = EVIL
        session.add(
            LedgerLine(
                id=new_id(),
                folder_id=folder,
                raw_path=EVIL.encode(),
                path=EVIL,
                size_bytes=1,
                mtime_ns=0,
                inode=1,
                state=LedgerState.FAILED,
                reason=EVIL,
                first_seen_at=START,
                changed_at=START,
            )  # fmt: skip
        )
    create_token(house, None, "alice", NewToken(EVIL, TokenScope.READ))
    pages = [
        "/", f"/?q={EVIL}", f"/recordings/{done}", f"/recordings/{done}?q=img&t=<b>&text=<b>", f"/recordings/{failed}",
        f"/recordings/{done}/history", f"/recordings/{done}/difference",
        f"/search?q={EVIL}", "/search?q=img word", "/folders", f"/folders/{folder}", f"/folders/{folder}?q={EVIL}", "/teams",
        "/teams/choir", "/account", "/admin", f"/nothing/{EVIL}", f"/recordings/{EVIL}", f"/teams/{EVIL}",
    ]  # fmt: skip
    for viewer in (cast.alice, cast.ada, None):
        browser = visit(viewer)
        for path in pages:
            page = browser.get(path).text
            assert "<img src=x" not in page, path
            assert '</script>"' not in page and "\"'</script>" not in page, path
    assert "&lt;img src=x" in visit(cast.alice).get("/").text


def test_marks_are_put_into_escaped_text(visit: Visits, house: House, cast: Cast) -> None:
    recording = make_recording(house, cast.choir)
    write_transcript(house, recording, ["a <b>bold</b> & <i>brave</i> word"])
    page = visit(cast.rita).get(f"/recordings/{recording}?q=bold brave").text
    assert "a &lt;b&gt;<mark>bold</mark>&lt;/b&gt; &amp; &lt;i&gt;<mark>brave</mark>&lt;/i&gt; word" in page
