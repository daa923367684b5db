"""Room: tests.web.test_storage. The storage page adds up what lies where."""

from nas_asr.services.base import House
from nas_asr.services.storage import storage
from tests.cast import Cast, make_folder, make_recording
from tests.web.conftest import Visits


def test_folders_uploads_and_trash_are_told_apart(visit: Visits, house: House, cast: Cast) -> None:
    folder = make_folder(house.db, cast.choir, house.options.data / "share")
    make_recording(house, cast.choir, "on the share", folder_id=folder, size_bytes=5_000_000)
    make_recording(house, cast.choir, "uploaded", size_bytes=3_000_000)
    make_recording(house, cast.choir, "thrown away", size_bytes=1_000_000, trashed_at=house.now())
    (house.options.data / "uploads").mkdir(exist_ok=True)
    (house.options.data / "uploads" / "a.wav").write_bytes(b"x" * 2_000)
    found = storage(house, cast.ada)
    choir = next(team for team in found.teams if team.slug == "choir")
    assert (choir.in_folders, choir.uploads, choir.trash) == (5_000_000, 4_000_000, 1_000_000)
    assert (choir.recordings, choir.duration_ms) == (3, 120_000)
    assert [(place.name, place.size_bytes, place.files) for place in found.places] == [("uploads", 2_000, 1)]
    assert found.database_bytes > 10_000 and 0 < found.free_bytes <= found.disk_bytes
    page = visit(cast.ada).get("/admin/storage").text
    assert "Choir" in page and "free of" in page and " MB" in page
