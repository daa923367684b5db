"""Room: media.formats. What we are willing to open, and how far we go. Lists and figures only; shared by parent and child."""

import struct

# Containers by FFmpeg's names. Never one that names other files or addresses (hls, dash, concat, sdp, image2): a playlist
# with an audio name would have us read another team's recordings.
FORMATS = (
    "wav,w64,mp3,mov,aac,flac,ogg,matroska,amr,amrnb,amrwb,asf,aiff,caf,ac3,eac3,nistsphere,"
    "mpegts,mpeg,avi,flv,ape,wv,tta,tak,au,dsf,dts,gsm,loas,latm,voc,ircam,mpc,mpc8,rm,adx"
)

# Decoders of sound only: a video's picture and a song's cover are never decoded, which keeps most of the codecs that ever had
# a hole out of reach.
CODECS = (
    "aac,aac_latm,ac3,eac3,alac,als,amrnb,amrwb,libopencore_amrnb,libopencore_amrwb,ape,atrac3,atrac3plus,cook,dca,"
    "dsd_lsbf,dsd_lsbf_planar,dsd_msbf,dsd_msbf_planar,dss_sp,flac,g722,g723_1,g726,g726le,g729,gsm,gsm_ms,ilbc,libopus,mlp,"
    "mp1,mp1float,mp2,mp2float,mp3,mp3float,mp3on4,mp3on4float,mp3adu,mp3adufloat,mpc7,mpc8,nellymoser,opus,qcelp,evrc,"
    "real_144,real_288,sipr,shorten,speex,tak,truehd,truespeech,tta,vorbis,wavpack,wmalossless,wmapro,wmav1,wmav2,wmavoice,"
    "pcm_alaw,pcm_mulaw,pcm_bluray,pcm_dvd,pcm_f16le,pcm_f24le,pcm_f32be,pcm_f32le,pcm_f64be,pcm_f64le,pcm_s16be,"
    "pcm_s16be_planar,pcm_s16le,pcm_s16le_planar,pcm_s24be,pcm_s24le,pcm_s24le_planar,pcm_s32be,pcm_s32le,pcm_s32le_planar,"
    "pcm_s64be,pcm_s64le,pcm_s8,pcm_s8_planar,pcm_u16be,pcm_u16le,pcm_u24be,pcm_u24le,pcm_u32be,pcm_u32le,pcm_u8,"
    "adpcm_adx,adpcm_ct,adpcm_g722,adpcm_ima_apc,adpcm_ima_oki,adpcm_ima_qt,adpcm_ima_wav,adpcm_ms,adpcm_swf,adpcm_yamaha"
)

# How well-known containers begin: such a file that does not open is damaged or not written to its end, not "no audio".
BEGINNINGS = (
    (0, b"RIFF"), (0, b"RF64"), (0, b"riff"), (0, b"FORM"), (0, b"OggS"), (0, b"fLaC"), (0, b"ID3"), (0, b"caff"),
    (0, b"#!AMR"), (0, b"\x1a\x45\xdf\xa3"), (0, b"\x30\x26\xb2\x75"), (4, b"ftyp"), (4, b"mdat"), (4, b"moov"),
    (4, b"wide"), (4, b"free"), (4, b"skip"), (0, b"NIST_1A"), (0, b"FLV"), (0, b"wvpk"), (0, b"MAC "),
)  # fmt: skip

MIN_RATE_HZ, MAX_RATE_HZ = 1_000, 768_000
MAX_CHANNELS = 64
MAX_LENGTH_S = 24 * 3600

# Opus for browsers: a voice is clear at this, and two hours are 30 MB. Somebody waits for it, so libopus thinks half as hard
# as it could: three times as fast, a quarter larger.
OPUS_RATE_HZ = 48_000
OPUS_BITS_A_SECOND = {1: 28_000, 2: 48_000}
OPUS_EFFORT = {"compression_level": "5"}
OPUS_BYTES = 1 << 30  # more than a day of it

MEMORY_BYTES = 1 << 30  # address space of the child; 140 MB of it are libraries
OPEN_FILES = 32
# Processor seconds at the start, and for each second of sound that came out: decoding runs at 100 to 600 times real time, so a
# file that needs more than a tenth of its length is not sound but a trap.
CPU_START_S = 30
CPU_PER_SECOND = 0.1
OPUS_CPU_PER_SECOND = 0.3  # encoding is a work of its own
PLACE = struct.Struct("<Q")  # before what the child would write into a file: where; alone: how many seconds are done
SHARE_PATIENCE_S = 120.0  # a share that gives nothing for so long is away
