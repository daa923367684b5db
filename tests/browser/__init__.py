"""Room: tests.browser. The pages in a real Chromium against a real server. Nothing here replaces the tests of tests/web."""
