"""Room: tests.install. What a person meets while things are being installed: sentences, progress, nothing broken."""
