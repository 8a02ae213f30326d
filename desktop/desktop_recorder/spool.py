"""What is known of each session seat, on disk: written before it is acted upon, replaced in one step."""

import logging
import os
import shutil
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from desktop_recorder.boards import Id, Order, Wanted

_log = logging.getLogger(__name__)
_STATE = "state.json"


class Sent(BaseModel):
    """How much of a part one blob holds; `in_flight` is the end of the block that was sent last, answered or not."""

    created: bool = False
    offset: int = 0
    in_flight: int = 0


class Report(BaseModel):
    """A report that is owed. `to` names the nodes that must hear it; empty: the first that answers."""

    body: dict[str, str | int]
    to: list[str] = Field(default_factory=list)


class Part(BaseModel):
    """One file. Times are UTC; `target` is the blob without its signature, `node` the URL that gave it."""

    number: int
    begun_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    size: int | None = None
    sha256: str | None = None
    node: str | None = None
    target: str | None = None
    uploads: dict[str, Sent] = Field(default_factory=dict)
    delivered: bool = False
    reported_at: datetime | None = None
    times_reported: int = 0


class Seat(BaseModel):
    """A session seat on this workstation. `archived`: how many of its parts have left this disk for an archive.

    `gone_at`: nothing of it lies here any more.
    """

    model_config = ConfigDict(validate_assignment=True)

    session_id: Id
    agent_id: Id
    conversation_id: str | None = None
    wanted: Wanted
    heard_at: datetime | None = None
    parts: list[Part] = Field(default_factory=list)
    reports: list[Report] = Field(default_factory=list)
    failed: str = ""
    archived: int = 0
    gone_at: datetime | None = None

    @property
    def key(self) -> str:
        """The seat's key, as on the boards."""
        return f"{self.session_id}:{self.agent_id}"

    @property
    def count(self) -> int:
        """How many parts there are, wherever they are."""
        return len(self.parts) + self.archived

    @property
    def recorded(self) -> bool:
        """Whether every part has ended and the session is over."""
        return self.wanted is not Wanted.RECORD and all(part.ended_at is not None for part in self.parts)


class Spool:
    """The folder of recordings. One lock guards all states; nothing slow is done under it."""

    def __init__(self, folder: Path) -> None:
        """Read what an earlier run left."""
        self._folder = folder
        self._guard = threading.RLock()
        self._seats: dict[str, Seat] = {}
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for state in sorted(folder.glob(f"*/{_STATE}")):
            try:
                seat = Seat.model_validate_json(state.read_bytes())
            except (OSError, ValidationError):
                _log.exception("event=state_unreadable folder=%s", state.parent.name)
                continue
            self._seats[seat.key] = seat

    def here(self) -> tuple[str, ...]:
        """Return the keys of the seats of which something lies here or will, oldest first."""
        with self._guard:
            return tuple(key for key, seat in self._seats.items() if seat.gone_at is None)

    def gone(self) -> tuple[Seat, ...]:
        """Return the seats that are only remembered."""
        with self._guard:
            return tuple(seat.model_copy(deep=True) for seat in self._seats.values() if seat.gone_at is not None)

    def unsent(self) -> tuple[str, ...]:
        """Return the keys of the seats with bytes that no node has."""
        with self._guard:
            seats = self._seats.items()
            return tuple(key for key, seat in seats if any(not part.delivered for part in seat.parts))

    def owing(self) -> tuple[str, ...]:
        """Return the keys of the seats with reports to make."""
        with self._guard:
            return tuple(
                key
                for key, seat in self._seats.items()
                if seat.reports or (seat.recorded and any(part.delivered for part in seat.parts))
            )

    def read(self, key: str) -> Seat | None:
        """Return a copy of what is known of a seat."""
        with self._guard:
            seat = self._seats.get(key)
            return seat.model_copy(deep=True) if seat else None

    def add(self, order: Order) -> Seat:
        """Remember a seat that a board names for the first time.

        What lies in its folder all the same, because its state could not be read, is taken up as parts of it.
        """
        with self._guard:
            if order.seat not in self._seats:
                seat = Seat.model_validate(order.model_dump(include=set(Seat.model_fields)))
                for number in self._numbers(seat):
                    written = datetime.fromtimestamp(self.file(seat, number).stat().st_mtime, UTC)
                    begun = min(order.heard_at or written, written)
                    seat.parts.append(Part(number=number, begun_at=begun))
                self._seats[seat.key] = seat
                self._write(seat)
            return self._seats[order.seat].model_copy(deep=True)

    def next_part(self, seat: Seat) -> int:
        """Return the number of the next part, under which no file lies."""
        return max([0, *(part.number for part in seat.parts), *self._numbers(seat)]) + 1

    @contextmanager
    def change(self, key: str) -> Iterator[Seat]:
        """Change a seat and write it when the block is done."""
        with self._guard:
            seat = self._seats[key]
            yield seat
            self._write(seat)

    @contextmanager
    def change_part(self, key: str, number: int) -> Iterator[Part]:
        """Change one part of a seat and write it; KeyError when it was dropped meanwhile."""
        with self.change(key) as seat:
            for part in seat.parts:
                if part.number == number:
                    yield part
                    return
            raise KeyError(key)

    def forget(self, key: str) -> None:
        """Drop a seat and all that lies on disk of it."""
        with self._guard:
            seat = self._seats.pop(key)
            shutil.rmtree(self.folder(seat), ignore_errors=True)

    def remove_files(self, key: str) -> bool:
        """Remove the recordings of a seat; its state stays, so that nothing is done twice.

        False when one cannot be removed now: on Windows a file that is being sent.
        """
        with self._guard:
            paths = self.folder(self._seats[key]).iterdir()
            return _removed(path for path in paths if path.name != _STATE)

    def remove_part(self, key: str, part: int) -> bool:
        """Remove the files of one part, as `remove_files` those of all."""
        with self._guard:
            return _removed(self.folder(self._seats[key]).glob(f"part-{part}.*"))

    def folder(self, seat: Seat) -> Path:
        """Where the files of a seat lie."""
        return self._folder / f"{seat.session_id}_{seat.agent_id}"

    def file(self, seat: Seat, part: int) -> Path:
        """Where a part lies."""
        return self.folder(seat) / f"part-{part}.mp4"

    def size(self) -> int:
        """Bytes of all recordings on disk."""
        total = 0
        for path in self._folder.glob("*/part-*.mp4"):
            try:
                total += path.stat().st_size
            except FileNotFoundError:
                continue
        return total

    def _numbers(self, seat: Seat) -> list[int]:
        found = (path.stem.removeprefix("part-") for path in self.folder(seat).glob("part-*.mp4"))
        return sorted(int(number) for number in found if number.isdecimal())

    def _write(self, seat: Seat) -> None:
        path = self.folder(seat) / _STATE
        path.parent.mkdir(mode=0o700, exist_ok=True)
        partial = path.with_suffix(".tmp")
        with partial.open("wb") as file:
            file.write(seat.model_dump_json(indent=1).encode())
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)


def _removed(paths: Iterable[Path]) -> bool:
    for path in paths:
        try:
            path.unlink(missing_ok=True)
        except PermissionError:
            return False
    return True
