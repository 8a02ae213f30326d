"""What lost webhooks have not said, calls that last too long, and what nobody needs any more."""

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from capture.errors import CaptureError
from capture.events import Event, emit
from capture.messages import ScreenFact
from capture.model.authority import Active
from capture.model.identity import AgentId, NodeName, RecordingId, SessionId
from capture.model.session import AgentSession, Wanted, merge_sessions, seats
from capture.ports import Alarm, Alarms, Clock, Ledger, Sessions, Source, Staged
from capture.redundancy.outgoing import Outgoing
from capture.screen.counts import Counts
from capture.screen.orders import Orders
from capture.screen.sessions import Following

_LOOK_BACK = timedelta(minutes=5)
"""How long ago a session may have ended and still be read; longer when the last sweep is longer ago."""
_LONGEST_LOOK_BACK = timedelta(hours=12)
_SLICE = 100
_MOST_OPEN = 10_000
_PURGE_EVERY = 600.0
_PURGED_AFTER = timedelta(hours=1)
_ALARMS_KEPT = timedelta(hours=24)


@dataclass(slots=True)
class ScreenSweep:
    """The use case behind the screen sweep's timer."""

    node: NodeName
    source: Source
    sessions: Sessions
    staged: Staged
    ledger: Ledger
    alarms: Alarms
    orders: Orders
    following: Following
    outgoing: Outgoing
    counts: Counts
    clock: Clock
    long_after: timedelta
    _seen: dict[SessionId, AgentSession] = field(default_factory=dict, init=False)
    _swept_at: datetime | None = field(default=None, init=False)
    _purged_at: float = field(default=float("-inf"), init=False)

    def run(self, active: Active) -> None:
        """What only the ACTIVE node does: read open and recently ended sessions, which are facts like any other."""
        now = self.clock.now()
        since = max(min(self._swept_at or now, now) - _LOOK_BACK, now - _LONGEST_LOOK_BACK)
        seen: dict[SessionId, AgentSession] = {}
        for page in self.source.sessions_since(since, self.orders.channels):
            active.check(self.clock.monotonic())
            for session in page:
                seen[session.id] = session
                if self._seen.get(session.id) != session:
                    self._repair(session, now)
        known = self.sessions.open(_MOST_OPEN)
        self._read_again([each for each in known if each not in seen], active)
        self._seen, self._swept_at = seen, now
        self._watch_long([each for each in known if each in seen], now)

    def tidy(self, until: float) -> None:
        """What both nodes do: tell the peer what waits, and now and then throw away what nobody needs any more.

        The telling ends at the monotonic time `until`.
        """
        while self.outgoing.deliver(_SLICE) == _SLICE and self.clock.monotonic() < until:
            pass
        if self.clock.monotonic() - self._purged_at >= _PURGE_EVERY:
            self._purged_at = self.clock.monotonic()
            self._purge()
            for alarm in self.alarms.listed(_MOST_OPEN):
                if self.clock.now() - alarm.at >= _ALARMS_KEPT:
                    self.alarms.clear(alarm.key)

    def _repair(self, session: AgentSession, now: datetime) -> None:
        """Apply what Dynamics says, if that is more than is known."""
        known = self.sessions.get(session.id)
        if known is not None and merge_sessions(known, session) == known:
            return
        before = self._wanted(known)
        self.following.apply(
            ScreenFact(self.node, f"sweep {session.id} {now.isoformat()}", now, session=session), sure=True
        )
        after = self._wanted(session if known is None else merge_sessions(known, session))
        if before != after:
            emit(Event.SESSION_REPAIRED, logging.WARNING, node=self.node, session=session.id)
            self.counts.add("repaired")

    def _wanted(self, session: AgentSession | None) -> dict[AgentId, Wanted]:
        return {seat.agent_id: self.orders.wanted(seat) for seat in seats(session)} if session is not None else {}

    def _read_again(self, ids: list[SessionId], active: Active) -> None:
        """Read those that are open here and not in Dynamics' list: they ended long ago, or are of another channel."""
        if not (some := ids[:_SLICE]):
            return
        active.check(self.clock.monotonic())
        found = {session.id: session for session in self.source.sessions_by_id(some)}
        for session_id in some:
            session = found.get(session_id)
            if session is not None:
                self._repair(session, self.clock.now())
            if session is None or session.closed_on is not None or session.channel not in self.orders.channels:
                self.sessions.close(session_id)  # ended, deleted in Dynamics, or of no concern

    def _watch_long(self, ids: list[SessionId], now: datetime) -> None:
        for session_id in ids:
            session = self._seen[session_id]
            begun = session.accepted_on or session.assigned_on
            if begun is None or session.closed_on is not None or now - begun < self.long_after:
                continue
            minutes = round((now - begun).total_seconds() / 60)
            alarm = Alarm(f"long {session_id}", now, f"the session has lasted for {minutes} minutes", session_id)
            if self.alarms.raise_(alarm):
                emit(Event.LONG_CALL, logging.WARNING, node=self.node, session=session_id, minutes=minutes)

    def _purge(self) -> None:
        """Delete what was staged and nobody needs.

        That is what belongs to sessions that nobody accepted, when the desktop has never said so, and what the other
        node has archived, to which the desktop went over while this one was away.
        """
        for name, changed_at in self.staged.listed("", _MOST_OPEN):
            parts = name.split("/")
            if self.clock.now() - changed_at < _PURGED_AFTER or len(parts) != 3:
                continue
            seat, number = parts[2].removesuffix(".mp4").rpartition("-")[::2]
            try:
                self._purge_one(name, SessionId(parts[1]), AgentId(seat), number)
            except CaptureError as error:
                emit(Event.WORK_FAILED, logging.WARNING, node=self.node, work="purge", why=error)

    def _purge_one(self, name: str, session_id: SessionId, agent_id: AgentId, part: str) -> None:
        session = self.sessions.get(session_id)
        seat = next((each for each in seats(session) if each.agent_id == agent_id), None) if session else None
        if seat is None:
            return
        match self.orders.wanted(seat):
            case Wanted.DELETE:
                self.staged.remove(name)
                self.counts.add("deleted")
                emit(Event.SCREEN_DELETED, node=self.node, session=session_id, agent=agent_id)
            case Wanted.KEEP if seat.called_on is not None:
                recording = RecordingId(f"screen-{session_id}-{agent_id}-{part}")
                entry = self.ledger.get(recording, seat.called_on.replace(microsecond=0))
                size = self.staged.size(name)
                # Less than what is archived, or the same: more may be another recording, which waits for its turn.
                if entry is not None and size is not None and any(copy.size >= size for copy in entry.copies):
                    self.staged.remove(name)
            case _:
                pass
