"""One host from loading the app to the end of its drain."""

import asyncio
import logging
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lab.host import storage, worker
from lab.host.functions import Function, HttpTrigger, QueueTrigger, TimerTrigger, declared
from lab.host.host_json import HostJson
from lab.host.http_listener import HttpApp, HttpServer
from lab.host.invocation import Invoker
from lab.host.queue_listener import QueueListener
from lab.host.queue_message import MessageProcessor
from lab.host.schedule import Schedule, ScheduleMonitor
from lab.host.settings import Keys, connection_string
from lab.host.singleton import Singleton
from lab.host.timer_listener import TimerListener

_log = logging.getLogger("Host.General")
_CANCEL_SECONDS = 0.5
_HOST_ID = "AzureFunctionsWebHost__hostid"


@dataclass(frozen=True, slots=True)
class HostOptions:
    """What the command line decides."""

    root: Path
    keys: Keys
    queue_lease: float
    grace: float


class Host:
    """Loads an app, listens for it, and drains when told to stop."""

    def __init__(self, options: HostOptions) -> None:
        self._options = options
        self._host_json = HostJson.read(options.root)
        self._invoker = Invoker(self._host_json.function_timeout, self._host_json.queues.message_encoding)
        self._functions: list[Function] = []
        self._listeners: list[TimerListener | QueueListener] = []

    @property
    def running(self) -> list[str]:
        """The functions that run now."""
        return self._invoker.running

    async def load(self) -> list[str]:
        """Import the app and prepare its listeners; the functions' names."""
        self._functions = declared(await worker.index(self._options.root), os.environ)
        self._listeners = [
            listener for function in self._functions if (listener := self._listener(function)) is not None
        ]
        return [function.name for function in self._functions]

    async def serve(self, listening: socket.socket, stop: asyncio.Event, ready: Callable[[], None]) -> None:
        """Run until `stop`, then let what runs come to its end, for as long as the grace lasts."""
        app = HttpApp(self._functions, self._host_json.route_prefix, self._options.keys, self._invoker)
        server = HttpServer(app, self._options.grace)
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        await server.accepting.wait()
        listeners = [asyncio.create_task(listener.run(stop)) for listener in self._listeners]
        ready()
        stopped = asyncio.create_task(stop.wait())
        # A listener that ends by itself has met a bug: end the host, visibly, instead of running on without it.
        await asyncio.wait({stopped, serving, *listeners}, return_when=asyncio.FIRST_COMPLETED)
        stop.set()
        _log.info("draining, running: %s", ", ".join(self.running) or "nothing")
        server.should_exit = True
        finished, unfinished = await asyncio.wait({stopped, serving, *listeners}, timeout=self._options.grace)
        for task in unfinished:
            task.cancel()
        if unfinished:
            await asyncio.wait(unfinished, timeout=_CANCEL_SECONDS)
        for task in finished:
            task.result()

    def _listener(self, function: Function) -> TimerListener | QueueListener | None:
        match function.trigger:
            case TimerTrigger() as trigger:
                return self._timer(function, trigger)
            case QueueTrigger() as trigger:
                return self._queue(function, trigger)
            case HttpTrigger():
                return None

    def _timer(self, function: Function, trigger: TimerTrigger) -> TimerListener:
        schedule = Schedule(trigger.schedule)
        container = storage.locks(connection_string("AzureWebJobsStorage"))
        host_id = os.environ.get(_HOST_ID) or os.environ.get("WEBSITE_SITE_NAME") or "lab"
        lock = Singleton(
            container,
            f"locks/{host_id}/Host.Functions.{function.name}.Listener",
            period=self._host_json.singleton_lease,
            retry=self._host_json.singleton_retry,
        )
        monitored = trigger.use_monitor and schedule.is_monitored
        monitor = ScheduleMonitor(container, f"timers/{host_id}/{function.name}/status") if monitored else None
        return TimerListener(function, schedule, self._invoker, lock, monitor, run_on_startup=trigger.run_on_startup)

    def _queue(self, function: Function, trigger: QueueTrigger) -> QueueListener:
        queue = storage.queue(trigger.connection, trigger.queue)
        poison = storage.queue(trigger.connection, f"{trigger.queue}-poison")
        options, lease = self._host_json.queues, self._options.queue_lease
        processor = MessageProcessor(function, self._invoker, queue, poison, options, lease)
        return QueueListener(queue, options, processor, lease)
