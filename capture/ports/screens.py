"""What is asked of the stores for agents' screens."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from capture.model.board import Board
from capture.model.identity import AgentId, SessionId
from capture.model.session import AgentSession
from capture.model.workstation import Place, SignIn


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that a person should look at; `key` tells one from the other, `session_id` says what it is about."""

    key: str
    at: datetime
    text: str
    session_id: SessionId | None = None


class Sessions(Protocol):
    """Agents' sessions: facts that merge, and at which workstation a seat was placed by this node."""

    def get(self, session_id: SessionId) -> AgentSession | None:
        """Read what is known of one session."""

    def merge(self, session: AgentSession) -> tuple[AgentSession | None, AgentSession]:
        """Join a fact in (insert, or read-merge-write under an ETag); return what was known before and is known now.

        A session that has not ended is on the list of `open` from then on.
        """

    def open(self, limit: int) -> list[SessionId]:
        """Sessions that have not ended, at most `limit`."""

    def close(self, session_id: SessionId) -> None:
        """Take a session off that list; no error when it is not there."""

    def place(self, session_id: SessionId, place: Place) -> Place:
        """Keep where a seat is recorded, unless a place is known already; return the place that holds."""

    def move(self, session_id: SessionId, place: Place) -> None:
        """Keep where a seat is recorded, whatever was known."""

    def places(self, session_id: SessionId) -> dict[AgentId, Place]:
        """Read where the seats of a session are recorded."""


class Workstations(Protocol):
    """The last sign-in at each workstation."""

    def merge(self, sign_in: SignIn) -> tuple[SignIn | None, SignIn]:
        """Join a sign-in, a sign of life or a sign-out in; return what was known before and is known now."""

    def at(self, workstation: str) -> SignIn | None:
        """Read the last sign-in at one workstation."""

    def signed_in_as(self, names: frozenset[str]) -> list[SignIn]:
        """Read the sign-ins of users called one of `names` (as `SignIn.key` spells them), whether they last or not."""


class Alarms(Protocol):
    """What a person should look at."""

    def raise_(self, alarm: Alarm) -> bool:
        """Keep an alarm; False when one of that key is there, which stays."""

    def clear(self, key: str) -> None:
        """Take it back; no error when it is not there."""

    def listed(self, limit: int, prefix: str = "") -> list[Alarm]:
        """Read those whose keys begin with `prefix`, in the order of their keys, at most `limit`."""


class Boards(Protocol):
    """A board for each workstation, which its desktop reads by itself."""

    def get(self, workstation: str) -> Board | None:
        """Read a board."""

    def change(self, workstation: str, decide: Callable[[Board | None], Board | None]) -> None:
        """Replace a board by what `decide` makes of it, as if nobody else were writing; None leaves it as it is."""

    def address(self, workstation: str, now: datetime, until: datetime) -> str:
        """Make the address at which this one board can be read, and nothing else be done, until then."""


class Staged(Protocol):
    """Recordings of screens on their way: desktops append, the node takes them into the archive."""

    def address(self, name: str, now: datetime, until: datetime) -> str:
        """Make the address at which this one append blob can be created and appended to, and nothing else, until then.

        The blob need not be there.
        """

    def size(self, name: str) -> int | None:
        """Read how many bytes are there, None when there is no such blob."""

    def used(self, prefix: str) -> int:
        """Read how many bytes there are in all whose names begin with `prefix`."""

    def read(self, name: str) -> Iterator[bytes]:
        """Read all bytes in pieces of bounded size. Transient when the blob is gone or changes meanwhile."""

    def remove(self, name: str) -> None:
        """Delete one; no error when it is not there."""

    def listed(self, prefix: str, limit: int) -> list[tuple[str, datetime]]:
        """Names that begin with `prefix`, with the time of the last change, at most `limit`."""
