"""Recording files, produced by offset: an ID3 tag of their own, then the frames of a spoken sample, repeated.

A file of half a gigabyte costs no memory; large slices are views into one shared reel per sample.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

SAMPLES = Path(__file__).parent.parent / "samples"
FRAME = 192
"""Every frame of the samples has this many bytes and stands alone."""
CHUNK = 1 << 20
SMALLEST = 1024


@cache
def sample_names() -> tuple[str, ...]:
    """Return the names of the committed samples."""
    return tuple(sorted(path.stem for path in SAMPLES.glob("*.mp3")))


@cache
def _reel(sample: str) -> tuple[int, memoryview]:
    frames = (SAMPLES / f"{sample}.mp3").read_bytes()
    return len(frames), memoryview(frames * (CHUNK // len(frames) + 2))


@dataclass(slots=True)
class RecordingFile:
    """One file: what it is called, what it claims to be, and every byte of it."""

    file_id: str
    name: str
    media_type: str
    sample: str
    size: int
    _tag: bytes = b""
    _sha256: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if self.size < SMALLEST:
            message = f"a recording has at least {SMALLEST} bytes"
            raise ValueError(message)
        text = b"\3" + f"recording {self.file_id}".encode()
        frame = b"TXXX" + len(text).to_bytes(4) + b"\0\0" + text
        least = 10 + len(frame)
        # padded such that whole frames fill the rest exactly
        body = least + (self.size - least) % FRAME - 10
        synchsafe = bytes((body >> shift) & 0x7F for shift in (21, 14, 7, 0))
        self._tag = b"ID3\3\0\0" + synchsafe + frame.ljust(body, b"\0")

    @classmethod
    def of_sample(cls, file_id: str, name: str, sample: str, media_type: str = "audio/mpeg") -> "RecordingFile":
        """Return a file as long as the sample itself, and its tag."""
        return cls(file_id, name, media_type, sample, _reel(sample)[0] + FRAME)

    def slices(self, start: int, end: int) -> Iterator[bytes | memoryview]:
        """Yield the bytes from start to before end in large pieces."""
        if start < len(self._tag):
            yield self._tag[start : min(end, len(self._tag))]
            start = len(self._tag)
        period, reel = _reel(self.sample)
        while start < end:
            offset = (start - len(self._tag)) % period
            piece = min(CHUNK, end - start)
            yield reel[offset : offset + piece]
            start += piece

    def sha256(self) -> str:
        """Return the hash of the whole file; computed once."""
        if not self._sha256:
            digest = hashlib.sha256()
            for piece in self.slices(0, self.size):
                digest.update(piece)
            self._sha256 = digest.hexdigest()
        return self._sha256
