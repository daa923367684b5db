"""Room: tests.web.api. Every call of the API, with everybody of the cast, through the real application."""
