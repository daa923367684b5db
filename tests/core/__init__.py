"""Room: tests.core. What core promises."""
