"""What the use cases ask of the outside world. `storage/` and `omnichannel/` implement it, `node.py` joins them.

Every method may raise `Transient` (the store or the organisation cannot be reached, or is busy); none of them lets an
exception of a vendor library through. Times are aware datetimes in UTC.
"""

from capture.ports.archive import Archive, Upload
from capture.ports.catalogue import Catalogue, Listening, Listenings, Reigns
from capture.ports.clock import Clock
from capture.ports.coordination import Heartbeats, Lease, Queue
from capture.ports.recovery import Days, Evidence, Expiries, Log, Requests
from capture.ports.screens import Alarm, Alarms, Boards, Sessions, Staged, Workstations
from capture.ports.source import Download, Source
from capture.ports.stores import OwnStores, PeerStores
from capture.ports.tables import Interactions, Jobs, Ledger, OpenConversations, Outbox, State

__all__ = [
    "Alarm",
    "Alarms",
    "Archive",
    "Boards",
    "Catalogue",
    "Clock",
    "Days",
    "Download",
    "Evidence",
    "Expiries",
    "Heartbeats",
    "Interactions",
    "Jobs",
    "Lease",
    "Ledger",
    "Listening",
    "Listenings",
    "Log",
    "OpenConversations",
    "Outbox",
    "OwnStores",
    "PeerStores",
    "Queue",
    "Reigns",
    "Requests",
    "Sessions",
    "Source",
    "Staged",
    "State",
    "Upload",
    "Workstations",
]
