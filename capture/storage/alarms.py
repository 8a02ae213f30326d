"""What a person should look at: a row for each alarm."""

from itertools import islice

from azure.data.tables import TableClient

from capture.model.identity import SessionId
from capture.ports import Alarm
from capture.storage import rows
from capture.storage.failures import failures, once_more

_PARTITION = "alarm"
_LONGEST_TEXT = 4_000


class TableAlarms:
    """The alarms, in the table `alarms`."""

    def __init__(self, table: TableClient, setting: str) -> None:
        """Take the table and the setting that names its account."""
        self._table = table
        self._setting = setting

    def raise_(self, alarm: Alarm) -> bool:
        """Keep an alarm; False when one of that key is there, which stays."""
        row: rows.Row = {
            "at": rows.moment(alarm.at),
            "text": alarm.text[:_LONGEST_TEXT],
            "session_id": alarm.session_id or "",
        }
        with failures(self._setting, "raise an alarm"):
            return rows.insert(self._table, _PARTITION, rows.safe(alarm.key), row)

    def clear(self, key: str) -> None:
        """Take it back; no error when it is not there."""
        with failures(self._setting, "clear an alarm"):
            once_more(lambda: self._table.delete_entity(_PARTITION, rows.safe(key)))

    def listed(self, limit: int, prefix: str = "") -> list[Alarm]:
        """Read those whose keys begin with `prefix`, in the order of their keys, at most `limit`."""
        wanted = f"PartitionKey eq '{_PARTITION}'" + (f" and {rows.begins_with(prefix)}" if prefix else "")
        with failures(self._setting, "list alarms"):
            found = self._table.query_entities(wanted, results_per_page=max(1, min(limit, rows.PAGE)))
            return [
                Alarm(
                    rows.plain(row["RowKey"]),
                    rows.parse_moment(row["at"]),
                    row["text"],
                    SessionId(row["session_id"]) if row["session_id"] else None,
                )
                for row in islice(found, limit)
            ]
