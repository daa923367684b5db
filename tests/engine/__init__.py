"""Room: tests.engine. The engine on real sound: voices of the house's own sample, real recordings where they are here."""
