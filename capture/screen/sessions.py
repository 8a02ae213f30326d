"""Applies a fact about a session or a workstation: complete it, merge it, publish what follows, forward it once.

The merge comes first, so that nothing heard is lost; the boards before the peer, because desktops wait for them; the
message of the fact is deleted after all of it. Killed between any two, the queue brings the fact once more, and
everything is done again without effect.
"""

import logging
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from capture.errors import CaptureError, Permanent, Transient
from capture.events import Event, emit
from capture.messages import ScreenFact, screen_facts
from capture.model.identity import NodeName
from capture.model.session import AgentSession
from capture.model.workstation import SignIn
from capture.ports import Clock, Queue, Sessions, Source
from capture.redundancy.notifications import LARGEST_BODY
from capture.redundancy.outgoing import Outgoing
from capture.screen.background import Background
from capture.screen.counts import Counts
from capture.screen.orders import Orders
from capture.screen.placing import Placing
from capture.screen.seating import Seating
from capture.screen.unseated import Unseated

_READ_AGAIN_SECONDS = 10.0
_READ_WITHIN = timedelta(hours=1)
"""After that the screen sweep has read the session long ago, or there is none."""
_TOLD_EVERY_SECONDS = 60.0
"""A third of the time after which a workstation that was not heard of is taken for empty."""


@dataclass(frozen=True, slots=True)
class Following:
    """The use case behind the queue of facts."""

    node: NodeName
    source: Source
    sessions: Sessions
    queue: Queue
    orders: Orders
    placing: Placing
    seating: Seating
    unseated: Unseated
    outgoing: Outgoing
    background: Background
    counts: Counts
    clock: Clock
    _told: dict[str, tuple[tuple[str, datetime, bool], float]] = field(default_factory=dict, init=False)

    def apply(self, fact: ScreenFact, *, sure: bool = False) -> None:
        """Take a fact in, whoever heard it, whenever it comes, however often. `sure`: Dynamics has just said so."""
        if fact.sign_in is not None:
            self.sit(fact)
            return
        before, known = self.sessions.merge(fact.session) if fact.session is not None else (None, None)
        # What was forwarded is completed by the node that has heard it, which forwards that, too.
        asks = not fact.forwarded and not sure
        # Deleting cannot be undone, and the accept may be on its way still: Dynamics is asked first. When it does not
        # answer, the desktop stops, and the session stays on the list of the open ones, which the sweep reads.
        doubtful = asks and known is not None and self.orders.would_delete(known)
        if known is not None and not doubtful:
            self._publish(before, known, fact)
        late: CaptureError | None = None
        if asks and (doubtful or fact.read_back is not None or (known is not None and not known.complete)):
            read, late = self._read(fact, known)
            if read is not None:
                before, known = self.sessions.merge(read)
            doubtful = doubtful and late is not None
            if known is not None:
                self._publish(before, known, fact, doubtful=doubtful)
        if not fact.forwarded and known is not None and not doubtful:
            self._forward(fact, known)
        if late is not None:
            self._postpone(fact, late)
        self.counts.add("applied")

    def sit(self, fact: ScreenFact) -> None:
        """Take in that somebody signs in, is still there, or signs out: who waited for a seat gets one."""
        if fact.sign_in is None:
            return
        self.unseated.seat(fact.sign_in, is_new=self.seating.take(fact.sign_in))
        if not fact.forwarded and self._is_news(fact.sign_in):
            # In the background: a desktop that signs in does not wait on the other region.
            self.background(lambda: self._send(replace(fact, forwarded=True)))

    def _is_news(self, sign_in: SignIn) -> bool:
        """Tell whether the peer should hear of it: a change at once, a sign of life now and then."""
        now = self.clock.monotonic()
        what = (sign_in.user, sign_in.signed_in_at, sign_in.signed_out_at is None)
        told = self._told.get(sign_in.workstation)
        if told is not None and told[0] == what and now - told[1] < _TOLD_EVERY_SECONDS:
            return False
        self._told[sign_in.workstation] = (what, now)
        return True

    def _publish(
        self, before: AgentSession | None, known: AgentSession, fact: ScreenFact, *, doubtful: bool = False
    ) -> None:
        told = fact.places if fact.forwarded else ()
        self.orders.publish(known, fact.received_at, is_new=before is None, doubtful=doubtful, told=told)
        if known.closed_on is not None and not doubtful:
            self.sessions.close(known.id)
            if before is None or before.closed_on is None:
                emit(Event.SESSION_ENDED, node=self.node, session=known.id, accepted=known.accepted_on is not None)

    def _read(self, fact: ScreenFact, known: AgentSession | None) -> tuple[AgentSession | None, CaptureError | None]:
        """Read the session back; None when there is none. Or say why it could not be read."""
        if fact.read_back is not None:
            table, row = fact.read_back.table, fact.read_back.id
        elif known is not None:
            table, row = None, str(known.id)
        else:
            return None, None
        try:
            return self.source.session_of(table, row), None
        except CaptureError as error:
            return None, error

    def _forward(self, fact: ScreenFact, known: AgentSession) -> None:
        """Tell the peer all that is known of the session, or as much as a message holds, and where it is recorded."""
        places = self.placing.places(known.id, set())
        for session in (known, replace(known, marks=()), fact.session or AgentSession(known.id)):
            told = replace(fact, forwarded=True, session=session, read_back=None, places=tuple(places.values()))
            if len(screen_facts.to_json(told)) <= LARGEST_BODY:
                break
        self._send(told)

    def _send(self, fact: ScreenFact) -> None:
        sent = self.outgoing.send(screen_facts.to_json(fact))
        emit(Event.SCREEN_FORWARDED, logging.DEBUG, node=self.node, id=fact.event_id, sent=sent)

    def _postpone(self, fact: ScreenFact, error: CaptureError) -> None:
        """Put the fact back, to be completed when Dynamics can be read again; what it said has been used already."""
        if isinstance(error, Permanent):
            # The same question would get the same answer: what is known must do.
            emit(Event.WORK_FAILED, logging.WARNING, node=self.node, work="read_back", id=fact.event_id, why=error)
            return
        if self.clock.now() - fact.received_at >= _READ_WITHIN:
            return
        delay = error.retry_after if isinstance(error, Transient) and error.retry_after else _READ_AGAIN_SECONDS
        self.queue.send(screen_facts.to_json(fact), delay=delay)
        emit(Event.SCREEN_EVENT_POSTPONED, logging.WARNING, node=self.node, id=fact.event_id, why=error)
