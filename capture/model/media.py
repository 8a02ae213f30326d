"""What the first bytes of a file say it is. Names and headers are only claims; the bytes decide."""

from dataclasses import dataclass

SNIFF_BYTES = 512
"""How many of the first bytes `sniff` wants to see."""


@dataclass(frozen=True, slots=True)
class MediaType:
    """A media type (RFC 6838) and the extension a file of it gets in the archive."""

    name: str
    extension: str


MP3 = MediaType("audio/mpeg", "mp3")
WAV = MediaType("audio/wav", "wav")
MP4 = MediaType("audio/mp4", "mp4")
SCREEN = MediaType("video/mp4", "mp4")
"""What desktops record; its first bytes are those of any MP4."""
OGG = MediaType("audio/ogg", "ogg")
FLAC = MediaType("audio/flac", "flac")
AMR = MediaType("audio/amr", "amr")
AAC = MediaType("audio/aac", "aac")
WEBM = MediaType("audio/webm", "webm")
WMA = MediaType("audio/x-ms-wma", "wma")

_PREFIXES: tuple[tuple[bytes, MediaType], ...] = (
    (b"ID3", MP3),
    (b"OggS", OGG),
    (b"fLaC", FLAC),
    (b"#!AMR", AMR),
    (b"\x1a\x45\xdf\xa3", WEBM),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", WMA),
)


def sniff(first: bytes) -> MediaType | None:
    """Return the media type that the first bytes prove, or None when they prove none of the known ones."""
    for prefix, media in _PREFIXES:
        if first.startswith(prefix):
            return media
    if first[:4] in (b"RIFF", b"RF64") and first[8:12] == b"WAVE":
        return WAV
    if first[4:8] == b"ftyp":
        return MP4
    return _frame_sync(first)


def looks_like_text(first: bytes) -> bool:
    """Tell whether the bytes are an error page or document (JSON, HTML, XML) rather than media."""
    head = first.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    return head in (b"{", b"[", b"<")


def _frame_sync(first: bytes) -> MediaType | None:
    # Eleven set bits start an MPEG audio frame; layer bits 00 mean ADTS (AAC), 01 layer III (ISO/IEC 11172-3, 13818-7).
    if len(first) < 2 or first[0] != 0xFF or first[1] & 0xE0 != 0xE0:
        return None
    layer = (first[1] >> 1) & 0x03
    if layer == 0 and first[1] & 0xF0 == 0xF0:
        return AAC
    return MP3 if layer in (1, 2) else None
