"""Room: tests.cli."""
