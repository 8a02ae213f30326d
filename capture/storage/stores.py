"""Everything that a node keeps in storage: its own, its peer's and the witness's. Opening calls nobody."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from azure.core.exceptions import HttpResponseError, ResourceExistsError
from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

from capture.connection import StorageConnection
from capture.storage.accounts import COORDINATION, OTHER_REGION, OWN_REGION, Account, Patience
from capture.storage.alarms import TableAlarms
from capture.storage.archive import BLOCK_BYTES, BlobArchive
from capture.storage.boards import BlobBoards
from capture.storage.catalogue import TableCatalogue
from capture.storage.days import TableDays
from capture.storage.evidence import BlobEvidence, TableLog
from capture.storage.expiries import TableExpiries
from capture.storage.failures import BEING_DELETED, NOT_ALLOWED, code_of, failures
from capture.storage.heartbeats import BlobHeartbeats
from capture.storage.interactions import TableInteractions
from capture.storage.jobs import TableJobs
from capture.storage.leases import BlobLease
from capture.storage.ledger import TableLedger
from capture.storage.listenings import TableListenings
from capture.storage.open_conversations import TableOpenConversations
from capture.storage.outbox import TO_SCREENS, TableOutbox
from capture.storage.queues import StorageQueue
from capture.storage.reigns import TableReigns
from capture.storage.requests import TableRequests
from capture.storage.sessions import TableSessions
from capture.storage.staged import BlobStaged
from capture.storage.state import TableState
from capture.storage.workstations import TableWorkstations

TABLES = (
    *("ledger", "jobs", "interactions", "openconversations", "outbox", "state"),
    *("sessions", "workstations", "alarms"),
    *("catalogue", "reigns", "listenings"),
    *("requests", "archived", "days", "expiries"),
)


@dataclass(frozen=True, slots=True)
class Names:
    """What containers and queues are called, the same in both regions, and who this node is to a lease."""

    lease_identity: str
    lease_container: str
    archive_container: str
    ingest_queue: str
    watermark_queue: str
    screen_queue: str = "screen"
    screen_file_queue: str = "screenfile"
    screen_container: str = "screens"
    desktop_container: str = "desktops"
    evidence_container: str = "evidence"

    @property
    def containers(self) -> tuple[str, ...]:
        """Every container of a node."""
        return (
            *(self.lease_container, self.archive_container, self.screen_container, self.desktop_container),
            self.evidence_container,
        )

    @property
    def queues(self) -> tuple[str, ...]:
        """Every queue of a node."""
        return self.ingest_queue, self.watermark_queue, self.screen_queue, self.screen_file_queue


@dataclass(frozen=True, slots=True)
class PeerStore:
    """What one node uses of one account that both nodes reach: its own or its peer's."""

    lease: BlobLease
    heartbeats: BlobHeartbeats
    archive: BlobArchive
    ingest: StorageQueue
    watermarks: StorageQueue
    screens: StorageQueue
    screen_files: StorageQueue
    ledger: TableLedger
    evidence: BlobEvidence


@dataclass(frozen=True, slots=True)
class OwnStore(PeerStore):
    """All of one node's own stores."""

    requests: TableRequests
    days: TableDays
    expiries: TableExpiries
    log: TableLog
    jobs: TableJobs
    interactions: TableInteractions
    open_conversations: TableOpenConversations
    outbox: TableOutbox
    state: TableState
    screen_outbox: TableOutbox
    sessions: TableSessions
    workstations: TableWorkstations
    alarms: TableAlarms
    catalogue: TableCatalogue
    reigns: TableReigns
    listenings: TableListenings
    boards: BlobBoards
    staged: BlobStaged
    ensure: Callable[[], None]
    """Create whatever containers, queues and tables are missing; Transient when the account cannot be reached."""


