"""When recordings expire: a partition for each day, a row for each recording."""

from dataclasses import replace
from datetime import datetime
from itertools import islice

from azure.data.tables import TableClient, UpdateMode

from capture.model.identity import RecordingId
from capture.model.retention import Expiring
from capture.storage import rows
from capture.storage.failures import failures


class TableExpiries:
    """The expiries, in the table `expiries`."""

    def __init__(self, table: TableClient, setting: str) -> None:
        """Take the table and the setting that names its account."""
        self._table = table
        self._setting = setting

    def put(self, expiring: Expiring) -> None:
        """Look at a recording again at `at`; the same one twice is one."""
        row: rows.Row = {"at": rows.moment(expiring.at)}
        key = {"PartitionKey": _day(expiring), "RowKey": rows.timed_key(expiring.created_on, expiring.recording_id)}
        with failures(self._setting, "write an expiry"):
            self._table.upsert_entity({**key, **row}, mode=UpdateMode.REPLACE)

    def due(self, now: datetime, limit: int) -> list[Expiring]:
        """Read those with `at <= now`, the earliest day first, at most `limit`."""
        wanted = f"PartitionKey le '{rows.hour(now)[:8]}' and at le '{rows.moment(now)}'"
        with failures(self._setting, "list expiries"):
            found = list(islice(self._table.query_entities(wanted, results_per_page=limit), limit))
        due = []
        for row in found:
            created_on, recording_id = rows.parse_timed_key(row["RowKey"])
            due.append(Expiring(rows.parse_moment(row["at"]), created_on, RecordingId(recording_id)))
        return due

    def move(self, expiring: Expiring, at: datetime) -> None:
        """Look at it again at `at` instead; killed in between, twice."""
        later = replace(expiring, at=at)
        self.put(later)
        if _day(later) != _day(expiring):
            self.remove(expiring)

    def remove(self, expiring: Expiring) -> None:
        """Forget one; no error when it is not there."""
        with failures(self._setting, "forget an expiry"):
            self._table.delete_entity(_day(expiring), rows.timed_key(expiring.created_on, expiring.recording_id))


def _day(expiring: Expiring) -> str:
    return rows.hour(expiring.at)[:8]
