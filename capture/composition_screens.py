"""Joins the use cases of one node that capture agents' screens."""

from collections.abc import Callable
from datetime import timedelta

from capture.composition import Audio, Redundancy, Surroundings
from capture.model.board import ArchivedPart
from capture.model.ledger import LedgerEntry
from capture.redundancy.outgoing import Outgoing
from capture.screen.background import Background
from capture.screen.counts import Counts
from capture.screen.desktops import Desktops
from capture.screen.grants import Grants
from capture.screen.handover import Handover
from capture.screen.memory import Memory
from capture.screen.orders import Orders
from capture.screen.placing import Placing
from capture.screen.receive import Parse, Receiver
from capture.screen.seating import Seating
from capture.screen.sessions import Following
from capture.screen.staging import Staging
from capture.screen.sweep import ScreenSweep
from capture.screen.taking import Taking, part_of
from capture.screen.unseated import Unseated

_MOST_COUNTED = 10_000
_COUNTED = ("kept", "ignored", "applied", "repaired", "ordered", "archived", "deleted")


class Screens:
    """The webhook side, what desktops ask, hand-over and sweep. `ready` makes sure that the stores are there."""

    def __init__(
        self,
        on: Surroundings,
        redundancy: Redundancy,
        audio: Audio,
        parse: Parse,
        background: Background,
        ready: Callable[[], None],
    ) -> None:
        """Join them; nobody is called."""
        settings, own, clock = on.settings, on.own, on.clock
        self._sessions, self._alarms, self._counts = own.sessions, own.alarms, Counts()
        outgoing = Outgoing(
            on.name, on.peer.screens, own.screen_outbox, own.state, redundancy.incidents, clock, redundancy.rest
        )
        seating = Seating(on.name, own.workstations, own.alarms, on.source, background, clock)
        memory = Memory()
        placing = Placing(on.name, own.sessions, own.alarms, seating, clock, memory)
        self.orders = Orders(
            node=on.name,
            boards=own.boards,
            placing=placing,
            memory=memory,
            counts=self._counts,
            clock=clock,
            channels=settings.channels,
            min_seconds=settings.screen_min_seconds,
            kept_for=timedelta(hours=settings.give_up_hours),
        )
        self.following = Following(
            node=on.name,
            source=on.source,
            sessions=own.sessions,
            queue=own.screens,
            orders=self.orders,
            placing=placing,
            seating=seating,
            unseated=Unseated(on.name, own.sessions, own.alarms, self.orders, seating, clock),
            outgoing=outgoing,
            background=background,
            counts=self._counts,
            clock=clock,
        )
        self.ris = Receiver(
            node=on.name,
            queue=own.screens,
            parse=parse,
            apply=self.following.apply,
            background=background,
            ready=ready,
            counts=self._counts,
            clock=clock,
            limit_bytes=settings.webhook_limit_bytes,
            header_secrets=(
                settings.ris_header_secret.get_secret_value(),
                settings.ris_header_secret_previous.get_secret_value(),
            ),
        )
        self.desktops = Desktops(
            node=on.name,
            secrets=(settings.desktop_secret.get_secret_value(), settings.desktop_secret_previous.get_secret_value()),
            boards=own.boards,
            staged=own.staged,
            grants=Grants(own.staged, own.alarms, clock),
            files=own.screen_files,
            alarms=own.alarms,
            orders=self.orders,
            seating=seating,
            sit=self.following.sit,
            ready=ready,
            counts=self._counts,
            clock=clock,
            poll_seconds=settings.desktop_poll_seconds,
        )
        taking = Taking(
            node=on.name,
            source_name=settings.source_name,
            staged=own.staged,
            archive=own.archive,
            peer_archive=on.peer.archive,
            rest=redundancy.rest,
            clock=clock,
        )
        self.handover = Handover(
            node=on.name,
            peer=on.peer_name,
            sessions=own.sessions,
            staged=own.staged,
            taking=taking,
            queue=own.screen_files,
            peer_queue=on.peer.screen_files,
            orders=self.orders,
            finish=audio.finisher.finish,
            kept_until=audio.lasting.until,
            incidents=redundancy.incidents,
            counts=self._counts,
            clock=clock,
            max_failures=settings.max_failures,
        )
        # Where no desktop can sign in, Dynamics is not asked for sessions.
        self._is_on = bool(settings.desktop_secret.get_secret_value())
        # It may run in another instance than the tick, so it looks at the leases for itself.
        self._election = redundancy.election()
        self._tick_seconds = settings.tick_seconds
        self._clock = clock
        staging = Staging(
            node=on.name,
            sessions=own.sessions,
            staged=own.staged,
            files=own.screen_files,
            ledger=own.ledger,
            alarms=own.alarms,
            orders=self.orders,
            counts=self._counts,
            clock=clock,
            give_up=timedelta(hours=settings.give_up_hours),
        )
        self._sweep = ScreenSweep(
            node=on.name,
            source=on.source,
            sessions=own.sessions,
            queue=own.screens,
            staging=staging,
            alarms=own.alarms,
            orders=self.orders,
            following=self.following,
            outgoing=outgoing,
            counts=self._counts,
            clock=clock,
            long_after=timedelta(minutes=settings.screen_long_minutes),
        )

    def sweep(self) -> None:
        """When ACTIVE, read what lost webhooks have not said; in any case tell the peer what waits, and tidy up.

        Without DESKTOP_SECRET there is nobody to record, and Dynamics is not asked.
        """
        try:
            if self._is_on and (active := self._election.hold(self._tick_seconds)) is not None:
                self._sweep.run(active)
        finally:  # also while Dynamics cannot be read
            self._sweep.tidy(self._clock.monotonic() + self._tick_seconds)

    def archived(self, entry: LedgerEntry) -> None:
        """Learn that a recording is in an archive, whoever has put it there."""
        if (screen := entry.screen) is not None and screen.complete:
            for copy in entry.copies:
                part = ArchivedPart(part_of(entry.recording_id), copy.sha256)
                self.orders.archived(screen.session_id, screen.agent_id, screen.workstation, part)

    def status(self) -> dict[str, int]:
        """Count open sessions and alarms, and what this process has seen since it started."""
        return {
            "open": len(self._sessions.open(_MOST_COUNTED)),
            "alarms": len(self._alarms.listed(_MOST_COUNTED)),
            **self._counts.read(*_COUNTED),
        }
