"""What is wanted of each desktop follows from the sessions, and is published on the board of its workstation."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from capture.events import Event, emit
from capture.model.board import ArchivedPart, Board, Order, order_key
from capture.model.identity import AgentId, NodeName, SessionId
from capture.model.session import AgentSession, Seat, Wanted, seats, wanted
from capture.model.workstation import Place
from capture.ports import Alarm, Alarms, Boards, Clock, Sessions
from capture.screen.counts import Counts
from capture.screen.memory import Memory
from capture.screen.seating import Seating

WITHOUT_WORKSTATION = "seat "
"""How the keys of alarms about agents without a workstation begin."""
_MOVES_WITHIN = timedelta(minutes=1)
"""How long after it was placed a seat may go where the peer has it: much longer than a fact is on its way."""


@dataclass(frozen=True, slots=True)
class Orders:
    """Derives and publishes. Doing it twice, or out of order, changes nothing.

    An order that has ended stays on its board for `kept_for`.
    """

    node: NodeName
    sessions: Sessions
    boards: Boards
    alarms: Alarms
    seating: Seating
    counts: Counts
    clock: Clock
    channels: Sequence[int]
    min_seconds: int
    kept_for: timedelta
    memory: Memory = field(default_factory=Memory, init=False)

    def wanted(self, seat: Seat) -> Wanted:
        """Decide what a desktop should be doing about a seat."""
        return wanted(seat, self.min_seconds)

    def decided(self, seat: Seat, workstation: str) -> Wanted:
        """Decide what becomes of what a workstation has staged: deleted is only what its board says is to be deleted.

        A board that is behind, or in doubt, wins over what is known of the session: deleting cannot be undone.
        Deleted is also what was begun at a place from which the seat has been moved.
        """
        what = self.wanted(seat)
        order = self.find(workstation, seat.session_id, seat.agent_id)
        if order is None or (what is not Wanted.DELETE and order.wanted is not Wanted.DELETE):
            return what
        if what is Wanted.DELETE:
            return order.wanted
        place = self.sessions.places(seat.session_id).get(seat.agent_id)
        return Wanted.DELETE if place is not None and place.workstation != workstation else what

    def publish(
        self,
        session: AgentSession,
        heard_at: datetime,
        *,
        is_new: bool = False,
        doubtful: bool = False,
        told: Sequence[Place] = (),
    ) -> None:
        """Bring the boards up to what is known of a session; `heard_at` is when the node heard the latest of it.

        A seat stays at the workstation where it was placed first: what ends a recording must come to whoever makes it.
        Of a session that `is_new` nothing can have been placed. While it is `doubtful`, what would be deleted is only
        stopped. `told` is where the peer has its seats recorded.
        """
        if session.channel not in self.channels:
            return
        for peers in told:
            self._agree(session, peers, heard_at)
        taken = seats(session)
        # An end must come to whoever records, also when another instance has moved the seat.
        ended = any(self.wanted(seat).rank > Wanted.RECORD.rank for seat in taken)
        places = self.places(session.id, {seat.agent_id for seat in taken}, is_new=is_new, anew=ended)
        for seat in taken:
            if (what := self.wanted(seat)) is not Wanted.NOTHING:
                place = places.get(seat.agent_id) or self._seat(seat, what)
                if place is not None:
                    what = Wanted.STOP if doubtful and what is Wanted.DELETE else what
                    self._order(place.workstation, self._make(session, seat.agent_id, what, heard_at))
        for agent in sorted(places.keys() - {seat.agent_id for seat in taken}):
            self._end(places[agent].workstation, session, agent, heard_at, doubtful=doubtful)

    def would_delete(self, session: AgentSession) -> bool:
        """Tell whether publishing would end somebody's recording as never accepted, or as too short."""
        if session.channel not in self.channels:
            return False
        places = self.memory.places(session.id)
        for seat in seats(session):
            if self.wanted(seat) is Wanted.DELETE:
                order = self._make(session, seat.agent_id, Wanted.DELETE, self.clock.now())
                if seat.agent_id not in places or not self.memory.has(places[seat.agent_id].workstation, order):
                    return True
        return False

    def archived(self, session_id: SessionId, agent_id: AgentId, workstation: str, part: ArchivedPart) -> None:
        """Mark one part of an order as done: it is in an archive. No error where there is no such order."""
        key = order_key(session_id, agent_id)

        def mark(board: Board | None) -> Board | None:
            marked = board.archiving(key, part) if board is not None else None
            return None if marked is board else marked

        self.boards.change(workstation, mark)

    def find(self, workstation: str, session_id: SessionId, agent_id: AgentId) -> Order | None:
        """Read the order for a seat at this workstation, None when there is none."""
        board = self.boards.get(workstation)
        return board.orders.get(order_key(session_id, agent_id)) if board is not None else None

    def places(
        self, session_id: SessionId, agents: set[AgentId], *, is_new: bool = False, anew: bool = False
    ) -> dict[AgentId, Place]:
        """Tell where the seats of a session are recorded; `anew`: whatever is remembered."""
        known = self.memory.places(session_id)
        if not is_new and (anew or not agents <= known.keys()):
            known |= self.sessions.places(session_id)
            self.memory.place(session_id, known)
        return known

    def _agree(self, session: AgentSession, told: Place, heard_at: datetime) -> None:
        """Have a seat recorded where the peer has it, or leave it to the peer to do the same: both choose alike.

        What was begun at the worse place is deleted, but not when that is long ago: then both are kept.
        """
        known = self.memory.places(session.id).get(told.agent_id)
        if known is None or known.workstation != told.workstation:
            known = self.sessions.place(session.id, told)
            if told.beats(known) and self.clock.now() - known.at < _MOVES_WITHIN:
                # The place last: whoever is killed before that does all of it once more.
                self._order(known.workstation, self._make(session, told.agent_id, Wanted.DELETE, heard_at))
                self.sessions.move(session.id, told)
                known = told
            self._placed(session.id, known)

    def _seat(self, seat: Seat, what: Wanted) -> Place | None:
        if not self.seating.is_person(seat.agent_id):
            return None
        key = f"{WITHOUT_WORKSTATION}{order_key(seat.session_id, seat.agent_id)}"
        found = self.seating.place_of(seat.agent_id)
        if found is None:
            if what is not Wanted.DELETE and not self.memory.is_raised(key):
                self._raise(key, seat)
            return None
        here = Place(seat.agent_id, found.workstation, found.signed_in_at, self.clock.now())
        place = self.sessions.place(seat.session_id, here)
        self._placed(seat.session_id, place)
        return place

    def _raise(self, key: str, seat: Seat) -> None:
        text = f"agent {seat.agent_id} has no workstation"
        if self.alarms.raise_(Alarm(key, self.clock.now(), text, seat.session_id)):
            emit(
                Event.AGENT_WITHOUT_WORKSTATION,
                logging.WARNING,
                node=self.node,
                session=seat.session_id,
                agent=seat.agent_id,
            )
        self.memory.raised(key)

    def _placed(self, session_id: SessionId, place: Place) -> None:
        self.memory.place(session_id, {place.agent_id: place})
        key = f"{WITHOUT_WORKSTATION}{order_key(session_id, place.agent_id)}"
        if self.memory.settle(key):
            self.alarms.clear(key)

    def _end(self, place: str, session: AgentSession, agent: AgentId, heard_at: datetime, *, doubtful: bool) -> None:
        """End what was begun for somebody who has no part in the session any more: it was given to another agent.

        Was it accepted by then, nobody can tell by whom, so it is kept.
        """
        known = self.find(place, session.id, agent)
        if known is not None and known.wanted in (Wanted.RECORD, Wanted.STOP):
            never = Wanted.STOP if doubtful else Wanted.DELETE
            what = never if session.accepted_on is None else Wanted.KEEP
            self._order(place, self._make(session, agent, what, heard_at))

    def _make(self, session: AgentSession, agent: AgentId, what: Wanted, heard_at: datetime) -> Order:
        return Order(session.id, agent, session.conversation_id, what, self.clock.now(), heard_at)

    def _order(self, place: str, order: Order) -> None:
        if self.memory.has(place, order):
            return
        changed = False

        def decide(board: Board | None) -> Board | None:
            nonlocal changed
            known = board or Board(place, self.node)
            placed = known.placing(order, order.at, self.kept_for)
            before, after = known.orders.get(order.key), placed.orders[order.key]
            changed = before is None or before.wanted is not after.wanted
            # The node's own name, also where another one has written before: a store may have been taken over.
            return None if placed == board else replace(placed, node=self.node)

        self.boards.change(place, decide)
        self.memory.published(place, order)
        if changed:
            self.counts.add("ordered")
            emit(
                Event.SCREEN_ORDERED,
                node=self.node,
                session=order.session_id,
                agent=order.agent_id,
                workstation=place,
                wanted=order.wanted.value,
                milliseconds=round((order.at - order.heard_at).total_seconds() * 1000),
            )
