"""One ffmpeg process: started, asked to stop, and what it says about itself."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from desktop_recorder import keeper
from desktop_recorder.errors import FfmpegMissing
from desktop_recorder.journal import blackened

_FIRST_PICTURE = re.compile(rb"start: (\d{9,11}\.\d+)")
_PLAUSIBLE = timedelta(seconds=30)
_NOISE = ("[libx264", "Stream ", "Output #", "Input #", "Metadata:", "Duration:", "Press [q]", "encoder ", "Side data:")


class Recording:
    """A running recording of the screen into one file.

    It ends when it is asked to, when ffmpeg ends, and when this program is gone.
    """

    def __init__(self, command: Sequence[str], output: Path) -> None:
        """Start ffmpeg; it writes pictures some tenths of a second later."""
        self._output = output
        self._log = log_of(output)
        ended_of(output).unlink(missing_ok=True)
        launch = [sys.executable, "-I", "-S", str(keeper.__file__), str(ended_of(output)), *command]
        with self._log.open("wb") as log:
            if sys.platform == "win32":
                flags = subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP
                self._process = subprocess.Popen(  # noqa: S603 - as configured
                    launch, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=log, creationflags=flags
                )
            else:
                # A session of its own: Ctrl-C in the terminal reaches the recorder, which ends ffmpeg in order.
                self._process = subprocess.Popen(  # noqa: S603 - as configured
                    launch, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=log, start_new_session=True
                )

    def stop(self) -> None:
        """Ask it to finish the file; returns at once, and may be repeated."""
        if self._process.stdin is not None and not self._process.stdin.closed:
            self._process.stdin.close()

    @property
    def over(self) -> bool:
        """Whether the file will not grow any more."""
        if self._process.poll() is None:
            return False
        self.stop()
        if sys.platform != "win32" and not ended_of(self._output).exists():
            # The keeper itself was killed: nobody else ends its ffmpeg, which is in its group.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGTERM)
        return True

    def wait(self, seconds: float) -> bool:
        """Wait until it is over, for as long as this."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return self.over

    @property
    def wrote(self) -> bool:
        """Whether pictures have come."""
        return self._output.exists() and self._output.stat().st_size > 0

    def first_picture_at(self, now: datetime) -> datetime:
        """Return when the first picture was taken: as ffmpeg says where it knows, otherwise `now`."""
        found = _FIRST_PICTURE.search(self._log.read_bytes())
        if found is None:
            return now
        told = datetime.fromtimestamp(float(found[1]), UTC)
        return told if abs(now - told) < _PLAUSIBLE else now

    def reason(self) -> str:
        """Return the last thing that ffmpeg said, in one line, for a person, without the folder: it names the user."""
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        said = [line.strip() for line in lines if line.strip() and not line.strip().startswith(_NOISE)]
        words = blackened(" / ".join(said[-2:]).replace(f"{self._output.parent}{os.sep}", ""))
        return words[-300:] or f"ffmpeg ended with exit code {self._process.returncode}"


def log_of(output: Path) -> Path:
    """Where ffmpeg's own words go."""
    return output.with_suffix(".log")


def ended_of(output: Path) -> Path:
    """The mark that nobody writes to the output any more."""
    return output.with_suffix(".ended")


def ended_at(output: Path) -> datetime | None:
    """Tell when the recording into this file ended; None when nobody has said so."""
    try:
        told = json.loads(ended_of(output).read_text(encoding="ascii"))
        return datetime.fromtimestamp(float(told["at"]), UTC)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def check_ffmpeg(path: str) -> str:
    """Return the first line of `ffmpeg -version`; FfmpegMissing when it cannot be started."""
    begun = time.monotonic()
    try:
        done = subprocess.run([path, "-hide_banner", "-version"], capture_output=True, timeout=30, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError) as error:
        raise FfmpegMissing(
            f"ffmpeg = {path!r}: cannot be started ({type(error).__name__}); install ffmpeg (Debian: apt install "
            "ffmpeg; Windows: winget install Gyan.FFmpeg; macOS: brew install ffmpeg) or name its path"
        ) from None
    first = done.stdout.decode(errors="replace").partition("\n")[0]
    return f"{first.strip()[:60]} ({time.monotonic() - begun:.2f} s)"
