"""What a node keeps of screens, in memory: sessions, sign-ins, alarms, boards and what desktops have staged."""

from collections.abc import Callable, Iterator
from datetime import datetime

from capture.errors import Transient
from capture.model.board import Board
from capture.model.identity import AgentId, SessionId
from capture.model.session import AgentSession, merge_sessions
from capture.model.workstation import Place, SignIn, merge_sign_ins
from capture.ports import Alarm, Clock
from tests.stores.store import Store, operation

PIECE = 1000


class MemorySessions(Store):
    """`sessions` by id, `seats` by session and agent, `listed` those that are open."""

    kind = "sessions"

    def __init__(self) -> None:
        super().__init__()
        self.sessions: dict[SessionId, AgentSession] = {}
        self.seats: dict[tuple[SessionId, AgentId], Place] = {}
        self.listed: set[SessionId] = set()

    @operation
    def get(self, session_id: SessionId) -> AgentSession | None:
        return self.sessions.get(session_id)

    @operation
    def merge(self, session: AgentSession) -> tuple[AgentSession | None, AgentSession]:
        before = self.sessions.get(session.id)
        known = session if before is None else merge_sessions(before, session)
        self.sessions[session.id] = known
        if known.closed_on is None and (before is None or before == known):
            self.listed.add(session.id)
        return before, known

    @operation
    def open(self, limit: int) -> list[SessionId]:
        return sorted(self.listed)[:limit]

    @operation
    def close(self, session_id: SessionId) -> None:
        self.listed.discard(session_id)

    @operation
    def place(self, session_id: SessionId, place: Place) -> Place:
        return self.seats.setdefault((session_id, place.agent_id), place)

    @operation
    def move(self, session_id: SessionId, place: Place) -> None:
        self.seats[session_id, place.agent_id] = place

    @operation
    def places(self, session_id: SessionId) -> dict[AgentId, Place]:
        return {agent: place for (session, agent), place in self.seats.items() if session == session_id}


class MemoryWorkstations(Store):
    """`sign_ins` by workstation."""

    kind = "workstations"

    def __init__(self) -> None:
        super().__init__()
        self.sign_ins: dict[str, SignIn] = {}

    @operation
    def merge(self, sign_in: SignIn) -> tuple[SignIn | None, SignIn]:
        before = self.sign_ins.get(sign_in.workstation)
        known = sign_in if before is None else merge_sign_ins(before, sign_in)
        self.sign_ins[sign_in.workstation] = known
        return before, known

    @operation
    def at(self, workstation: str) -> SignIn | None:
        return self.sign_ins.get(workstation)

    @operation
    def signed_in_as(self, names: frozenset[str]) -> list[SignIn]:
        return [self.sign_ins[key] for key in sorted(self.sign_ins) if self.sign_ins[key].key in names]


class MemoryAlarms(Store):
    """`alarms` by key."""

    kind = "alarms"

    def __init__(self) -> None:
        super().__init__()
        self.alarms: dict[str, Alarm] = {}

    @operation
    def raise_(self, alarm: Alarm) -> bool:
        return self.alarms.setdefault(alarm.key, alarm) is alarm

    @operation
    def clear(self, key: str) -> None:
        self.alarms.pop(key, None)

    @operation
    def listed(self, limit: int, prefix: str = "") -> list[Alarm]:
        return [self.alarms[key] for key in sorted(self.alarms) if key.startswith(prefix)][:limit]


class MemoryBoards(Store):
    """`boards` by workstation. An address begins with `memory:`."""

    kind = "boards"

    def __init__(self) -> None:
        super().__init__()
        self.boards: dict[str, Board] = {}

    @operation
    def get(self, workstation: str) -> Board | None:
        return self.boards.get(workstation)

    @operation
    def change(self, workstation: str, decide: Callable[[Board | None], Board | None]) -> None:
        if (wanted := decide(self.boards.get(workstation))) is not None:
            self.boards[workstation] = wanted

    def address(self, workstation: str, now: datetime, until: datetime) -> str:
        return f"memory:boards/{workstation}.json?until={until.isoformat()}&from={now.isoformat()}"


class MemoryStaged(Store):
    """`blobs` by name, with the time of the last change. `append` is what a desktop does with an address."""

    kind = "staged"

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self.blobs: dict[str, tuple[bytes, datetime]] = {}

    def append(self, address: str, data: bytes) -> None:
        name = address.removeprefix("memory:").partition("?")[0]
        with self.lock:
            self.blobs[name] = (self.blobs.get(name, (b"",))[0] + data, self._clock.now())

    def address(self, name: str, now: datetime, until: datetime) -> str:
        return f"memory:{name}?until={until.isoformat()}&from={now.isoformat()}"

    @operation
    def size(self, name: str) -> int | None:
        return len(self.blobs[name][0]) if name in self.blobs else None

    @operation
    def used(self, prefix: str) -> int:
        return sum(len(data) for name, (data, _) in self.blobs.items() if name.startswith(prefix))

    def read(self, name: str) -> Iterator[bytes]:
        data = self.fetch(name)
        yield from (data[at : at + PIECE] for at in range(0, len(data), PIECE))

    @operation
    def fetch(self, name: str) -> bytes:
        """The bytes at once; here so that reading can fail."""
        if name not in self.blobs:
            raise Transient(f"the staged screen {name} is gone")
        return self.blobs[name][0]

    @operation
    def remove(self, name: str) -> None:
        self.blobs.pop(name, None)

    @operation
    def listed(self, prefix: str, limit: int) -> list[tuple[str, datetime]]:
        return [(name, self.blobs[name][1]) for name in sorted(self.blobs) if name.startswith(prefix)][:limit]
