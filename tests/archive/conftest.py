"""Room: tests.archive.conftest. PostgreSQL for the tests that want it."""

from tests.postgres import cluster, postgres, postgres_url

__all__ = ["cluster", "postgres", "postgres_url"]
