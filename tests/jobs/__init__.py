"""Room: tests.jobs. What the rooms jobs promise."""
