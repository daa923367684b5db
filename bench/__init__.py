"""Room: bench. Measurements and the chaos harness; each script runs by itself. Never part of what is installed."""
