"""Room: tests.stage_two. Skips a module whose tests need torch and funasr, without importing funasr: every worker collects it."""

from importlib.util import find_spec

import pytest


def need() -> None:
    """At the beginning of such a module. Importing funasr takes seconds, and only who runs the tests has to."""
    if find_spec("torch") is None or find_spec("funasr") is None:
        pytest.skip("funasr and torch are not installed (stage 1)", allow_module_level=True)
