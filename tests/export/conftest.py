"""Room: tests.export.conftest. The switch that writes the golden files anew."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """--regold."""
    parser.addoption("--regold", action="store_true", help="write the golden files of tests/export anew")
