"""Fires one timer function while this process holds the timer's lock."""

import asyncio
import json
import logging
from datetime import UTC, datetime
from typing import Any

from lab.host.functions import Function
from lab.host.invocation import Invoker
from lab.host.outage import STORAGE_ERRORS
from lab.host.schedule import Schedule, ScheduleMonitor
from lab.host.singleton import Singleton
from lab.host.waiting import stopped_within
from lab.host.worker import Datum

_log = logging.getLogger("Host.Timer")
_LOCK_LOOK_SECONDS = 0.1


class TimerListener:
    """One timer: never twice at once, in this process by taking turns, among processes by the lock."""

    def __init__(
        self,
        function: Function,
        schedule: Schedule,
        invoker: Invoker,
        lock: Singleton,
        monitor: ScheduleMonitor | None,
        *,
        run_on_startup: bool,
    ) -> None:
        self._function = function
        self._schedule = schedule
        self._invoker = invoker
        self._lock = lock
        self._monitor = monitor
        self._run_on_startup = run_on_startup
        self._status: dict[str, Any] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Fire until `stop`; a running invocation is waited for, then the lock is given up."""
        # The lock outlives `stop`: it must be kept for as long as the last invocation runs.
        done = asyncio.Event()
        keeper = asyncio.create_task(self._lock.keep(done))
        try:
            if await self._held(stop):
                await self._start()
            while await self._held(stop):
                due = self._schedule.after(datetime.now(UTC))
                if not await self._reached(due, stop) and self._lock.held:
                    await self._fire(due, past_due=False)
        finally:
            done.set()
            await keeper
            await self._lock.release()

    async def _held(self, stop: asyncio.Event) -> bool:
        while not stop.is_set() and not self._lock.held:
            await stopped_within(stop, _LOCK_LOOK_SECONDS)
        return not stop.is_set()

    async def _reached(self, due: datetime, stop: asyncio.Event) -> bool:
        """Wait until `due` by the wall clock, which is what a schedule means; true when stopped before."""
        while (left := (due - datetime.now(UTC)).total_seconds()) > 0:
            if await stopped_within(stop, min(left, 30.0)):
                return True
        return stop.is_set()

    async def _start(self) -> None:
        now = datetime.now(UTC)
        past_due = False
        if self._monitor is not None:
            try:
                self._status = await self._monitor.status() or {}
                past_due = bool(self._status) and datetime.fromisoformat(self._status["Next"]) < now
                if not self._status:
                    await self._monitor.write(now, self._schedule.after(now))
            except STORAGE_ERRORS as error:
                _log.warning("%s: its status cannot be read: %s", self._function.name, error)
        if past_due or self._run_on_startup:
            await self._fire(now, past_due=past_due)

    async def _fire(self, due: datetime, *, past_due: bool) -> None:
        request = {"Schedule": {"AdjustForDST": True}, "ScheduleStatus": self._status, "IsPastDue": past_due}
        reason = f"timer due at {due:%H:%M:%S}" + (", past due" if past_due else "")
        await self._invoker.run(self._function, Datum(json.dumps(request), "json"), {}, reason)
        following = self._schedule.after(datetime.now(UTC))
        self._status = {"Last": due.isoformat(), "Next": following.isoformat(), "LastUpdated": due.isoformat()}
        if self._monitor is not None:
            try:
                await self._monitor.write(due, following)
            except STORAGE_ERRORS as error:
                _log.warning("%s: its status cannot be written: %s", self._function.name, error)
