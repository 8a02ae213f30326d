"""What a node is built from."""

from typing import Protocol

from capture.ports.archive import Archive
from capture.ports.catalogue import Catalogue, Listenings, Reigns
from capture.ports.coordination import Heartbeats, Lease, Queue
from capture.ports.recovery import Days, Evidence, Expiries, Log, Requests
from capture.ports.screens import Alarms, Boards, Sessions, Staged, Workstations
from capture.ports.tables import Interactions, Jobs, Ledger, OpenConversations, Outbox, State


class PeerStores(Protocol):
    """What one node uses of an account that both nodes reach: its own or its peer's."""

    @property
    def lease(self) -> Lease:
        """The lease of this account's region."""

    @property
    def heartbeats(self) -> Heartbeats:
        """Who has been heard of here."""

    @property
    def archive(self) -> Archive:
        """The recordings of this account's node."""

    @property
    def ingest(self) -> Queue:
        """Commands for this account's node."""

    @property
    def watermarks(self) -> Queue:
        """Notifications for this account's node."""

    @property
    def screens(self) -> Queue:
        """Facts about sessions and workstations for this account's node."""

    @property
    def screen_files(self) -> Queue:
        """Commands for this account's node to take a desktop's recording into the archive."""

    @property
    def ledger(self) -> Ledger:
        """What has become of each recording. A node only ever reads its peer's."""

    @property
    def evidence(self) -> Evidence:
        """The blocks of both nodes' logs, as this account has them."""


class OwnStores(PeerStores, Protocol):
    """All of a node's own stores."""

    @property
    def requests(self) -> Requests:
        """Requests to recover or verify."""

    @property
    def expiries(self) -> Expiries:
        """When recordings expire."""

    @property
    def days(self) -> Days:
        """How each day stands."""

    @property
    def log(self) -> Log:
        """What this node has archived."""

    @property
    def jobs(self) -> Jobs:
        """The unfinished recordings."""

    @property
    def interactions(self) -> Interactions:
        """The consolidated conversations."""

    @property
    def open_conversations(self) -> OpenConversations:
        """What must be read again."""

    @property
    def outbox(self) -> Outbox:
        """What the peer could not be told yet."""

    @property
    def state(self) -> State:
        """Single values."""

    @property
    def screen_outbox(self) -> Outbox:
        """Facts about screens that the peer could not be told yet."""

    @property
    def sessions(self) -> Sessions:
        """Agents' sessions."""

    @property
    def workstations(self) -> Workstations:
        """Who is signed in where."""

    @property
    def alarms(self) -> Alarms:
        """What a person should look at."""

    @property
    def catalogue(self) -> Catalogue:
        """By what recordings are found."""

    @property
    def reigns(self) -> Reigns:
        """Who was ACTIVE, and since when."""

    @property
    def listenings(self) -> Listenings:
        """Who listened to what."""

    @property
    def boards(self) -> Boards:
        """What is wanted of each desktop."""

    @property
    def staged(self) -> Staged:
        """What desktops have uploaded."""

    def ensure(self) -> None:
        """Create what is missing; Transient when the account cannot be reached."""
