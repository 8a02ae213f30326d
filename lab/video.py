"""Looking at a video file with ffprobe and ffmpeg: whether it plays, and how long it is."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Video:
    """What ffprobe says of a file. `error` is why it does not play, empty when it does."""

    seconds: float = 0.0
    frames: int = 0
    codec: str = ""
    width: int = 0
    height: int = 0
    error: str = ""


def look_at(file: Path) -> Video:
    """Read a file's packets and decode it from end to end."""
    asked = ["-select_streams", "v:0", "-show_entries", "stream=codec_name,width,height:packet=pts_time,duration_time"]
    probe = _run(["ffprobe", "-v", "error", *asked, "-of", "json", str(file)])
    if probe.returncode != 0:
        return Video(error=probe.stderr.strip() or "ffprobe cannot read it")
    said = json.loads(probe.stdout)
    stream = next(iter(said.get("streams", ())), None)
    # The length by its packets: a fragmented file has no total length in its head.
    packets = [packet for packet in said.get("packets", ()) if "pts_time" in packet]
    if stream is None or not packets:
        return Video(error="no picture in it")
    begins = min(float(packet["pts_time"]) for packet in packets)
    ends = max(float(packet["pts_time"]) + float(packet.get("duration_time", 0)) for packet in packets)
    played = _run(["ffmpeg", "-v", "error", "-nostdin", "-i", str(file), "-f", "null", "-"])
    return Video(
        seconds=round(ends - begins, 3),
        frames=len(packets),
        codec=str(stream.get("codec_name", "")),
        width=int(stream.get("width", 0)),
        height=int(stream.get("height", 0)),
        error=played.stderr.strip()[:500] if played.returncode or played.stderr.strip() else "",
    )


def frame_of(file: Path, at_seconds: float, picture: Path) -> bool:
    """Write one frame as a picture; tell whether there was one."""
    command = ["ffmpeg", "-v", "error", "-nostdin", "-y", "-ss", str(at_seconds), "-i", str(file), "-frames:v", "1"]
    return _run([*command, str(picture)]).returncode == 0 and picture.exists()


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=_SECONDS)
