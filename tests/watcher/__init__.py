"""Room: tests.watcher. Folders as they grow, vanish and come back."""
