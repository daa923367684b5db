"""Room: tests.store. What store promises."""
