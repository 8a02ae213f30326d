"""The node that did the work always tells the other one; what cannot be told now waits in the outbox."""

from dataclasses import replace

from capture.events import Event, emit
from capture.messages import Notification, notifications
from capture.model.authority import Watermark
from capture.model.conversation import Conversation
from capture.model.day import DayReport
from capture.model.identity import NodeName
from capture.model.ledger import LedgerEntry
from capture.model.request import News
from capture.ports import Clock, Outbox, Queue, State
from capture.redundancy.incidents import Incidents
from capture.redundancy.outgoing import Outgoing
from capture.redundancy.rest import Rest

LARGEST_BODY = 48 * 1024
"""A queue message holds 64 KiB of base64, that is 48 KiB of JSON (Microsoft Learn, "Azure Queue Storage limits")."""


class Notifier:
    """Tells the peer. Never waits long for it: after a failure everything goes to the outbox for a while."""

    def __init__(
        self, node: NodeName, peer_queue: Queue, outbox: Outbox, state: State, clock: Clock, rest: Rest
    ) -> None:
        self._node = node
        self._outgoing = Outgoing(node, peer_queue, outbox, state, Incidents(state, clock), clock, rest)
        self._state = state
        self._clock = clock
        self._watermark: Watermark | None = None
        self._watermark_read_at = float("-inf")

    def tell(self, entry: LedgerEntry | None, conversation: Conversation | None, *, again: bool = False) -> None:
        """Send to the peer's queue, or keep in the outbox. Returns only when one of the two holds it durably."""
        notification = Notification(self._node, entry, conversation, self._low_watermark(), again)
        body = notifications.to_json(notification)
        if len(body) > LARGEST_BODY:
            body = notifications.to_json(replace(notification, conversation=None))
        recording = entry.recording_id if entry else None
        sent = self._outgoing.send(body)
        emit(Event.NOTIFICATION_SENT if sent else Event.NOTIFICATION_KEPT, node=self._node, recording=recording)

    def tell_recovery(self, news: News) -> None:
        """Tell the peer how a request stands, or keep it in the outbox."""
        self._outgoing.send(notifications.to_json(Notification(self._node, recovery=news)))

    def tell_days(self, days: tuple[DayReport, ...]) -> None:
        """Tell the peer how some days stand, or keep it in the outbox."""
        self._outgoing.send(notifications.to_json(Notification(self._node, days=days)))

    def deliver(self, limit: int) -> int:
        """Send what waits, oldest first, at most `limit`; stop at the first failure. Return how many went."""
        delivered = self._outgoing.deliver(limit)
        for _ in range(delivered):
            emit(Event.NOTIFICATION_SENT, node=self._node)
        return delivered

    def _low_watermark(self) -> Watermark | None:
        # A second's age is nothing to a watermark, and saves one read for each recording.
        now = self._clock.monotonic()
        if now - self._watermark_read_at >= 1.0:
            self._watermark = self._state.watermark()
            self._watermark_read_at = now
        return self._watermark
