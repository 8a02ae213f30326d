"""Who was ACTIVE, and since when: a row for each epoch, the highest first."""

from collections.abc import Iterator
from itertools import islice

from azure.data.tables import TableClient, TableEntity

from capture.model.identity import Epoch, NodeName
from capture.model.reign import Reign
from capture.storage import rows
from capture.storage.failures import failures, once_more

_PARTITION = "reign"
_KEPT = 500
_LAST = 10**12
"""Row keys count down from here, so that the highest epoch comes first."""


class TableReigns:
    """The reigns, in the table `reigns`."""

    def __init__(self, table: TableClient, setting: str) -> None:
        """Take the table, whose client need not repeat calls by itself, and the setting that names its account."""
        self._table = table
        self._setting = setting

    def note(self, reign: Reign) -> None:
        """Keep it, unless its epoch is there; of more than 500 the oldest go."""
        with failures(self._setting, "note a reign"):
            row: rows.Row = {"node": reign.node, "began_at": rows.moment(reign.began_at)}
            if rows.insert(self._table, _PARTITION, _key(reign.epoch), row):
                for old in list(islice(self._rows(), _KEPT, _KEPT + 10)):
                    self._table.delete_entity(_PARTITION, old["RowKey"])

    def latest(self, limit: int) -> list[Reign]:
        """Read the latest, the highest epoch first."""
        with failures(self._setting, "list the reigns"):
            found = once_more(lambda: list(islice(self._rows(), limit)))
        return [
            Reign(Epoch(_LAST - int(row["RowKey"])), NodeName(row["node"]), rows.parse_moment(row["began_at"]))
            for row in found
        ]

    def _rows(self) -> Iterator[TableEntity]:
        return self._table.query_entities(f"PartitionKey eq '{_PARTITION}'", results_per_page=rows.PAGE)


def _key(epoch: Epoch) -> str:
    return f"{_LAST - epoch:013d}"
