"""Polls one queue and keeps up to batchSize + newBatchThreshold of its messages in flight."""

import asyncio
import logging
import random

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.queue import QueueClient, QueueMessage

from lab.host.host_json import QueueOptions
from lab.host.outage import STORAGE_ERRORS, Outage
from lab.host.queue_message import MessageProcessor
from lab.host.storage import blocking
from lab.host.waiting import stopped_within

_log = logging.getLogger("Host.Queue")
_MIN_POLL_SECONDS = 0.1


class QueueListener:
    """The poll loop of one queue function."""

    def __init__(self, queue: QueueClient, options: QueueOptions, processor: MessageProcessor, lease: float) -> None:
        self._queue = queue
        self._options = options
        self._processor = processor
        self._lease = lease
        self._outage = Outage(_log, queue.queue_name)
        self._in_flight: set[asyncio.Task[None]] = set()

    async def run(self, stop: asyncio.Event) -> None:
        """Poll until `stop`, whatever storage does; then wait for the messages in flight."""
        stopping = asyncio.create_task(stop.wait())
        delay = 0.0
        try:
            await self._create()
            while not await stopped_within(stop, delay):
                messages = await self._fetch()
                for message in messages:
                    self._start(message)
                if messages:
                    delay = 0.0
                    await self._room_for_a_batch(stopping)
                else:
                    delay = self._next_delay(delay)
        finally:
            stopping.cancel()
            if self._in_flight:
                await asyncio.wait(self._in_flight)

    def _next_delay(self, delay: float) -> float:
        # Jitter as in the real host, so that many listeners do not poll in step.
        grown = max(_MIN_POLL_SECONDS, delay * 2 * random.uniform(0.8, 1.2))
        return min(grown, self._options.max_polling_interval)

    def _start(self, message: QueueMessage) -> None:
        task = asyncio.create_task(self._processor.process(message))
        self._in_flight.add(task)
        task.add_done_callback(self._in_flight.discard)

    async def _room_for_a_batch(self, stopping: asyncio.Task[bool]) -> None:
        while len(self._in_flight) > self._options.new_batch_threshold and not stopping.done():
            await asyncio.wait({*self._in_flight, stopping}, return_when=asyncio.FIRST_COMPLETED)

    async def _fetch(self) -> list[QueueMessage]:
        try:
            messages = await blocking(self._receive)
        except ResourceNotFoundError:
            await self._create()
            return []
        except STORAGE_ERRORS as error:
            self._outage.failed(error)
            return []
        self._outage.answered()
        return messages

    def _receive(self) -> list[QueueMessage]:
        pages = self._queue.receive_messages(
            messages_per_page=self._options.batch_size, visibility_timeout=int(self._lease)
        )
        return list(next(pages.by_page(), []))

    async def _create(self) -> None:
        try:
            await blocking(self._queue.create_queue)
        except ResourceExistsError:
            pass
        except STORAGE_ERRORS as error:
            self._outage.failed(error)
