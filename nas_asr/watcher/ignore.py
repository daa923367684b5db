"""Room: watcher.ignore. Which names in a share are not recordings: junk, unfinished copies, other kinds. Pure, by name only.

Content decides what is audio (services.ingest); names only decide what nobody would want looked into. Names are bytes, as
the share has them, and compared without case.
"""

from nas_asr.services.sightings import Rule

# Folders that systems keep for themselves are never looked into, nor are those whose names begin with a dot.
_SYSTEM_FOLDERS = frozenset(
    {
        b"@eadir", b"#recycle", b"@recycle", b"@recently-snapshot", b"#snapshot", b"$recycle.bin",
        b"system volume information", b"lost+found", b"__macosx",
    }
)  # fmt: skip
_SYSTEM_FILES = frozenset(
    {b".ds_store", b".localized", b"desktop.ini", b"thumbs.db", b"ehthumbs.db", b"ehthumbs_vista.db"}
)
_SYSTEM_PREFIXES = (b"._", b"~$")  # what macOS and Office put beside a file
_UNFINISHED = (
    b".part", b".partial", b".crdownload", b".download", b".tmp", b".temp", b".filepart", b".!ut", b".!qb", b".!sync",
    b".aria2", b".bts", b".opdownload", b".upload", b"~",
)  # fmt: skip

_AUDIO = frozenset(
    b"3ga 3gp 3gpp aac ac3 aif aiff amr ape asf au avi awb caf dss flac flv g711 gsm m4a m4b m4v mka mkv mov mp2 mp3 mp4 "
    b"mpeg mpg mpga mts oga ogg ogm opus pcm qta ra raw rf64 sph spx ts tta vob voc w64 wav wave webm wma wmv wv".split()
)
_OTHER_KINDS = frozenset(
    b"7z app azw azw3 bak bat bin bmp bz2 c cab cfg cmd cpp css csv db dmg doc docm docx dot dotx dwg dxf eml epub exe fig "
    b"gif go gpx gz h heic heif htm html icns ico ics ini ipynb iso jar java jpeg jpg js json key lnk log lrc lua md mobi msg "
    b"msi numbers odg odp ods odt otf pages pdf php plist png ppt pptm pptx ps1 psd pub py rar rb rs rtf sh sig sql sqlite "
    b"sqlite3 srt ssa sub svg tar tex tgz tif tiff torrent toml ttf txt url vcf vsd vsdx vtt webloc webp woff woff2 xls xlsm "
    b"xlsx xml xps xz yaml yml zip zst".split()
)

UNFINISHED = Rule("unfinished", "By its name a copy that is not finished; it is taken when it gets its real name.")
HIDDEN = Rule("hidden", "Its name begins with a dot: so programs name what they hide or have not finished.")
OTHER_KIND = Rule("other_kind", "By its name this is no recording. If it is one, give it the ending of its kind.")
SYSTEM = Rule("system", "A program keeps this file beside others for itself; it is no recording.")
LINK = Rule(
    "link", "It is a symbolic link, and links are never followed. Put the recording itself into the folder.", final=True
)
SPECIAL = Rule("special", "It is no regular file.", final=True)
SYSTEM_FOLDER = Rule(
    "system_folder", "A system keeps this folder for itself, so nothing in it is looked at.", final=True
)
HIDDEN_FOLDER = Rule(
    "hidden_folder", "The name of this folder begins with a dot, so nothing in it is looked at.", final=True
)


def folder_rule(name: bytes) -> Rule | None:
    """Why a folder of this name is never looked into, or None where it is."""
    if name.startswith(b"."):
        return HIDDEN_FOLDER
    return SYSTEM_FOLDER if name.lower() in _SYSTEM_FOLDERS else None


def is_junk(name: bytes) -> bool:
    """Whether nobody put a file of this name there to be transcribed: it has its line, but wakes nobody and proves nothing."""
    folded = name.lower()
    if folded.startswith(_SYSTEM_PREFIXES) or folded in _SYSTEM_FILES:
        return True
    hidden_or_unfinished = folded.startswith(b".") or folded.endswith(_UNFINISHED)
    return hidden_or_unfinished and not sounds_like_audio(folded)


def rule_for(name: bytes) -> Rule | None:
    """Why a file of this name is not taken, or None where its content decides."""
    folded = name.lower()
    if folded.startswith(_SYSTEM_PREFIXES) or folded in _SYSTEM_FILES:
        return SYSTEM
    if folded.startswith(b"."):
        return HIDDEN
    if folded.endswith(_UNFINISHED):
        return UNFINISHED
    return OTHER_KIND if folded.rpartition(b".")[2] in _OTHER_KINDS and b"." in folded else None


def sounds_like_audio(name: bytes) -> bool:
    """Whether any of a name's endings is one of a recording, as in talk.m4a.part."""
    return not _AUDIO.isdisjoint(name.lower().split(b".")[1:])


def is_quiet(path: bytes) -> bool:
    """Whether a change at this path below a folder tells nothing: junk, or below a folder that is never looked into."""
    *folders, name = path.split(b"/")
    return any(map(folder_rule, folders)) or is_junk(name)
