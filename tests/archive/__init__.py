"""Room: tests.archive. The archive: bags, nights, verification, import."""
