"""Room: core.errors. The tree of everything that can go wrong in words a person can read. Never a stack trace.

NasAsrError                       code, message, remedy; permanent = trying again unchanged cannot help
 |- ConfigError                   the house refuses to open: a setting, a Python, a directory
 |- MediaError                    the file itself
 |   |- NotAudio                  nothing in it that we can decode
 |   |- Incomplete                zero bytes, or a header that is not there (yet)
 |   |- NoAudioTrack              a video or picture without sound
 |   |- MediaTooHard              decoding broke a limit of time, memory or length
 |   |- DecoderLost               somebody killed the decoder (transient)
 |   `- Unreadable                the share said no, or the file is gone (transient)
 |       `- Vanished              the share answers, and the file was taken out of it
 |- EngineError                   the recogniser
 |   |- ModelUnavailable          weights or packages are missing (transient)
 |   |- EngineBusy                out of memory (transient)
 |   |- EngineLost                one of its programs died (transient)
 |   `- RunStopped                a person stopped this run
 |- AccessError
 |   |- NotSignedIn               no viewer                                -> 401
 |   |- NotVisible                outside the viewer's scope, or not there -> 404
 |   `- NotPermitted              seen, but the role is too low            -> 403
 |- Invalid                       a field with a wrong value (names it)    -> 422
 |- Conflict                      somebody was quicker, or it is there already -> 409
 |- Gone                          a link that was used, or is over         -> 410
 |- TooLarge                      over a stated size                       -> 413
 |- StorageFull                   the disk under DATA is full (transient)  -> 507
 |- ArchiveUnavailable            the archive's root is missing, full or may not be written (transient)
 |- BagBroken                     a bag of the archive is not whole, or is none of ours
 |- Unexpected                    a fault of ours; a second try may still succeed
 `- QueueUnavailable              Redis does not answer (transient)        -> 503
"""

from typing import ClassVar


class NasAsrError(Exception):
    """Anything the house says to a person. `message` is a full sentence; `remedy` says what to do, or is empty."""

    code: ClassVar[str] = "internal"
    permanent: ClassVar[bool] = True

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


class ConfigError(NasAsrError):
    """The house refuses to open; the message names the setting and the remedy."""

    code = "config"


class MediaError(NasAsrError):
    """Something is the matter with the file."""

    code = "media"


class NotAudio(MediaError):
    """Nothing in the file that we can decode."""

    code = "not_audio"


class Incomplete(MediaError):
    """Zero bytes, or a container whose index has not been written yet: still growing, until a deadline."""

    code = "incomplete"


class NoAudioTrack(MediaError):
    """A container that opens but holds no sound."""

    code = "no_audio_track"


class MediaTooHard(MediaError):
    """Decoding went over a limit of processor time, memory or length, or crashed its child process."""

    code = "media_limit"


class DecoderLost(MediaError):
    """The decoder's program was killed from outside; the file need not be to blame."""

    code = "decoder_lost"
    permanent = False


class Unreadable(MediaError):
    """The share said no, or the file is gone."""

    code = "unreadable"
    permanent = False


class Vanished(Unreadable):
    """The share answers, and the file was taken out of it: waiting brings it back no more than trying."""

    permanent = True


class EngineError(NasAsrError):
    """The recogniser could not do its work."""

    code = "engine"


class ModelUnavailable(EngineError):
    """Weights, packages or device are missing."""

    code = "model_unavailable"
    permanent = False


class EngineBusy(EngineError):
    """Out of memory; the same work may succeed later."""

    code = "engine_busy"
    permanent = False


class EngineLost(EngineError):
    """A program of the engine died, or never answered; a new one may do the same work."""

    code = "engine_lost"
    permanent = False


class RunStopped(EngineError):
    """A person stopped this run, or its lease was lost to somebody else."""

    code = "stopped"


class AccessError(NasAsrError):
    """The viewer may not."""

    code = "access"


class NotSignedIn(AccessError):
    """No viewer: no session, no token, or one that is no longer valid."""

    code = "not_signed_in"


class NotVisible(AccessError):
    """Outside the viewer's scope or not there; the two are never told apart."""

    code = "not_found"


class NotPermitted(AccessError):
    """Seen, but the viewer's role is too low for the action."""

    code = "not_permitted"


class Invalid(NasAsrError):
    """A field has a wrong value."""

    code = "invalid"

    def __init__(self, message: str, remedy: str = "", *, field: str = "") -> None:
        super().__init__(message, remedy)
        self.field = field


class Conflict(NasAsrError):
    """Somebody was quicker, or the thing is there already."""

    code = "conflict"


class Gone(NasAsrError):
    """A link that worked once, or until an hour that is past."""

    code = "gone"


class TooLarge(NasAsrError):
    """Over a stated size."""

    code = "too_large"


class StorageFull(NasAsrError):
    """The disk that holds DATA is full."""

    code = "storage_full"
    permanent = False


class ArchiveUnavailable(NasAsrError):
    """The archive's root is not there, full, or may not be written."""

    code = "archive_unavailable"
    permanent = False


class BagBroken(NasAsrError):
    """A bag of the archive is not whole, or was not made by nas_asr."""

    code = "bag_broken"


class QueueUnavailable(NasAsrError):
    """Redis does not answer; the row is safe and sweep will ring again."""

    code = "queue_unavailable"
    permanent = False


class Unexpected(NasAsrError):
    """A fault of ours that nobody foresaw. Trying again may help, and the log says more."""

    code = "internal"
    permanent = False
