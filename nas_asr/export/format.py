"""Room: export.format. What is known of a format: its names, its options and who writes it. The table is in nas_asr.export."""

from collections.abc import Callable
from dataclasses import dataclass

from nas_asr.export.source import ExportOptions, ExportSource


@dataclass(frozen=True, slots=True)
class Format:
    """One way to write a transcript: its name in addresses, what people call it, the media type, and who writes it.

    takes: options that make a difference, or that it fulfils anyway. binary: nothing for a terminal, and packed already.
    """

    name: str
    label: str
    media_type: str
    takes: frozenset[str]
    write: Callable[[ExportSource, ExportOptions], bytes]
    binary: bool = False

    @property
    def suffix(self) -> str:
        """Of its files' names, without the dot."""
        return self.name
