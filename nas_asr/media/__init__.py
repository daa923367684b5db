"""Room: media. The only place that opens recordings: what is in a file, its sound as PCM, its fingerprint. Never in-process.

A file from a share is a stranger's: it is opened here without following links, and looked into only by a child process with
limits (`media.child`). Importing this package loads neither PyAV nor numpy.
"""

from nas_asr.core.ports import Fingerprint
from nas_asr.media.files import fingerprint, open_folder, open_no_follow
from nas_asr.media.listen import decode, probe, to_opus

__all__ = ["Fingerprint", "decode", "fingerprint", "open_folder", "open_no_follow", "probe", "to_opus"]
