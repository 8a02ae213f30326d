"""What lost webhooks have not said, and calls that last too long."""

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from capture.errors import CaptureError
from capture.events import Event, emit
from capture.messages import ScreenFact
from capture.model.authority import Active
from capture.model.identity import AgentId, NodeName, SessionId
from capture.model.session import AgentSession, Wanted, merge_sessions, seats
from capture.ports import Alarm, Alarms, Clock, Queue, Sessions, Source
from capture.redundancy.outgoing import Outgoing
from capture.screen.counts import Counts
from capture.screen.orders import Orders
from capture.screen.receive import HIDDEN_SECONDS, as_message
from capture.screen.sessions import Following
from capture.screen.staging import Staging

_LOOK_BACK = timedelta(minutes=5)
"""How long ago a session may have ended and still be read; longer when the last sweep is longer ago."""
_LONGEST_LOOK_BACK = timedelta(hours=12)
_SLICE = 100
_MOST_OPEN = 10_000
_MISSED_FOR = timedelta(minutes=1)
"""How long Dynamics must not know an open session before it is taken for deleted: a new one may be told of first."""
_TIDY_EVERY = 600.0
_ALARMS_KEPT = timedelta(hours=24)


@dataclass(slots=True)
class ScreenSweep:
    """The use case behind the screen sweep's timer."""

    node: NodeName
    source: Source
    sessions: Sessions
    queue: Queue
    staging: Staging
    alarms: Alarms
    orders: Orders
    following: Following
    outgoing: Outgoing
    counts: Counts
    clock: Clock
    long_after: timedelta
    _seen: dict[SessionId, AgentSession] = field(default_factory=dict, init=False)
    _missed: dict[SessionId, datetime] = field(default_factory=dict, init=False)
    _swept_at: datetime | None = field(default=None, init=False)
    _tidied_at: float = field(default=float("-inf"), init=False)

    def run(self, active: Active) -> None:
        """What only the ACTIVE node does: read open and recently ended sessions, which are facts like any other."""
        now = self.clock.now()
        since = max(min(self._swept_at or now, now) - _LOOK_BACK, now - _LONGEST_LOOK_BACK)
        known = self.sessions.open(_MOST_OPEN)
        listed = frozenset(known)
        seen: dict[SessionId, AgentSession] = {}
        for page in self.source.sessions_since(since, self.orders.channels):
            active.check(self.clock.monotonic())
            for session in page:
                seen[session.id] = session
                doubtful = session.closed_on is not None and session.id in listed
                if doubtful or self._seen.get(session.id) != session:
                    self._repair(session, now, doubtful=doubtful)
        self._read_again([each for each in known if each not in seen], active)
        self._seen, self._swept_at = seen, now
        self._watch_long([each for each in known if each in seen], now)

    def tidy(self, until: float) -> None:
        """What both nodes do: tell the peer what waits, and now and then look after what is staged, and old alarms.

        It ends at the monotonic time `until`, and goes on with the next call.
        """
        while self.outgoing.deliver(_SLICE) == _SLICE and self.clock.monotonic() < until:
            pass
        self.staging.tidy(until)
        if self.clock.monotonic() - self._tidied_at >= _TIDY_EVERY:
            self._tidied_at = self.clock.monotonic()
            for alarm in self.alarms.listed(_MOST_OPEN):
                if self.clock.now() - alarm.at >= _ALARMS_KEPT:
                    self.alarms.clear(alarm.key)

    def _repair(self, session: AgentSession, now: datetime, *, doubtful: bool = False) -> None:
        """Apply what Dynamics says, if that is more than is known. What fails after it was kept, the queue repeats.

        It is kept first, as a webhook is: once merged it would be known, and no sweep would look at it again. While it
        is `doubtful` what a desktop shall do with an ended session, what is known already says it, too.
        """
        known = self.sessions.get(session.id)
        if known is not None and merge_sessions(known, session) == known and not doubtful:
            return
        before = self._wanted(known)
        fact = ScreenFact(self.node, f"sweep {session.id} {now.isoformat()}", now, session=session)
        held = self.queue.hold(as_message(fact), HIDDEN_SECONDS)
        try:
            self.following.apply(fact, sure=True)
            self.queue.let_go(held)
        except CaptureError as error:  # one session must not hold up the others
            emit(Event.WORK_FAILED, logging.WARNING, node=self.node, work="repair", session=session.id, why=error)
        after = self._wanted(session if known is None else merge_sessions(known, session))
        if before != after:
            emit(Event.SESSION_REPAIRED, logging.WARNING, node=self.node, session=session.id)
            self.counts.add("repaired")

    def _wanted(self, session: AgentSession | None) -> dict[AgentId, Wanted]:
        return {seat.agent_id: self.orders.wanted(seat) for seat in seats(session)} if session is not None else {}

    def _read_again(self, ids: list[SessionId], active: Active) -> None:
        """Read those that are open here and not in Dynamics' list: they ended long ago, or are of another channel."""
        some, now = ids[:_SLICE], self.clock.now()
        active.check(self.clock.monotonic())
        found = {session.id: session for session in self.source.sessions_by_id(some)} if some else {}
        self._missed = {each: self._missed.get(each, now) for each in some if each not in found}
        for session in found.values():
            self._repair(session, now, doubtful=session.closed_on is not None)
            if session.closed_on is not None or session.channel not in self.orders.channels:
                self.sessions.close(session.id)
        for session_id in [each for each, since in self._missed.items() if now - since >= _MISSED_FOR]:
            # Deleted in Dynamics, or not for this application to read: nobody else would ever end its recording.
            known = self.sessions.get(session_id)
            ended = known.closed_on if known is not None else None
            self._repair(AgentSession(session_id, closed_on=ended or now), now, doubtful=True)
            self.sessions.close(session_id)

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
