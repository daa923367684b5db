"""Room: tests. Sentences about what people see; the cast and the factories are in tests.cast."""
