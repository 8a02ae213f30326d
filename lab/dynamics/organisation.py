"""The organisation itself: all state behind one lock and one clock, and no network."""

import heapq
import itertools
import random
import secrets
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from lab.dynamics.accounts import Accounts
from lab.dynamics.faults import Faults
from lab.dynamics.media import RecordingFile
from lab.dynamics.messages import messages
from lab.dynamics.protection import Limits, ServiceProtection
from lab.dynamics.roster import roster
from lab.dynamics.schema import SETS, TABLES, Table
from lab.dynamics.signatures import Signatures
from lab.dynamics.statistics import Statistics
from lab.dynamics.tables import Row, Tables

type Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Return the time of the machine."""
    return datetime.now(UTC)


def whole_seconds(moment: datetime) -> str:
    """Spell a time as the Web API does: UTC, without a fraction."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True)
class Options:
    """How the organisation is set up."""

    name: str = "contoso"
    clients: Mapping[str, str] = field(
        default_factory=lambda: {"capture-main": "main-secret", "capture-peer": "peer-secret"}
    )
    token_seconds: int = 3599
    sas_seconds: float = 3600
    limits: Limits = field(default_factory=Limits)
    latency_seconds: float = 0
    """How long every Web API call takes at least; it is what makes calls overlap."""
    empty_file_status: int = 404
    """What `$value` of an empty file column answers: 404 or 204, the documentation gives neither."""
    lookups_in_membership: bool = False
    seed: int | None = None


@dataclass(slots=True)
class Publication:
    """The truth about one recording, for comparison with what has been captured."""

    recording_id: str
    conversation_id: str | None
    created_on: datetime
    visible_on: datetime
    file_on: datetime | None = None
    """When its file is there; None if it never is."""
    file: RecordingFile | None = None


class Organisation:
    """One Dynamics 365 organisation. Everything public may be called from any thread.

    Rows that commit late and files that come after their row wait in an agenda, which is worked off
    whenever somebody looks: so time needs no thread of its own and tests move it by hand.
    """

    def __init__(self, options: Options | None = None, clock: Clock = utc_now) -> None:
        self.options = options or Options()
        self.clock = clock
        self.lock = threading.RLock()
        self.random = random.Random(self.options.seed)
        self.tables = Tables()
        self.accounts = Accounts(self.options.clients, self.options.token_seconds)
        self.protection = ServiceProtection(self.options.limits)
        self.faults = Faults(lambda: self.clock().timestamp())
        self.statistics = Statistics()
        self.signatures = Signatures(secrets.token_bytes(32))
        self.files: dict[str, RecordingFile] = {}
        self.published: dict[str, Publication] = {}
        self._agenda: list[tuple[datetime, int, Callable[[], None]]] = []
        self._turn = itertools.count()
        self.roster = roster(self.options.name, whole_seconds(clock()))
        people = (("systemuser", self.roster.agents), ("queue", self.roster.queues), ("contact", self.roster.customers))
        for table, rows in people:
            for row in rows:
                self.tables.write(table, row)
        for table, row in messages(self.options.name, whole_seconds(clock())):
            self.tables.write(table, row)

    def new_id(self) -> str:
        """Return a fresh row id."""
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def at(self, when: datetime, action: Callable[[], None]) -> None:
        """Do something at a time; at once if it is over."""
        with self.lock:
            if when <= self.clock():
                action()
            else:
                heapq.heappush(self._agenda, (when, next(self._turn), action))

    def settle(self) -> None:
        """Do what is due; every reader of the tables calls this first, under the lock."""
        with self.lock:
            now = self.clock()
            while self._agenda and self._agenda[0][0] <= now:
                heapq.heappop(self._agenda)[2]()

    def insert_row(self, set_name: str, values: Mapping[str, Any]) -> str:
        """Insert a row as given, whatever it lacks; only its key and its system times are added."""
        table = known_set(set_name)
        now = whole_seconds(self.clock())
        with self.lock:
            row = {"createdon": now, "modifiedon": now, table.key: self.new_id()} | dict(values)
            self.tables.write(table.name, row)
            return str(row[table.key])

    def change_row(self, set_name: str, row_id: str, values: Mapping[str, Any]) -> bool:
        """Change columns of a row, `modifiedon` too unless it is given; say whether the row was there."""
        with self.lock:
            self.settle()
            changes = {"modifiedon": whole_seconds(self.clock())} | dict(values)
            return self.tables.change(known_set(set_name).name, row_id, changes)

    def delete_row(self, set_name: str, row_id: str) -> bool:
        """Delete a row; say whether it was there."""
        with self.lock:
            self.settle()
            return self.tables[known_set(set_name).name].remove(row_id)

    def attach_file(self, recording_id: str, file: RecordingFile) -> None:
        """Put a file into the recording's file column, in place of the one that may be there.

        `modifiedon` stays: whether committing a file touches it is not documented, so nobody may rely on it.
        """
        with self.lock:
            self.files[file.file_id] = file
            column = {"msdyn_recording": file.file_id, "msdyn_recording_name": file.name}
            self.tables.change("msdyn_ocrecording", recording_id, column)

    def file_of(self, recording: Row, column: str = "msdyn_recording") -> RecordingFile | None:
        """Return the file in a file column of a recording, or None if there is none."""
        return self.files.get(recording.get(column) or "")


def known_set(set_name: str) -> Table:
    """Return the table of a set name; a set that does not exist is a ValueError."""
    if set_name not in SETS:
        message = f"there is no set {set_name}; the sets are {', '.join(sorted(SETS))}"
        raise ValueError(message)
    return TABLES[SETS[set_name].name]