def open_own_store(
    connection: StorageConnection,
    names: Names,
    *,
    patience: Patience = OWN_REGION,
    coordination: Patience = COORDINATION,
    block_bytes: int = BLOCK_BYTES,
) -> OwnStore:
    """Open the node's own account. Call `ensure` before the first use."""
    account = Account(connection, patience)
    blobs, queues, tables = account.blobs(), account.queues(), account.tables()
    shared = _shared(
        Account(connection, coordination).blobs(), blobs, queues, tables, connection.setting, names, block_bytes
    )

    def ensure() -> None:
        _ensure(blobs, queues, tables, connection.setting, names)

    setting = connection.setting
    # The tick reads and writes these before anything else: a store that hangs must not hold the leases up.
    coordinating = Account(connection, coordination).tables()
    state = coordinating.get_table_client("state")
    return OwnStore(
        lease=shared.lease,
        heartbeats=shared.heartbeats,
        archive=shared.archive,
        ingest=shared.ingest,
        watermarks=shared.watermarks,
        screens=shared.screens,
        ledger=shared.ledger,
        evidence=shared.evidence,
        requests=TableRequests(tables.get_table_client("requests"), setting),
        expiries=TableExpiries(tables.get_table_client("expiries"), setting),
        days=TableDays(tables.get_table_client("days"), setting),
        log=TableLog(tables.get_table_client("archived"), setting),
        jobs=TableJobs(tables.get_table_client("jobs"), setting),
        interactions=TableInteractions(tables.get_table_client("interactions"), setting),
        open_conversations=TableOpenConversations(tables.get_table_client("openconversations"), setting),
        outbox=TableOutbox(tables.get_table_client("outbox"), setting),
        state=TableState(state, setting),
        screen_files=shared.screen_files,
        screen_outbox=TableOutbox(tables.get_table_client("outbox"), setting, TO_SCREENS),
        sessions=TableSessions(tables.get_table_client("sessions"), setting),
        workstations=TableWorkstations(tables.get_table_client("workstations"), setting),
        alarms=TableAlarms(tables.get_table_client("alarms"), setting),
        catalogue=TableCatalogue(tables.get_table_client("catalogue"), setting),
        reigns=TableReigns(coordinating.get_table_client("reigns"), setting),
        listenings=TableListenings(tables.get_table_client("listenings"), setting),
        boards=BlobBoards(blobs, names.desktop_container, setting),
        staged=BlobStaged(blobs, names.screen_container, setting),
        ensure=ensure,
    )


def open_peer_store(
    connection: StorageConnection,
    names: Names,
    *,
    patience: Patience = OTHER_REGION,
    coordination: Patience = COORDINATION,
) -> PeerStore:
    """Open what this node uses of its peer's account. The peer makes its own containers and queues."""
    coordinating, patient = Account(connection, coordination), Account(connection, patience)
    return _shared(
        coordinating.blobs(),
        patient.blobs(),
        # A tick sends: what is not taken at once is given out again, or goes to the outbox.
        coordinating.queues(),
        patient.tables(),
        connection.setting,
        names,
        BLOCK_BYTES,
    )


def open_witness(connection: StorageConnection, names: Names, *, coordination: Patience = COORDINATION) -> BlobLease:
    """Open the third lease. Whoever comes first makes its container."""
    blobs = Account(connection, coordination).blobs()
    return BlobLease(blobs.get_container_client(names.lease_container), connection.setting, names.lease_identity)


def _shared(
    coordination: BlobServiceClient,
    blobs: BlobServiceClient,
    queues: QueueServiceClient,
    tables: TableServiceClient,
    setting: str,
    names: Names,
    block_bytes: int,
) -> PeerStore:
    leases = coordination.get_container_client(names.lease_container)
    return PeerStore(
        lease=BlobLease(leases, setting, names.lease_identity),
        heartbeats=BlobHeartbeats(leases, setting),
        archive=BlobArchive(blobs.get_container_client(names.archive_container), setting, block_bytes),
        ingest=StorageQueue(queues, names.ingest_queue, setting),
        watermarks=StorageQueue(queues, names.watermark_queue, setting),
        screens=StorageQueue(queues, names.screen_queue, setting),
        screen_files=StorageQueue(queues, names.screen_file_queue, setting),
        ledger=TableLedger(tables.get_table_client("ledger"), setting),
        evidence=BlobEvidence(blobs.get_container_client(names.evidence_container), setting),
    )


def _ensure(
    blobs: BlobServiceClient, queues: QueueServiceClient, tables: TableServiceClient, setting: str, names: Names
) -> None:
    """Create what is missing, all at once: a node that starts has seconds, and every call is a round trip."""

    def once(create: Callable[[str], object], name: str) -> None:
        with failures(setting, f"create {name}"):
            try:
                create(name)
            except ResourceExistsError as error:
                if code_of(error) in BEING_DELETED:
                    raise
            except HttpResponseError as error:
                # A role that ends at the thing itself may not allow to create it: the template has made it. If nobody
                # has, or there is no role at all, the first use says so.
                if code_of(error) != NOT_ALLOWED:
                    raise

    wanted: list[tuple[Callable[[str], object], str]] = [
        *((blobs.create_container, name) for name in names.containers),
        *((queues.create_queue, name) for name in names.queues),
        *((tables.create_table, name) for name in TABLES),
    ]
    with ThreadPoolExecutor(max_workers=4, thread_name_prefix="ensure") as pool:
        for done in [pool.submit(once, create, name) for create, name in wanted]:
            done.result()
