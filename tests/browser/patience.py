"""Room: tests.browser.patience. Walks of many steps wait longer for each: a busy machine is no fault of the page."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

_USUAL_MS = 5_000
_PATIENT_MS = 30_000


@pytest.fixture
def patient() -> Iterator[None]:
    """While this holds, expect() waits long for what is to come."""
    expect.set_options(timeout=_PATIENT_MS)
    yield
    expect.set_options(timeout=_USUAL_MS)
