"""Seats that wait for a workstation. Whoever signs in, or is still there, gets those of his that wait."""

import logging
from dataclasses import dataclass, field

from capture.errors import CaptureError
from capture.events import Event, emit
from capture.model.identity import AgentId, NodeName, SessionId
from capture.model.workstation import SignIn
from capture.ports import Alarm, Alarms, Clock, Sessions
from capture.screen.orders import Orders
from capture.screen.placing import WITHOUT_WORKSTATION
from capture.screen.seating import Seating

_MOST = 10_000
_READ_EVERY_SECONDS = 10.0
"""Less than from one sign of life of a desktop to the next one, which may be one of a thousand."""


@dataclass(slots=True)
class Unseated:
    """What waits is what the alarms say, so a restart forgets nothing. Threads may share it."""

    node: NodeName
    sessions: Sessions
    alarms: Alarms
    orders: Orders
    seating: Seating
    clock: Clock
    _read: list[Alarm] = field(default_factory=list, init=False)
    _read_at: float = field(default=float("-inf"), init=False)
    _over: set[str] = field(default_factory=set, init=False)

    def seat(self, sign_in: SignIn, *, is_new: bool) -> None:
        """Place what waits for a user: of one who `is_new` whoever it waits for, as his names may have been changed.

        What fails is logged and holds up nobody: the desktop's next sign of life tries again.
        """
        if sign_in.signed_out_at is not None:
            return
        for alarm in self._waiting(is_new=is_new):
            session_id, agent_id = alarm.session_id, AgentId(alarm.key.rpartition(":")[2])
            try:
                if session_id is not None and (is_new or self.seating.is_called(agent_id, sign_in)):
                    self._publish(alarm.key, session_id)
            except CaptureError as error:
                emit(Event.WORK_FAILED, logging.WARNING, node=self.node, work="seat", session=session_id, why=error)

    def _waiting(self, *, is_new: bool) -> list[Alarm]:
        now = self.clock.monotonic()
        if is_new or now - self._read_at >= _READ_EVERY_SECONDS:
            self._read, self._read_at = self.alarms.listed(_MOST, WITHOUT_WORKSTATION), now
            self._over &= {alarm.key for alarm in self._read}
        return [alarm for alarm in self._read if alarm.key not in self._over]

    def _publish(self, key: str, session_id: SessionId) -> None:
        known = self.sessions.get(session_id)
        if known is not None and known.closed_on is None:
            self.orders.memory.raised(key)
            self.orders.publish(known, self.clock.now())
        else:
            self._over.add(key)  # the alarm stays for a person to see
