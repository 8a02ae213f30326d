"""One invocation from start to end: id, log lines, time limit, queue outputs."""

import asyncio
import json
import logging
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from lab.host import storage
from lab.host.functions import Function, QueueOutput
from lab.host.log import function_of_invocation
from lab.host.queue_text import encode
from lab.host.worker import Datum, Outcome, invoke


class Invoker:
    """Runs functions and knows which are running."""

    def __init__(self, function_timeout: float | None, message_encoding: str) -> None:
        self._timeout = function_timeout
        self._encoding = message_encoding
        self._running: dict[str, str] = {}

    @property
    def running(self) -> list[str]:
        """The functions that run now, one entry for each invocation."""
        return sorted(self._running.values())

    async def run(self, function: Function, data: Datum, metadata: dict[str, Datum], reason: str) -> Outcome:
        """Run `function` and send its queue outputs; whatever fails on the way is logged once and in the outcome."""
        invocation = str(uuid.uuid4())
        log = logging.getLogger(f"Function.{function.name}")
        extra = {"invocation": invocation}
        log.debug("executing, reason: %s", reason, extra=extra)
        started = time.monotonic()
        with self._entered(invocation, function.name):
            outcome = await self._outcome(function, invocation, data, metadata)
        took = (time.monotonic() - started) * 1000
        if outcome.ok:
            log.info("executed, reason: %s, %.1f ms", reason, took, extra=extra)
        else:
            extra["traceback_text"] = outcome.traceback
            log.error("failed, reason: %s, %.1f ms: %s", reason, took, outcome.error, extra=extra)
        return outcome

    @contextmanager
    def _entered(self, invocation: str, name: str) -> Iterator[None]:
        self._running[invocation] = function_of_invocation[invocation] = name
        try:
            yield
        finally:
            del self._running[invocation]
            del function_of_invocation[invocation]

    async def _outcome(self, function: Function, invocation: str, data: Datum, metadata: dict[str, Datum]) -> Outcome:
        try:
            async with asyncio.timeout(self._timeout):
                outcome = await invoke(invocation, function.id, function.trigger.param, data, metadata)
        except TimeoutError:
            # The real host ends the worker process here. A thread cannot be ended, so this one runs on.
            return Outcome(ok=False, error=f"functionTimeout of {self._timeout:g} s exceeded")
        if outcome.ok and function.outputs:
            try:
                await self._send(function.outputs, outcome)
            except Exception as error:  # noqa: BLE001 - whatever the output failed of fails the invocation
                return Outcome(ok=False, error=f"queue output: {error!r}")
        return outcome

    async def _send(self, outputs: tuple[QueueOutput, ...], outcome: Outcome) -> None:
        values = dict(outcome.outputs) | {"$return": outcome.returned}
        for output in outputs:
            value = values.get(output.param)
            if value is None or value.value is None:
                continue
            client = storage.queue(output.connection, output.queue)
            for text in _messages(value):
                await storage.send(client, encode(text, self._encoding))


def _messages(value: Datum) -> list[bytes]:
    """The messages in an output value: a JSON array is several, an object with a `body` is that body."""
    if value.type != "json":
        return [value.value if isinstance(value.value, bytes) else str(value.value).encode()]
    content = json.loads(value.value)
    entries = content if isinstance(content, list) else [content]
    return [(entry["body"] if isinstance(entry, dict) else str(entry)).encode() for entry in entries]
