"""Room: tests.export.test_golden. Each format letter for letter. Changed on purpose? `pytest tests/export --regold`."""

from pathlib import Path

import pytest

from nas_asr.export import FORMATS, ExportOptions, TextLayer
from tests.export.sources import FULL

GOLDEN = Path(__file__).parent / "golden"
WANTED = {
    "full": ExportOptions(),
    "spoken": ExportOptions(text=TextLayer.SPOKEN),
    "bare": ExportOptions(timestamps=False, speakers=False),
}


@pytest.mark.parametrize("name", [name for name, form in FORMATS.items() if not form.binary])
@pytest.mark.parametrize("options", WANTED)
def test_a_format_is_what_it_was(name: str, options: str, pytestconfig: pytest.Config) -> None:
    path = GOLDEN / f"{options}.{name}"
    content = FORMATS[name].write(FULL, WANTED[options])
    if pytestconfig.getoption("--regold", default=False):
        path.write_bytes(content)
    assert content == path.read_bytes()
