"""Room: archive. Bags (BagIt, RFC 8493) on disk: written whole or not at all, read back, checked. Never asks the database."""
