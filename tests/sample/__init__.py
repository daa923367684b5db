"""Room: tests.sample. The sample meeting: its sound, its text, and the script that made both."""
