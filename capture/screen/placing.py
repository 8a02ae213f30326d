"""Where each seat is recorded: at the workstation where it was placed first, which both nodes agree on.

What ends a recording must come to whoever makes it, so a seat stays where it is, wherever its agent goes.
"""

import logging
from dataclasses import dataclass
from datetime import timedelta

from capture.events import Event, emit
from capture.model.board import order_key
from capture.model.identity import AgentId, NodeName, SessionId
from capture.model.session import Seat, Wanted
from capture.model.workstation import Place
from capture.ports import Alarm, Alarms, Clock, Sessions
from capture.screen.memory import Memory
from capture.screen.seating import Seating

WITHOUT_WORKSTATION = "seat "
"""How the keys of alarms about agents without a workstation begin."""
_MOVES_WITHIN = timedelta(minutes=1)
"""How long after it was placed a seat may go where the peer has it: much longer than a fact is on its way."""


@dataclass(frozen=True, slots=True)
class Placing:
    """Finds a workstation for each seat, and remembers it. Threads may share it."""

    node: NodeName
    sessions: Sessions
    alarms: Alarms
    seating: Seating
    clock: Clock
    memory: Memory

    def places(
        self, session_id: SessionId, agents: set[AgentId], *, is_new: bool = False, anew: bool = False
    ) -> dict[AgentId, Place]:
        """Tell where the seats of a session are recorded.

        Of a session that `is_new` nothing can have been placed; `anew`: it is read whatever is remembered.
        """
        known = self.memory.places(session_id)
        if not is_new and (anew or not agents <= known.keys()):
            known |= self.sessions.places(session_id)
            self.memory.place(session_id, known)
        return known

    def place(self, seat: Seat, what: Wanted) -> Place | None:
        """Place a seat of which something is wanted; None for a program, and for a person who sits nowhere.

        The latter is an alarm, unless the recording would be deleted anyway.
        """
        if not self.seating.is_person(seat.agent_id):
            return None
        found = self.seating.place_of(seat.agent_id)
        if found is None:
            if what is not Wanted.DELETE:
                self._raise(seat)
            return None
        here = Place(seat.agent_id, found.workstation, found.signed_in_at, self.clock.now())
        place = self.sessions.place(seat.session_id, here)
        self.keep(seat.session_id, place)
        return place

    def differing(self, session_id: SessionId, told: Place) -> Place | None:
        """Return where a seat is recorded, None when it is remembered to be where the peer has it."""
        known = self.memory.places(session_id).get(told.agent_id)
        if known is not None and known.workstation == told.workstation:
            return None
        return self.sessions.place(session_id, told)

    def gives_way(self, known: Place, told: Place) -> bool:
        """Tell whether a seat goes where the peer has it: to the better place, but not when it was placed long ago."""
        return told.beats(known) and self.clock.now() - known.at < _MOVES_WITHIN

    def move(self, session_id: SessionId, place: Place) -> Place:
        """Record a seat elsewhere from now on; return the place."""
        self.sessions.move(session_id, place)
        return place

    def keep(self, session_id: SessionId, place: Place) -> None:
        """Remember where a seat is recorded; nobody waits for a workstation any more."""
        self.memory.place(session_id, {place.agent_id: place})
        key = _alarm_key(session_id, place.agent_id)
        if self.memory.settle(key):
            self.alarms.clear(key)

    def _raise(self, seat: Seat) -> None:
        key = _alarm_key(seat.session_id, seat.agent_id)
        if self.memory.is_raised(key):
            return
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


def _alarm_key(session_id: SessionId, agent_id: AgentId) -> str:
    return f"{WITHOUT_WORKSTATION}{order_key(session_id, agent_id)}"
