"""Queues, written in the form that the Functions queue trigger reads by default: base64 of UTF-8 JSON."""

import math

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.storage.queue import BinaryBase64EncodePolicy, QueueClient, QueueServiceClient

from capture.storage.failures import code_of, failures, once_more

_NEVER = -1
_LONGEST_DELAY = 7 * 24 * 3600


class StorageQueue:
    """One queue of commands or notifications."""

    def __init__(self, service: QueueServiceClient, name: str, setting: str) -> None:
        """Take the account's queues, the name of this one, and the setting that names the account."""
        self._queue: QueueClient = service.get_queue_client(name, message_encode_policy=BinaryBase64EncodePolicy())
        self._setting = setting

    def send(self, body: bytes, delay: float = 0, ttl: float | None = None) -> None:
        """Append a message, visible after `delay` seconds, gone after `ttl` seconds (None: never)."""
        visible = min(math.ceil(delay), _LONGEST_DELAY)
        # The store takes whole seconds, and refuses a message that would be gone before it is seen.
        lasts = _NEVER if ttl is None else max(1, math.floor(ttl), visible + 1)
        with failures(self._setting, f"send to the queue {self._queue.queue_name}"):
            once_more(lambda: self._queue.send_message(body, visibility_timeout=visible, time_to_live=lasts))

    def hold(self, body: bytes, seconds: float) -> str:
        """Append a message, hidden for `seconds`, and return what `let_go` takes."""
        hidden = min(math.ceil(seconds), _LONGEST_DELAY)
        with failures(self._setting, f"send to the queue {self._queue.queue_name}"):
            sent = once_more(lambda: self._queue.send_message(body, visibility_timeout=hidden, time_to_live=_NEVER))
        return f"{sent.id} {sent.pop_receipt}"

    def let_go(self, held: str) -> None:
        """Delete a message that was appended by `hold`; no error when somebody has received it meanwhile."""
        message_id, _, receipt = held.partition(" ")
        with failures(self._setting, f"let go of a message in the queue {self._queue.queue_name}"):
            try:
                once_more(lambda: self._queue.delete_message(message_id, receipt))
            except HttpResponseError as error:
                if code_of(error) not in ("MessageNotFound", "PopReceiptMismatch"):
                    raise

    def length(self) -> int:
        """About how many messages wait, hidden ones included; 0 when there is no such queue."""
        with failures(self._setting, f"count the queue {self._queue.queue_name}"):
            try:
                return once_more(self._queue.get_queue_properties).approximate_message_count or 0
            except ResourceNotFoundError:
                return 0
