"""One node of the pair: a method for each trigger. The only place where use cases meet Azure Storage and Dataverse."""

import logging
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Self

from capture.clock import SystemClock
from capture.composition import Audio, Redundancy, Surroundings
from capture.console.health import Health
from capture.console.role import RoleRequest
from capture.console.status import Status
from capture.errors import CaptureError, Permanent
from capture.events import Event, emit
from capture.messages import commands, notifications
from capture.omnichannel.organisation import Organisation
from capture.ports import Clock, Lease, OwnStores, PeerStores, Source
from capture.redundancy.together import Together, side_by_side
from capture.settings import Settings
from capture.storage.stores import Names, open_own_store, open_peer_store, open_witness

_MERGE_AGAIN_SECONDS = 30


def store_names(settings: Settings) -> Names:
    """What containers and queues are called, and who this node is to a lease."""
    return Names(
        lease_identity=settings.lease_identity,
        lease_container=settings.lease_container,
        archive_container=settings.archive_container,
        ingest_queue=settings.ingest_queue,
        watermark_queue=settings.watermark_queue,
    )


class Node:
    """Runs the use cases. Building it calls nobody."""

    def __init__(
        self,
        settings: Settings,
        own: OwnStores,
        peer: PeerStores,
        witness: Lease,
        source: Source,
        clock: Clock,
        together: Together,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """Join stores, Dynamics and use cases. `jitter` gives a number from 0 to 1."""
        on = Surroundings(settings, own, peer, witness, source, clock, together, jitter)
        redundancy = Redundancy(on)
        audio = Audio(on, redundancy)
        self.name = on.name
        self._own = own
        self._clock = clock
        self._settings = settings
        self._incidents = redundancy.incidents
        self._watch = redundancy.watch(audio.discovery)
        # The sweep may run in another instance than the tick, so it looks at the leases for itself.
        self._sweep_election = redundancy.election()
        self._sweep = audio.sweep
        self._settlement = audio.settlement
        self._ingest = audio.ingest
        self._finisher = audio.finisher
        self.role = RoleRequest(self._watch.prefer)
        self.parked = audio.requeue
        self._ensured = False
        self._ensuring = Lock()
        self.health = Health(
            {
                "store": self._ensure,
                "blobs": redundancy.presence.own,
                "queue": own.ingest.length,
                "table": own.state.last_error,
            },
            clock,
        )
        self.status = Status(
            node=on.name,
            peer=on.peer_name,
            source_name=settings.source_name,
            presence=redundancy.presence,
            state=own.state,
            ledger=own.ledger,
            jobs=own.jobs,
            outbox=own.outbox,
            queue=own.ingest,
            clock=clock,
            tick_seconds=settings.tick_seconds,
        )

    @classmethod
    def from_environment(cls) -> Self:
        """Build the node of this process; SettingsError has one line for each setting that is wrong."""
        settings = Settings.from_env()
        names = store_names(settings)
        clock = SystemClock()
        own = open_own_store(settings.own_storage, names)
        return cls(
            settings,
            own,
            open_peer_store(settings.peer_storage, names),
            open_witness(settings.witness_storage, names),
            Organisation(settings, own.state, clock),
            clock,
            side_by_side(ThreadPoolExecutor(max_workers=8, thread_name_prefix="regions")),
        )

    def tick(self) -> None:
        """Stand for election, beat, and discover when ACTIVE."""
        self._run("watch", self._watch.tick)

    def sweep(self) -> None:
        """When ACTIVE, look after what does not go by itself; deliver the outbox in any case."""
        self._run("sweep", self._swept)

    def ingest(self, body: bytes, deliveries: int | None = 1) -> None:
        """Archive one recording. A message that cannot be read is kept aside with the reason."""
        self._ensure()
        try:
            command = commands.from_json(body)
        except Permanent as error:
            self._reject(self._settings.ingest_queue, body, str(error))
            return
        self._ingest.run(command, repeated=deliveries != 1)

    def give_up(self, body: bytes) -> None:
        """Decide on a command that failed again and again: it is done, or assigned anew some time, or parked."""
        self._ensure()
        try:
            self._ingest.give_up(commands.from_json(body))
        except Permanent as error:
            self._reject(f"{self._settings.ingest_queue}-poison", body, str(error))

    def merge(self, body: bytes) -> None:
        """Merge a notification of the peer. One that cannot be read is kept aside with the reason.

        A fact is never given up: what cannot be merged now is put back for later, however often.
        """
        self._ensure()
        try:
            self._finisher.merge(notifications.from_json(body))
        except Permanent as error:
            self._reject(self._settings.watermark_queue, body, str(error))
        except CaptureError as error:
            self._incidents.note(f"a notification could not be merged: {error}")
            emit(Event.MERGE_POSTPONED, logging.WARNING, node=self.name, why=error)
            self._own.watermarks.send(body, delay=_MERGE_AGAIN_SECONDS)

    def stop(self) -> None:
        """Hand the role over at once, if this process has it."""
        self._watch.resign()

    def _swept(self) -> None:
        # First what is urgent: telling a peer whose region hangs takes its time.
        if (active := self._sweep_election.hold(self._settings.tick_seconds)) is not None:
            self._sweep.run(active)
        self._sweep.deliver(self._clock.monotonic() + self._settings.tick_seconds)
        if active is None:
            self._settlement.run()

    def _run(self, work: str, function: Callable[[], None]) -> None:
        """Run a timer's work: what fails is noted and logged once, and the next tick tries again."""
        try:
            self._ensure()
            function()
        except CaptureError as error:
            emit(Event.WORK_FAILED, logging.WARNING, node=self.name, work=work, why=error)
            self._incidents.note(f"{work}: {error}")

    def _reject(self, queue: str, body: bytes, reason: str) -> None:
        self._own.state.reject(queue, body, reason, self._clock.now())
        emit(Event.MESSAGE_REJECTED, logging.ERROR, node=self.name, queue=queue, why=reason)

    def _ensure(self) -> None:
        with self._ensuring:
            if not self._ensured:
                self._own.ensure()
                self._ensured = True
