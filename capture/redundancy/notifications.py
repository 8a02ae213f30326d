"""The node that did the work always tells the other one; what cannot be told now waits in the outbox."""

import logging
from dataclasses import replace

from capture.errors import CaptureError, Permanent
from capture.events import Event, emit
from capture.messages import Notification, notifications
from capture.model.authority import Watermark
from capture.model.conversation import Conversation
from capture.model.identity import NodeName
from capture.model.ledger import LedgerEntry
from capture.ports import Clock, Outbox, Queue, State
from capture.redundancy.incidents import Incidents
from capture.redundancy.rest import Rest

LARGEST_BODY = 48 * 1024
"""A queue message holds 64 KiB of base64, that is 48 KiB of JSON (Microsoft Learn, "Azure Queue Storage limits")."""


class Notifier:
    """Tells the peer. Never waits long for it: after a failure everything goes to the outbox for a while."""

    def __init__(
        self, node: NodeName, peer_queue: Queue, outbox: Outbox, state: State, clock: Clock, rest: Rest
    ) -> None:
        self._node = node
        self._peer_queue = peer_queue
        self._outbox = outbox
        self._state = state
        self._clock = clock
        self._rest = rest
        self._incidents = Incidents(state, clock)
        self._watermark: Watermark | None = None
        self._watermark_read_at = float("-inf")

    def tell(self, entry: LedgerEntry | None, conversation: Conversation | None, *, again: bool = False) -> None:
        """Send to the peer's queue, or keep in the outbox. Returns only when one of the two holds it durably."""
        notification = Notification(self._node, entry, conversation, self._low_watermark(), again)
        body = notifications.to_json(notification)
        if len(body) > LARGEST_BODY:
            body = notifications.to_json(replace(notification, conversation=None))
        recording = entry.recording_id if entry else None
        if not self._rest.on:
            try:
                self._peer_queue.send(body)
            except CaptureError as error:
                self._failed(error)
            else:
                self._rest.end()
                emit(Event.NOTIFICATION_SENT, node=self._node, recording=recording)
                return
        self._outbox.put(body, self._clock.now())
        emit(Event.NOTIFICATION_KEPT, node=self._node, recording=recording)

    def deliver(self, limit: int) -> int:
        """Send what waits, oldest first, at most `limit`; stop at the first failure. Return how many went."""
        delivered = 0
        for key, body in self._outbox.oldest(limit):
            try:
                self._peer_queue.send(body)
            except Permanent as error:
                # It would be refused for ever and hold up all that come after it.
                self._state.reject("outbox", body, str(error), self._clock.now())
                emit(Event.MESSAGE_REJECTED, logging.ERROR, node=self._node, queue="outbox", why=error)
            except CaptureError as error:
                self._failed(error)
                break
            else:
                self._rest.end()
                delivered += 1
                emit(Event.NOTIFICATION_SENT, node=self._node)
            self._outbox.remove(key)
        return delivered

    def _low_watermark(self) -> Watermark | None:
        # A second's age is nothing to a watermark, and saves one read for each recording.
        now = self._clock.monotonic()
        if now - self._watermark_read_at >= 1.0:
            self._watermark = self._state.watermark()
            self._watermark_read_at = now
        return self._watermark

    def _failed(self, error: CaptureError) -> None:
        self._rest.begin()
        self._incidents.note(f"the peer could not be notified: {error}")
