"""Room: web.api.spool. Where the files of a form wait until somebody takes them: on DATA's disk, never in memory or /tmp."""

import errno
import tempfile
from typing import IO, TYPE_CHECKING, cast

from nas_asr.core.errors import StorageFull
from nas_asr.web.hosts import HostedRequest
from nas_asr.web.viewer import house

if TYPE_CHECKING:
    _SpooledFile = tempfile.SpooledTemporaryFile[bytes]
else:
    _SpooledFile = tempfile.SpooledTemporaryFile

_IN_MEMORY = 256 << 10
_FULL = (errno.ENOSPC, errno.EDQUOT)


class Spool(_SpooledFile):
    """A file without a name: a crash leaves nothing behind."""

    def write(self, data: bytes) -> int:  # type: ignore[override]
        """As usual; a full disk is said in words."""
        try:
            return super().write(data)
        except OSError as error:
            if error.errno in _FULL:
                raise StorageFull(
                    "The disk that keeps uploads is full.",
                    "Free some space under DATA and upload again; nothing was kept.",
                ) from error
            raise


class SpoolingRequest(HostedRequest):
    """The system's place for such files may be memory, or small; four gigabytes must go where they will lie in the end."""

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        folder = house().uploads
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return cast(IO[bytes], Spool(max_size=_IN_MEMORY, dir=str(folder)))
