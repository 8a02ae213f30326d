"""Messages for one of the peer's queues: sent now, or kept in the outbox for later. Nothing waits on the peer."""

import logging
from dataclasses import dataclass

from capture.errors import CaptureError, Permanent
from capture.events import Event, emit
from capture.model.identity import NodeName
from capture.ports import Clock, Outbox, Queue, State
from capture.redundancy.incidents import Incidents
from capture.redundancy.rest import Rest


@dataclass(frozen=True, slots=True)
class Outgoing:
    """The way to one queue of the peer. After a failure everything goes to the outbox for a while."""

    node: NodeName
    peer_queue: Queue
    outbox: Outbox
    state: State
    incidents: Incidents
    clock: Clock
    rest: Rest

    def send(self, body: bytes) -> bool:
        """Send, or keep in the outbox; False: kept. Returns only when one of the two holds it durably."""
        if not self.rest.on:
            try:
                self.peer_queue.send(body)
            except CaptureError as error:
                self._failed(error)
            else:
                self.rest.end()
                return True
        self.outbox.put(body, self.clock.now())
        return False

    def deliver(self, limit: int) -> int:
        """Send what waits, oldest first, at most `limit`; stop at the first failure. Return how many went."""
        delivered = 0
        for key, body in self.outbox.oldest(limit):
            try:
                self.peer_queue.send(body)
            except Permanent as error:
                # It would be refused for ever and hold up all that come after it.
                self.state.reject("outbox", body, str(error), self.clock.now())
                emit(Event.MESSAGE_REJECTED, logging.ERROR, node=self.node, queue="outbox", why=error)
            except CaptureError as error:
                self._failed(error)
                break
            else:
                self.rest.end()
                delivered += 1
            self.outbox.remove(key)
        return delivered

    def _failed(self, error: CaptureError) -> None:
        self.rest.begin()
        self.incidents.note(f"the peer could not be notified: {error}")
