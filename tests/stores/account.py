"""One region's storage account in memory, and a node's view of it."""

from dataclasses import dataclass

from capture.ports import Clock
from tests.stores.blobs import MemoryArchive, MemoryHeartbeats
from tests.stores.catalogue import MemoryCatalogue, MemoryListenings, MemoryReigns
from tests.stores.leases import MemoryLease
from tests.stores.queues import MemoryQueue
from tests.stores.recovery import MemoryDays, MemoryEvidence, MemoryExpiries, MemoryLog, MemoryRequests
from tests.stores.screens import (
    MemoryAlarms,
    MemoryBoards,
    MemorySessions,
    MemoryStaged,
    MemoryWorkstations,
)
from tests.stores.state import MemoryState
from tests.stores.store import Switch
from tests.stores.tables import (
    MemoryInteractions,
    MemoryJobs,
    MemoryLedger,
    MemoryOpenConversations,
    MemoryOutbox,
)


@dataclass(frozen=True, slots=True)
class MemoryStores:
    """What one node sees of one account, over one link; the attributes of capture.storage.stores.OwnStore."""

    link: Switch
    lease: MemoryLease
    heartbeats: MemoryHeartbeats
    archive: MemoryArchive
    ingest: MemoryQueue
    watermarks: MemoryQueue
    ledger: MemoryLedger
    jobs: MemoryJobs
    interactions: MemoryInteractions
    open_conversations: MemoryOpenConversations
    outbox: MemoryOutbox
    state: MemoryState
    screens: MemoryQueue
    screen_files: MemoryQueue
    screen_outbox: MemoryOutbox
    sessions: MemorySessions
    workstations: MemoryWorkstations
    alarms: MemoryAlarms
    catalogue: MemoryCatalogue
    reigns: MemoryReigns
    listenings: MemoryListenings
    boards: MemoryBoards
    staged: MemoryStaged
    requests: MemoryRequests
    days: MemoryDays
    expiries: MemoryExpiries
    log: MemoryLog
    evidence: MemoryEvidence

    def ensure(self) -> None:
        """Nothing is ever missing here."""


class MemoryAccount:
    """The account itself. `power.down = True` is the loss of the region's storage; nothing in it is lost.

    `power.calls` has all calls to it in their order.
    """

    def __init__(self, clock: Clock, power: Switch | None = None) -> None:
        self.power = Switch() if power is None else power
        self.stores = MemoryStores(
            link=Switch(),
            lease=MemoryLease(clock, "nobody"),
            heartbeats=MemoryHeartbeats(clock),
            archive=MemoryArchive(),
            ingest=MemoryQueue(clock, "ingest"),
            watermarks=MemoryQueue(clock, "watermarks"),
            ledger=MemoryLedger(),
            jobs=MemoryJobs(),
            interactions=MemoryInteractions(),
            open_conversations=MemoryOpenConversations(),
            outbox=MemoryOutbox(),
            state=MemoryState(),
            screens=MemoryQueue(clock, "screens"),
            screen_files=MemoryQueue(clock, "screen_files"),
            screen_outbox=MemoryOutbox(),
            sessions=MemorySessions(),
            workstations=MemoryWorkstations(),
            alarms=MemoryAlarms(),
            catalogue=MemoryCatalogue(),
            reigns=MemoryReigns(),
            listenings=MemoryListenings(),
            boards=MemoryBoards(),
            staged=MemoryStaged(clock),
            requests=MemoryRequests(),
            days=MemoryDays(),
            expiries=MemoryExpiries(),
            log=MemoryLog(),
            evidence=MemoryEvidence(),
        )
        s = self.stores
        self._all = (
            *(s.lease, s.heartbeats, s.archive, s.ingest, s.watermarks),
            *(s.ledger, s.jobs, s.interactions, s.open_conversations, s.outbox, s.state),
            *(s.screens, s.screen_files, s.screen_outbox, s.sessions, s.workstations, s.alarms, s.boards, s.staged),
            *(s.catalogue, s.reigns, s.listenings),
            *(s.requests, s.days, s.expiries, s.log, s.evidence),
        )
        for store in self._all:
            store.power = self.power

    def open(self, identity: str, link: Switch | None = None) -> MemoryStores:
        """See the account as the node `identity` does, over a link of its own."""
        link = Switch() if link is None else link
        s = self.stores
        return MemoryStores(
            link=link,
            lease=s.lease.held_by(identity).view(link),
            heartbeats=s.heartbeats.view(link),
            archive=s.archive.view(link),
            ingest=s.ingest.view(link),
            watermarks=s.watermarks.view(link),
            ledger=s.ledger.view(link),
            jobs=s.jobs.view(link),
            interactions=s.interactions.view(link),
            open_conversations=s.open_conversations.view(link),
            outbox=s.outbox.view(link),
            state=s.state.view(link),
            screens=s.screens.view(link),
            screen_files=s.screen_files.view(link),
            screen_outbox=s.screen_outbox.view(link),
            sessions=s.sessions.view(link),
            workstations=s.workstations.view(link),
            alarms=s.alarms.view(link),
            catalogue=s.catalogue.view(link),
            reigns=s.reigns.view(link),
            listenings=s.listenings.view(link),
            boards=s.boards.view(link),
            staged=s.staged.view(link),
            requests=s.requests.view(link),
            days=s.days.view(link),
            expiries=s.expiries.view(link),
            log=s.log.view(link),
            evidence=s.evidence.view(link),
        )
