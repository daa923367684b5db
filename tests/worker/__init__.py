"""Room: tests.worker. The warm worker in programs of its own, with a real Redis and a real database."""
