"""One node of the pair: a method for each trigger. The only place where use cases meet Azure Storage and Dataverse."""

import logging
import random
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Lock
from typing import Self

from capture.clock import SystemClock
from capture.composition import Audio, Redundancy, Surroundings
from capture.composition_console import console_of
from capture.composition_recovery import Evidence
from capture.composition_screens import Screens
from capture.console.alarms import RaisedAlarms
from capture.console.desk import Asked
from capture.console.health import Health
from capture.console.report import Report
from capture.console.role import RoleRequest
from capture.console.status import Status
from capture.errors import CaptureError, Permanent
from capture.events import Event, emit
from capture.messages import ScreenFact, commands, notifications, screen_facts, screen_files
from capture.model.identity import NodeName
from capture.omnichannel.organisation import Organisation
from capture.omnichannel.webhook import every_fact_of
from capture.ports import Clock, Lease, OwnStores, PeerStores, Queue, Source
from capture.redundancy.together import Together, side_by_side
from capture.screen.background import Background, Bounded, at_once
from capture.settings import Settings
from capture.storage.identity import assertion
from capture.storage.stores import Names, open_own_store, open_peer_store, open_witness
from capture.version import version

_MERGE_AGAIN_SECONDS = 30
MOST_DELIVERIES = 5
"""`maxDequeueCount` of host.json. What fails so often in a poison queue, the host puts where nobody looks."""


def store_names(settings: Settings) -> Names:
    """What containers and queues are called, and who this node is to a lease."""
    return Names(
        lease_identity=settings.lease_identity,
        lease_container=settings.lease_container,
        archive_container=settings.archive_container,
        ingest_queue=settings.ingest_queue,
        watermark_queue=settings.watermark_queue,
        screen_queue=settings.screen_queue,
        screen_file_queue=settings.screen_file_queue,
        screen_container=settings.screen_container,
        desktop_container=settings.desktop_container,
        evidence_container=settings.evidence_container,
    )


