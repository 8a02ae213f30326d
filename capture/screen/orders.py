"""What is wanted of each desktop follows from the sessions, and is published on the board of its workstation."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from capture.events import Event, emit
from capture.model.board import ArchivedPart, Board, Order, order_key
from capture.model.identity import AgentId, NodeName, SessionId
from capture.model.session import AgentSession, Seat, Wanted, seats, wanted
from capture.model.workstation import Place
from capture.ports import Boards, Clock
from capture.screen.counts import Counts
from capture.screen.memory import Memory
from capture.screen.placing import Placing


@dataclass(frozen=True, slots=True)
class Orders:
    """Derives and publishes. Doing it twice, or out of order, changes nothing.

    An order that has ended stays on its board for `kept_for`.
    """

    node: NodeName
    boards: Boards
    placing: Placing
    memory: Memory
    counts: Counts
    clock: Clock
    channels: Sequence[int]
    min_seconds: int
    kept_for: timedelta

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
        place = self.placing.places(seat.session_id, {seat.agent_id}, anew=True).get(seat.agent_id)
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
        places = self.placing.places(session.id, {seat.agent_id for seat in taken}, is_new=is_new, anew=ended)
        for seat in taken:
            if (what := self.wanted(seat)) is not Wanted.NOTHING:
                place = places.get(seat.agent_id) or self.placing.place(seat, what)
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

    def _agree(self, session: AgentSession, told: Place, heard_at: datetime) -> None:
        """Have a seat recorded where the peer has it, or leave it to the peer to do the same: both choose alike.

        What was begun at the worse place is deleted, but not when that is long ago: then both are kept.
        """
        known = self.placing.differing(session.id, told)
        if known is None:
            return
        if self.placing.gives_way(known, told):
            # The place last: whoever is killed before that does all of it once more.
            self._order(known.workstation, self._make(session, told.agent_id, Wanted.DELETE, heard_at))
            known = self.placing.move(session.id, told)
        self.placing.keep(session.id, known)

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
