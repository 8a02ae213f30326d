"""How each day stands: a row for each."""

from collections.abc import Mapping
from itertools import islice

from azure.data.tables import TableClient

from capture import messages
from capture.model.day import DayReport, merge_days
from capture.storage import rows
from capture.storage.failures import failures

_PARTITION = "day"
_NINES = str.maketrans("0123456789", "9876543210")


class TableDays:
    """The days, in the table `days`. Keys are turned round, so that the latest day comes first."""

    def __init__(self, table: TableClient, setting: str) -> None:
        """Take the table and the setting that names its account."""
        self._table = table
        self._setting = setting

    def merge(self, report: DayReport) -> DayReport:
        """Join it in and return what is known now."""
        known = report

        def join(row: Mapping[str, object] | None) -> rows.Row | None:
            nonlocal known
            before = _report(row)
            known = report if before is None else merge_days(before, report)
            if known == before:
                return None
            return {"day": known.day, **rows.spread("report", messages.days.to_json(known).decode())}

        with failures(self._setting, "keep a day"):
            rows.change(self._table, _PARTITION, report.day.translate(_NINES), join)
        return known

    def listed(self, limit: int) -> list[DayReport]:
        """Read the latest days, the latest first, at most `limit`."""
        with failures(self._setting, "list the days"):
            found = self._table.query_entities(
                f"PartitionKey eq '{_PARTITION}'", results_per_page=max(1, min(limit, rows.PAGE))
            )
            read = [_report(row) for row in islice(found, limit)]
        return [report for report in read if report is not None]


def _report(row: Mapping[str, object] | None) -> DayReport | None:
    text = rows.gather("report", row) if row is not None else None
    return messages.days.from_json(text) if text is not None else None
