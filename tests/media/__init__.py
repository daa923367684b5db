"""Room: tests.media. Files as people and attackers put them into a share."""
