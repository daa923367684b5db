"""Room: watcher. From a folder on a share to services.ingest: scan, settle, wake, take. Never writes to a share."""
