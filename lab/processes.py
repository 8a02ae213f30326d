"""The processes of the lab: started in a group of their own, waited for by what they print, ended by their own id."""

import contextlib
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""Folder of the repository."""

_PAUSE = 0.02
_LAST_LINES = 15


class NotStartedError(Exception):
    """A part of the lab did not come up; the message ends with the last lines of its log."""


def free_port() -> int:
    """Find a port on the loopback address that nobody listens on.

    It lies below the range that systems give to outgoing connections, so that it is still free when a node that was
    killed starts on it again.
    """
    for _ in range(200):
        port = random.randint(20_000, 32_000)
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise NotStartedError("no free port between 20000 and 32000")


class Child:
    """One running process. What it prints is appended to its log file, which it shares with its former selves."""

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        log: Path,
        *,
        folder: Path = ROOT,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        """Start the process; call from a thread that outlives it (see `_bound_to_us`)."""
        self.name = name
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            self._offset = output.tell()
            self._process = subprocess.Popen(
                _bound_to_us([str(part) for part in command]),
                cwd=folder,
                env={**os.environ, **(environ or {})},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Its own group: Ctrl-C in the terminal reaches the lab alone, which ends its parts in order.
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Process id, which is the id of its group, too."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process is still there."""
        return self._process.poll() is None

    def said(self) -> str:
        """Return what this process has printed so far."""
        with self.log.open("rb") as text:
            text.seek(self._offset)
            return text.read().decode(errors="replace")

    def wait_for[T](self, found: Callable[[], T | None], seconds: float) -> T:
        """Wait until `found` returns something; NotStartedError when the process ends first or time runs out."""
        deadline = time.monotonic() + seconds
        while True:
            running = self.running
            if (result := found()) is not None:
                return result
            if not running:
                raise self._not_started(f"ended with exit code {self._process.returncode}")
            if time.monotonic() > deadline:
                raise self._not_started(f"was not ready within {seconds:.0f} s")
            time.sleep(_PAUSE)

    def wait_for_line(self, pattern: str, seconds: float) -> re.Match[str]:
        """Wait until it prints a line with this pattern (a regular expression)."""
        compiled = re.compile(pattern, re.MULTILINE)
        return self.wait_for(lambda: compiled.search(self.said()), seconds)

    def end(self) -> None:
        """Ask it to stop (SIGTERM) and return at once."""
        if self.running:
            self._process.terminate()

    def stop(self, seconds: float = 15.0) -> bool:
        """Ask it to stop, and kill it when it has not within `seconds`. Tell whether it went by itself."""
        self.end()
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return False
        self._sweep_group()
        return True

    def kill(self) -> None:
        """SIGKILL to the process and its children: no farewell, as when a machine dies."""
        self._sweep_group()
        self._process.wait()

    def pause(self) -> None:
        """SIGSTOP to the process and its children: there, and silent."""
        os.killpg(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT after `pause`."""
        os.killpg(self.pid, signal.SIGCONT)

    def _sweep_group(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def _not_started(self, why: str) -> NotStartedError:
        tail = "\n".join(f"    {line}" for line in self.said().splitlines()[-_LAST_LINES:])
        return NotStartedError(f"{self.name} {why}; its log is {self.log}\n{tail}")


def _bound_to_us(command: list[str]) -> list[str]:
    """Have the kernel end the child when the thread that started it dies, so that even SIGKILL leaves nothing behind.

    Linux only, with util-linux's setpriv, which becomes the command: the process id stays. Elsewhere the command as is.
    """
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM", *command] if setpriv else command
