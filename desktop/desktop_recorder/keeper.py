"""A small process between the recorder and ffmpeg: when the recorder is gone, however it went, ffmpeg ends in order.

Started by its path, without site packages, so that it costs some ten milliseconds: standard library only.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

_GRACE = 3.0
_EVERY = 0.02


def keep(ended: Path, command: list[str]) -> int:
    """Run the command until standard input ends or it ends itself; write its exit code to `ended`, and return it."""
    import threading  # noqa: PLC0415 - after ffmpeg has been started: every millisecond of a start counts

    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)  # noqa: S603 - as configured
    asked = threading.Event()

    def listen() -> None:
        while os.read(sys.stdin.fileno(), 1):
            pass
        asked.set()

    threading.Thread(target=listen, daemon=True).start()
    while process.poll() is None and not asked.wait(_EVERY):
        pass
    code = _end(process)
    partial = ended.with_suffix(".tmp")
    partial.write_text(json.dumps({"code": code, "at": time.time()}), encoding="ascii")
    partial.replace(ended)
    return code


def _end(process: subprocess.Popen[bytes]) -> int:
    # ffmpeg takes a `q` on its standard input as the wish to finish the file.
    try:
        process.communicate(b"q", timeout=_GRACE)
    except subprocess.TimeoutExpired:
        process.terminate()
        try:
            process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    except OSError:
        process.wait()
    return process.returncode


if __name__ == "__main__":
    sys.exit(keep(Path(sys.argv[1]), sys.argv[2:]) & 0xFF)
