"""Room: tests.export. What export promises."""
