"""Room: core.tunable. Which settings an admin may change on the page, and which of them the engine is made of. Names only."""

ENGINE_SETTINGS = ("engine", "model", "device", "threads")  # a worker's child has to start anew for these
TUNABLE = (*ENGINE_SETTINGS, "idle_minutes", "redo_drafts", "language", "settle_seconds", "scan_seconds", "archive_at")
