"""A workstation of the tests: a virtual display, a configuration, the recorder as a process of its own."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from lab.processes import ROOT
from tests.desktop.pair import KEY

PATIENCE = 45.0
"""Seconds that a test waits for what takes a second on a machine with nothing else to do."""


def needed(program: str, package: str) -> str:
    """Return where a program is; fail when it is missing, for a skipped test would prove nothing."""
    found = shutil.which(program)
    if found is None:
        pytest.fail(f"{program} is missing: install the Debian package {package} (apt-get install {package})")
    return found


def until[T](found: Callable[[], T], seconds: float = PATIENCE, what: str = "") -> T:
    """Wait until `found` returns something true, and return it."""
    deadline = time.monotonic() + seconds
    while not (result := found()):
        if time.monotonic() > deadline:
            pytest.fail(f"not within {seconds} s: {what or found}")
        time.sleep(0.02)
    return result


def length_of(path: Path) -> float:
    """Return the length of a video in seconds, by decoding it to its end."""
    ffprobe = needed("ffprobe", "ffmpeg")
    asked = ["-v", "error", "-count_frames", "-show_entries", "stream=codec_name,pix_fmt,width,height,nb_read_frames"]
    told = json.loads(
        subprocess.check_output([ffprobe, *asked, "-show_entries", "format=duration", "-of", "json", path])
    )
    stream = told["streams"][0]
    assert (stream["codec_name"], stream["pix_fmt"]) == ("h264", "yuv420p")
    assert (stream["width"] % 2, stream["height"] % 2) == (0, 0)
    assert int(stream["nb_read_frames"]) > 0
    return float(told["format"]["duration"])


def seconds_in(path: Path) -> int:
    """Return how many whole seconds of video have been written: ffmpeg writes a fragment for each."""
    return path.read_bytes().count(b"moof") if path.exists() else 0


class Desk:
    """One workstation. `start` and `kill` act on its recorder."""

    def __init__(self, folder: Path, urls: Sequence[str], display: str) -> None:
        self.folder = folder
        self.spool = folder / "spool"
        self._display = display
        self.process: subprocess.Popen[bytes] | None = None
        (folder / "recorder.key").write_text(KEY)
        (folder / "recorder.key").chmod(0o600)
        self.configure(nodes=list(urls))

    def configure(self, **settings: object) -> None:
        known = {"workstation": "PC-0017", "user": "CONTOSO\\kim", "key_file": "recorder.key", "spool": "spool"}
        values = {**known, "log_level": "DEBUG", **settings}
        lines = [f"{name} = {json.dumps(value)}" for name, value in values.items()]
        (self.folder / "recorder.toml").write_text("\n".join(lines))

    def launch(self, *arguments: str) -> subprocess.Popen[bytes]:
        environ = {**os.environ, "DISPLAY": self._display, "PYTHONPATH": str(ROOT / "desktop")}
        command = [sys.executable, "-m", "desktop_recorder", "--config", str(self.folder / "recorder.toml")]
        return subprocess.Popen(
            [*command, *arguments], env={**environ, "TMPDIR": str(self.folder)}, stderr=subprocess.PIPE
        )

    def start(self) -> None:
        self.process = self.launch()

    def stop(self) -> float:
        """End it by SIGTERM; return how long it took, in seconds."""
        assert self.process
        begun = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        _, said = self.process.communicate(timeout=PATIENCE)
        assert self.process.returncode == 0, said.decode()
        self.process = None
        return time.monotonic() - begun

    def kill(self) -> None:
        """End it by SIGKILL, if it runs."""
        if self.process:
            self.process.kill()
            self.process.communicate()
            self.process = None

    def log(self) -> str:
        return (self.spool / "recorder.log").read_text()

    def videos(self) -> list[Path]:
        return sorted(self.spool.glob("*/part-*.mp4"))

    def recorders(self) -> list[int]:
        """Ids of the ffmpeg processes that write into this spool."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    words = (entry / "cmdline").read_bytes().split(b"\0")
                except OSError:
                    continue
                if words[0].endswith(b"ffmpeg") and str(self.spool).encode() in words[-2]:
                    found.append(int(entry.name))
        return found
