"""Room: tests.web. What web promises."""
