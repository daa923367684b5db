"""Room: tests.services. What the rooms services promise."""
