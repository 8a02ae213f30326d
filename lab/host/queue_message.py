"""What becomes of one received message: run, then deleted, shown again, or moved to the poison queue."""

import asyncio
import logging

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.storage.queue import QueueClient, QueueMessage

from lab.host.functions import Function
from lab.host.host_json import QueueOptions
from lab.host.invocation import Invoker
from lab.host.outage import STORAGE_ERRORS
from lab.host.queue_text import UndecodableError, decode, trigger_metadata
from lab.host.storage import blocking, send
from lab.host.waiting import stopped_within
from lab.host.worker import Datum

_log = logging.getLogger("Host.Queue")


class MessageProcessor:
    """Takes the messages of one queue through one function."""

    def __init__(
        self,
        function: Function,
        invoker: Invoker,
        queue: QueueClient,
        poison: QueueClient,
        options: QueueOptions,
        lease: float,
    ) -> None:
        self._function = function
        self._invoker = invoker
        self._queue = queue
        self._poison = poison
        self._options = options
        self._lease = lease

    async def process(self, message: QueueMessage) -> None:
        """Run the function on the message; a storage failure leaves the message to its visibility time-out."""
        tries = message.dequeue_count or 0
        try:
            if tries > self._options.max_dequeue_count:
                await self._move_to_poison(message, "was taken too often")
                return
            try:
                data = decode(message.content, self._options.message_encoding)
            except UndecodableError as error:
                await self._move_to_poison(message, str(error))
                return
            if await self._run(message, data):
                await blocking(self._queue.delete_message, message.id, message.pop_receipt)
            elif tries >= self._options.max_dequeue_count:
                await self._move_to_poison(message, f"failed {tries} times")
            else:
                await self._show_again(message)
        except HttpResponseError as error:
            # Mostly gone: it outlived its time to live, or its visibility ran out and another has it.
            code = getattr(error, "error_code", error.reason)
            _log.warning("%s: message %s not settled: %s", self._queue.queue_name, message.id, code)
        except STORAGE_ERRORS as error:
            _log.warning("%s: message %s not settled: %s", self._queue.queue_name, message.id, error)

    async def _run(self, message: QueueMessage, data: Datum) -> bool:
        done = asyncio.Event()
        renewal = asyncio.create_task(self._renew(message, done))
        try:
            reason = f"queue {self._queue.queue_name} message {message.id} try {message.dequeue_count}"
            outcome = await self._invoker.run(self._function, data, trigger_metadata(message), reason)
        finally:
            # Told to end rather than cancelled: a renewal under way changes the pop receipt that settling needs.
            done.set()
            await renewal
        return outcome.ok

    async def _renew(self, message: QueueMessage, done: asyncio.Event) -> None:
        while not await stopped_within(done, self._lease / 2):
            try:
                await self._set_visibility(message, self._lease)
            except ResourceNotFoundError:
                return
            except STORAGE_ERRORS as error:
                _log.warning("%s: message %s not renewed: %s", self._queue.queue_name, message.id, error)

    async def _show_again(self, message: QueueMessage) -> None:
        await self._set_visibility(message, self._options.visibility_timeout)

    async def _set_visibility(self, message: QueueMessage, seconds: float) -> None:
        updated = await blocking(
            self._queue.update_message, message.id, message.pop_receipt, visibility_timeout=int(seconds)
        )
        message.pop_receipt = updated.pop_receipt

    async def _move_to_poison(self, message: QueueMessage, why: str) -> None:
        _log.error("message %s %s, moved to %s", message.id, why, self._poison.queue_name)
        # Copied before it is deleted: killed in between, it is there twice, never not at all.
        await send(self._poison, message.content)
        await blocking(self._queue.delete_message, message.id, message.pop_receipt)
