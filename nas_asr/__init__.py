"""Room: nas_asr. Self-hosted transcription for teams with a NAS. Holds the version and nothing else."""

__version__ = "0.1.0"
