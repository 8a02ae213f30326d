"""Joins the use cases of one node: the parts that make it redundant, then those of call audio on top."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from capture.audio.assign import Assigner
from capture.audio.discover import Discovery
from capture.audio.fetch import Fetcher
from capture.audio.finish import Finisher
from capture.audio.ingest import Ingest
from capture.audio.lasting import Lasting
from capture.audio.requeue import Requeue
from capture.audio.retell import Retelling
from capture.audio.sweep import Sweep
from capture.model.identity import NodeName
from capture.ports import Clock, Lease, OwnStores, PeerStores, Source
from capture.redundancy.condition import Condition
from capture.redundancy.election import Election, Office
from capture.redundancy.fence import Fence
from capture.redundancy.incidents import Incidents
from capture.redundancy.notifications import Notifier
from capture.redundancy.preference import Preferred
from capture.redundancy.presence import Presence
from capture.redundancy.regions import Regions
from capture.redundancy.rest import Rest
from capture.redundancy.together import Together
from capture.redundancy.watch import Watch
from capture.settings import NOBODY, Settings


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a node is built on. `jitter` gives a number from 0 to 1."""

    settings: Settings
    own: OwnStores
    peer: PeerStores
    witness: Lease
    source: Source
    clock: Clock
    together: Together
    jitter: Callable[[], float]

    @property
    def name(self) -> NodeName:
        """Name of this node."""
        return NodeName(self.settings.node_name)

    @property
    def peer_name(self) -> NodeName:
        """Name of the other one."""
        return NodeName(self.settings.peer_name)

    @property
    def leases(self) -> tuple[Lease, ...]:
        """The three leases, the one in the own region first."""
        return self.own.lease, self.peer.lease, self.witness


class Redundancy:
    """Presence, fence, preference, election: what both the tick and the work stand on."""

    def __init__(self, on: Surroundings) -> None:
        """Join them; nobody is called."""
        settings, own, clock = on.settings, on.own, on.clock
        tick = settings.tick_seconds
        self._on = on
        self._office = Office()
        self.rest = Rest(clock)
        self.presence = Presence(
            on.name,
            on.peer_name,
            own.heartbeats,
            on.peer.heartbeats,
            tick_seconds=tick,
            # One beat is left out at most: a peer that is not heard of for three ticks loses its jobs.
            rest=Rest(clock, tick, tick),
            together=on.together,
        )
        self._regions = Regions(on.leases, (Rest(clock), self.rest, Rest(clock)), on.together)
        self.fence = Fence(on.peer_name, self._regions, self.presence, clock, fresh_seconds=tick)
        self.condition = Condition(clock)
        self.incidents = Incidents(own.state, clock)
        self.notifier = Notifier(on.name, on.peer.watermarks, own.outbox, own.state, clock, self.rest)
        self.preferred = Preferred(
            on.name,
            on.peer_name,
            NodeName(settings.preferred_node) if settings.preferred_node != NOBODY else None,
            own.state,
            self.presence,
            self.fence,
            clock,
            after_seconds=settings.return_after_seconds,
            tick_seconds=tick,
        )

    def election(self) -> Election:
        """Make a view of the leases of its own, for each function that may run in an instance of its own."""
        on = self._on
        return Election(
            on.name,
            on.peer_name,
            self._regions,
            on.clock,
            lease_seconds=on.settings.lease_seconds,
            margin_seconds=on.settings.lease_margin_seconds,
            alone=self.preferred.alone,
            office=self._office,
        )

    def watch(self, discovery: Discovery) -> Watch:
        """Make the tick, which discovers when this node is ACTIVE."""
        on = self._on
        return Watch(
            node=on.name,
            election=self.election(),
            fence=self.fence,
            presence=self.presence,
            preferred=self.preferred,
            condition=self.condition,
            state=on.own.state,
            reigns=on.own.reigns,
            incidents=self.incidents,
            discover=discovery.run,
            jitter=on.jitter,
            clock=on.clock,
            tick_seconds=on.settings.tick_seconds,
        )


class Audio:
    """Discovery, sweep, ingest and what follows."""

    def __init__(self, on: Surroundings, redundancy: Redundancy) -> None:
        """Join them; nobody is called."""
        settings, own, clock = on.settings, on.own, on.clock
        file_recheck = timedelta(seconds=settings.file_recheck_seconds)
        self.assigner = assigner = Assigner(
            node=on.name,
            peer=on.peer_name,
            own_queue=own.ingest,
            peer_queue=on.peer.ingest,
            jobs=own.jobs,
            presence=redundancy.presence,
            rest=redundancy.rest,
            together=on.together,
            clock=clock,
            first_assignment=timedelta(seconds=settings.reassign_after_seconds),
            look_delay=settings.tick_seconds + 1,
            max_outstanding=settings.max_outstanding,
        )
        self.lasting = Lasting(own.ledger, own.interactions, own.expiries, settings.retention)
        self.finisher = Finisher(
            node=on.name,
            source_name=settings.source_name,
            archive=own.archive,
            log=own.log,
            ledger=own.ledger,
            interactions=own.interactions,
            catalogue=own.catalogue,
            open_conversations=own.open_conversations,
            jobs=own.jobs,
            state=own.state,
            notifier=redundancy.notifier,
            clock=clock,
            log_period=timedelta(minutes=settings.log_block_minutes),
            lasting=self.lasting,
        )
        self.discovery = Discovery(
            on.name,
            on.source,
            own.ledger,
            own.jobs,
            own.state,
            assigner,
            clock,
            lookback=timedelta(minutes=settings.lookback_minutes),
            lookback_every=settings.lookback_every_seconds,
            first_lookback=timedelta(hours=settings.first_lookback_hours),
            file_recheck=file_recheck,
        )
        self.sweep = Sweep(
            node=on.name,
            source=on.source,
            ledger=own.ledger,
            jobs=own.jobs,
            open_conversations=own.open_conversations,
            assigner=assigner,
            finisher=self.finisher,
            notifier=redundancy.notifier,
            presence=redundancy.presence,
            retelling=Retelling(on.name, own.ledger, own.state, self.finisher, clock),
            state=own.state,
            peer=on.peer_name,
            clock=clock,
            file_recheck=file_recheck,
            give_up=timedelta(hours=settings.give_up_hours),
        )
        self.ingest = Ingest(
            node=on.name,
            source=on.source,
            fetcher=Fetcher(
                on.name, settings.source_name, on.source, own.archive, redundancy.fence, clock, settings.retention
            ),
            finisher=self.finisher,
            ledger=own.ledger,
            peer_archive=on.peer.archive,
            queue=own.ingest,
            incidents=redundancy.incidents,
            condition=redundancy.condition,
            rest=redundancy.rest,
            clock=clock,
            max_failures=settings.max_failures,
            look_patience=timedelta(seconds=settings.look_patience_seconds),
            shortest=timedelta(seconds=settings.min_call_seconds),
        )
        queues = {
            settings.ingest_queue: own.ingest,
            settings.watermark_queue: own.watermarks,
            settings.screen_queue: own.screens,
            settings.screen_file_queue: own.screen_files,
        }
        self.requeue = Requeue(on.name, own.ledger, own.state, self.finisher, queues)
