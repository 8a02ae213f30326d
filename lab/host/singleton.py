"""A lock by blob lease, so that a timer fires in one process of an app only."""

import asyncio
import logging
import time
import uuid
from contextlib import suppress

from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.storage.blob import BlobLeaseClient, ContainerClient

from lab.host.outage import STORAGE_ERRORS, Outage
from lab.host.storage import blocking
from lab.host.waiting import stopped_within

_log = logging.getLogger("Host.Singleton")
_LEASE_CONFLICT = 409


class Singleton:
    """Held while this process has had the lease confirmed within its period, counted from before the call."""

    def __init__(self, container: ContainerClient, blob: str, period: float, retry: float) -> None:
        self._container = container
        self._blob = container.get_blob_client(blob)
        # One id for the life of the process: acquiring again with it renews, so one call serves both.
        self._lease = BlobLeaseClient(self._blob, lease_id=str(uuid.uuid4()))
        self._period = period
        self._retry = retry
        self._held_until = 0.0
        self._outage = Outage(_log, blob)
        self._others = False

    @property
    def held(self) -> bool:
        """Whether the lock is this process's now."""
        return time.monotonic() < self._held_until

    async def keep(self, stop: asyncio.Event) -> None:
        """Acquire the lock, renew it, and try again for as long as another has it or storage is down."""
        while not stop.is_set():
            before = time.monotonic()
            if await self._acquired():
                self._held_until = before + self._period
            await stopped_within(stop, self._period / 3 if self.held else self._retry)

    async def _acquired(self) -> bool:
        try:
            try:
                await blocking(self._lease.acquire, lease_duration=int(self._period))
            except ResourceNotFoundError:
                await self._create()
                await blocking(self._lease.acquire, lease_duration=int(self._period))
        except HttpResponseError as error:
            if error.status_code != _LEASE_CONFLICT:
                self._outage.failed(error)
                return False
            if not self._others:
                _log.info("%s is held by another process", self._blob.blob_name)
            self._others = True
            self._held_until = 0.0
            return False
        except STORAGE_ERRORS as error:
            self._outage.failed(error)
            return False
        self._outage.answered()
        self._others = False
        return True

    async def _create(self) -> None:
        with suppress(ResourceExistsError):
            await blocking(self._container.create_container)
        with suppress(ResourceExistsError):
            await blocking(self._blob.upload_blob, b"", overwrite=False)

    async def release(self) -> None:
        """Give the lock up, so that the next process need not wait for it to run out."""
        if not self.held or self._outage.is_on:
            return
        self._held_until = 0.0
        try:
            await blocking(self._lease.release)
        except STORAGE_ERRORS as error:
            _log.debug("%s not released: %s", self._blob.blob_name, error)
