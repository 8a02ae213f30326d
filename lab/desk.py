"""An agent's workstation in the lab: a virtual display and the desktop recorder."""

import base64
import hashlib
import hmac
import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from lab.display import FRAMES_PER_SECOND, Display
from lab.processes import ROOT, Child
from lab.screen_truth import Key

_SECONDS_TO_SIGN_IN = 30.0
_BOARD = re.compile(r"event=board_learned node=(\S+)")
_NOTE = re.compile(
    r"^(\S+Z) INFO event=(recording_(?:started|ended)) seat=([^:\s]+):(\S+) part=(\d+)(?: after=(-?[\d.]+))?",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Note:
    """A line of a recorder's log: when a part of a seat's recording was seen to have started or ended.

    `after` is how long after the webhook had been received the first picture was taken, in seconds.
    """

    at: datetime
    event: str
    seat: Key
    part: int
    after: float | None


def desk_key(secret: str, workstation: str) -> str:
    """Key of one workstation, as an administrator derives it from the pair's secret."""
    digest = hmac.new(secret.encode(), f"workstation:{workstation.lower()}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def read_notes(log: Path) -> list[Note]:
    """Read a recorder's log."""
    said = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    return [
        Note(datetime.fromisoformat(at), event, (session, agent), int(part), float(after) if after else None)
        for at, event, session, agent, part, after in _NOTE.findall(said)
    ]


class Desk:
    """One workstation with its agent signed in. What the recorder keeps and says lies in the desk's folder."""

    def __init__(self, name: str, agent: Mapping[str, Any], folder: Path) -> None:
        """Start the display; `sign_in` starts the recorder. `agent` is a row of `systemuser`."""
        self.name = name
        self.agent_id = str(agent["systemuserid"])
        self.user = str(agent["domainname"])
        self.folder = folder / name
        self.folder.mkdir(parents=True, exist_ok=True)
        self.display = Display(name, self.folder)
        self._recorder: Child | None = None

    @property
    def log(self) -> Path:
        """The recorder's log."""
        return self.folder / "recorder.log"

    @property
    def spool(self) -> Path:
        """Where the recorder keeps what is not handed over yet, and what it remembers."""
        return self.folder / "spool"

    def sign_in(self, nodes: Sequence[str], secret: str) -> None:
        """Write the configuration and start the recorder; `nodes` are roots of nodes, or of the balancer."""
        key = self.folder / "recorder.key"
        key.write_text(desk_key(secret, self.name), encoding="ascii")
        key.chmod(0o600)
        settings = {
            "nodes": list(nodes),
            "key_file": str(key),
            "workstation": self.name,
            "user": self.user,
            "spool": str(self.spool),
            "log_file": str(self.log),
            "frame_rate": FRAMES_PER_SECOND,
        }
        # Strings, numbers and lists of strings are written the same in TOML and in JSON.
        lines = [f"{name} = {json.dumps(value)}\n" for name, value in settings.items()]
        (self.folder / "recorder.toml").write_text("".join(lines), encoding="utf-8")
        self.start()

    def start(self) -> None:
        """Start the recorder, or start it again."""
        self._recorder = Child(
            f"recorder {self.name}",
            [sys.executable, "-m", "desktop_recorder", "--config", self.folder / "recorder.toml"],
            self.folder / "recorder.out",
            environ={"DISPLAY": self.display.name, "PYTHONPATH": str(ROOT / "desktop")},
        )

    def wait(self, nodes: int) -> None:
        """Return when it is signed in to so many nodes; NotStartedError when it is not."""
        if self._recorder is not None:
            self._recorder.wait_for(lambda: self._signed_in() >= nodes or None, _SECONDS_TO_SIGN_IN)

    def notes(self) -> list[Note]:
        """What the recorder has logged of its recordings, in order."""
        return read_notes(self.log)

    def stop(self) -> None:
        """End the recorder, then the display."""
        if self._recorder is not None:
            self._recorder.stop(10)
        self.display.stop()

    def _signed_in(self) -> int:
        said = self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""
        return len(set(_BOARD.findall(said)))
