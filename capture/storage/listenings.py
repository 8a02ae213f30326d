"""Who listened to what: a row for each person, recording and ten minutes."""

from datetime import date
from itertools import islice

from azure.data.tables import TableClient

from capture.model.identity import RecordingId
from capture.ports.catalogue import Listening
from capture.storage import rows
from capture.storage.failures import failures


class TableListenings:
    """The listenings, in the table `listenings`: a partition for each day in UTC."""

    def __init__(self, table: TableClient, setting: str) -> None:
        """Take the table and the setting that names its account."""
        self._table = table
        self._setting = setting

    def note(self, listening: Listening) -> bool:
        """Keep it; False when the same person's is there for the same recording and the same ten minutes."""
        slot = rows.moment(listening.at)[:12]  # to the ten minutes: 20261122T1430 without its last digit
        key = f"{slot}|{rows.safe(listening.who)}|{rows.safe(listening.recording_id)}"
        row: rows.Row = {
            "at": rows.moment(listening.at),
            "who": listening.who,
            "name": listening.name,
            "recording_id": listening.recording_id,
        }
        with failures(self._setting, "note who listened"):
            return rows.insert(self._table, slot[:8], key, row)

    def of_day(self, day: date, limit: int) -> list[Listening]:
        """Read those of a day in UTC, oldest first, at most `limit`."""
        wanted = f"PartitionKey eq '{day:%Y%m%d}'"
        with failures(self._setting, "list who listened"):
            found = list(islice(self._table.query_entities(wanted, results_per_page=rows.PAGE), limit))
        listed = [
            Listening(rows.parse_moment(row["at"]), row["who"], row["name"], RecordingId(row["recording_id"]))
            for row in found
        ]
        return sorted(listed, key=lambda each: each.at)
