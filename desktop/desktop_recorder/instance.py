"""The lock that keeps a second recorder of the same workstation off this machine."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from desktop_recorder.errors import AlreadyRunning


@contextmanager
def only_instance(workstation: str, folder: Path | None = None) -> Iterator[None]:
    """Hold the lock while the block runs; AlreadyRunning when another process has it.

    The system lets go of it when the process ends, however it ends: a file that is left behind means nothing.
    """
    path = (folder or Path(tempfile.gettempdir())) / f"desktop-recorder-{workstation}.lock"
    try:
        file = path.open("a+", encoding="ascii")
    except OSError as error:
        raise AlreadyRunning(
            f"workstation = {workstation!r}: {path} cannot be opened ({type(error).__name__}): another user's "
            "recorder has it, or the folder is not writable"
        ) from None
    with file:
        if not _locked(file):
            raise AlreadyRunning(
                f"workstation = {workstation!r}: a recorder of this workstation runs already ({path} is locked); "
                "end it, or give this one another name"
            )
        yield


if sys.platform == "win32":
    import msvcrt

    def _locked(file: IO[str]) -> bool:
        try:
            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _locked(file: IO[str]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