def _facts(body: bytes, headers: Mapping[str, str], node: NodeName, received_at: datetime) -> Sequence[ScreenFact]:
    return every_fact_of(body, headers, node=node, received_at=received_at)


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
        background: Background = at_once,
    ) -> None:
        """Join stores, Dynamics and use cases. `jitter` gives a number from 0 to 1; `background` does work later."""
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
        self._recovery_election = redundancy.election()
        evidence = Evidence(on, redundancy, audio)
        self._recovery = evidence.recovery
        self.asking = evidence.asking
        self.compliance = evidence.compliance
        self.removing = evidence.removing
        self.holding = evidence.holding
        self._sweep = audio.sweep
        self._ingest = audio.ingest
        self._finisher = audio.finisher
        self.role = RoleRequest(self._watch.prefer)
        self.parked = audio.requeue
        self.alarms = RaisedAlarms(own.alarms)
        self._ensured = False
        self._ensuring = Lock()
        self._screens = Screens(on, redundancy, audio, _facts, background, self._ensure)
        self.ris = self._screens.ris
        self.desktops = self._screens.desktops
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
            version=version(),
            node=on.name,
            peer=on.peer_name,
            source_name=settings.source_name,
            presence=redundancy.presence,
            state=own.state,
            ledger=own.ledger,
            jobs=own.jobs,
            outbox=own.outbox,
            screen_outbox=own.screen_outbox,
            queue=own.ingest,
            clock=clock,
            tick_seconds=settings.tick_seconds,
            screens=self._screens.status,
        )
        self.console = console_of(
            on,
            redundancy,
            self.status,
            {
                "recovery": self._recovery_page,
                "verification": lambda asked: self.compliance.listed(asked.query.get("days")),
                "integrity": lambda _: evidence.integrity.read(),
            },
        )
        self.search = self.console.search
        self.conversations = self.console.conversations

        self._report = Report(
            node=on.name,
            presence=redundancy.presence,
            state=own.state,
            jobs=own.jobs,
            outboxes=(own.outbox, own.screen_outbox),
            witness=witness,
            secret_ends=settings.secret_ends,
            clock=clock,
            tick_seconds=settings.tick_seconds,
        )

    def _recovery_page(self, asked: Asked) -> object:
        if asked.body:
            return self.asking.ask(asked.body)
        request = asked.path.partition("/")[2]
        return self.asking.one(request) if request else self.asking.listed()

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
            Organisation(settings, own.state, clock, assertion=assertion),
            clock,
            side_by_side(ThreadPoolExecutor(max_workers=8, thread_name_prefix="regions")),
            background=Bounded(threads=4, most=256),
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
        self._poisoned(self._settings.ingest_queue)
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
            notification = notifications.from_json(body)
            self._finisher.merge(notification)
            if notification.recovery is not None:
                self._recovery.hear(notification.recovery)
            self.compliance.hear(notification.days)
            if notification.entry is not None:
                self._screens.archived(notification.entry)
        except Permanent as error:
            self._reject(self._settings.watermark_queue, body, str(error))
        except CaptureError as error:
            self._put_back(self._own.watermarks, body, f"a notification could not be merged: {error}")

    def screen(self, body: bytes) -> None:
        """Apply a fact about a session or a workstation, if it was not applied when it came.

        A fact is never given up: what cannot be applied now is put back for later, however often.
        """
        self._ensure()
        try:
            self._screens.following.apply(screen_facts.from_json(body))
        except Permanent as error:
            self._reject(self._settings.screen_queue, body, str(error))
        except CaptureError as error:
            self._put_back(self._own.screens, body, f"a fact about a screen could not be applied: {error}")

    def screen_file(self, body: bytes) -> None:
        """Take a desktop's recording into the archive. What cannot be helped is kept aside with the reason."""
        self._ensure()
        try:
            self._screens.handover.run(screen_files.from_json(body))
        except Permanent as error:
            self._reject(self._settings.screen_file_queue, body, str(error))

    def merge_again(self, body: bytes, deliveries: int | None) -> None:
        """Merge what failed again and again; whatever the last delivery fails of, it is kept aside with the reason."""
        self._again(self.merge, self._settings.watermark_queue, body, deliveries)

    def screen_again(self, body: bytes, deliveries: int | None) -> None:
        """Apply what failed again and again; whatever the last delivery fails of, it is kept aside with the reason."""
        self._again(self.screen, self._settings.screen_queue, body, deliveries)

    def screen_file_again(self, body: bytes, deliveries: int | None) -> None:
        """Archive what failed again and again; whatever the last delivery fails of, it is kept with the reason."""
        self._again(self.screen_file, self._settings.screen_file_queue, body, deliveries)

    def screen_sweep(self) -> None:
        """When ACTIVE, read what lost webhooks have not said; in any case tell the peer what waits, and tidy up."""
        self._run("screen_sweep", self._screens.sweep)

    def report(self) -> None:
        """Log what the alerts watch: role, lag, outbox, peer, witness, the end of the secret."""
        self._run("report", self._report.run)

    def recover(self) -> None:
        """Seal the log; when ACTIVE, compare, fetch and verify what is due or asked for, a bounded part of it."""
        self._run("recover", self._recovered)

    def stop(self) -> None:
        """Hand the role over at once, if this process has it."""
        self._watch.resign()

    def _swept(self) -> None:
        # First what is urgent: telling a peer whose region hangs takes its time.
        if (active := self._sweep_election.hold(self._settings.tick_seconds)) is not None:
            self._sweep.run(active)
        self._sweep.deliver(self._clock.monotonic() + self._settings.tick_seconds)

    def _recovered(self) -> None:
        self._recovery.run(lambda: self._recovery_election.hold(2 * self._settings.tick_seconds))

    def _run(self, work: str, function: Callable[[], None]) -> None:
        """Run a timer's work: what fails is noted and logged once, and the next tick tries again."""
        try:
            self._ensure()
            function()
        except CaptureError as error:
            emit(Event.WORK_FAILED, logging.WARNING, node=self.name, work=work, why=error)
            self._incidents.note(f"{work}: {error}")

    def _again(self, work: Callable[[bytes], None], queue: str, body: bytes, deliveries: int | None) -> None:
        if deliveries in (None, 1):
            self._poisoned(queue)
        try:
            work(body)
        except Exception as error:  # whatever nobody foresaw, too: after the last delivery the host would lose it
            if deliveries is not None and deliveries < MOST_DELIVERIES:
                raise
            self._reject(f"{queue}-poison", body, f"{type(error).__name__}: {error}")

    def _poisoned(self, queue: str) -> None:
        emit(Event.MESSAGE_POISONED, logging.WARNING, node=self.name, queue=f"{queue}-poison")

    def _reject(self, queue: str, body: bytes, reason: str) -> None:
        self._own.state.reject(queue, body, reason, self._clock.now())
        emit(Event.MESSAGE_REJECTED, logging.ERROR, node=self.name, queue=queue, why=reason)

    def _put_back(self, queue: Queue, body: bytes, why: str) -> None:
        self._incidents.note(why)
        emit(Event.MERGE_POSTPONED, logging.WARNING, node=self.name, why=why)
        queue.send(body, delay=_MERGE_AGAIN_SECONDS)

    def _ensure(self) -> None:
        with self._ensuring:
            if not self._ensured:
                self._own.ensure()
                self._ensured = True
