"""Room: tests.journey."""
