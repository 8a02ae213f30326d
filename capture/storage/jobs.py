"""The unfinished recordings: one row each, in one partition, so that a batch is one transaction."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import partial
from itertools import islice

from azure.data.tables import TableClient, UpdateMode

from capture import messages
from capture.model.identity import NodeName, RecordingId
from capture.model.recording import Job, JobState
from capture.storage import rows
from capture.storage.failures import failures, once_more

_PARTITION = "jobs"
_BATCH_ROWS = 100
_BATCH_BYTES = 3_500_000
"""A transaction takes 100 rows and 4 MiB, with the headers that stand around each row."""
_ROW_OVERHEAD = 1_500


class TableJobs:
    """The jobs, in the table `jobs`, ordered by `created_on`, then id."""

    def __init__(self, table: TableClient, setting: str) -> None:
        """Take the table and the setting that names its account."""
        self._table = table
        self._setting = setting

    def put(self, jobs: Iterable[Job]) -> None:
        """Insert or replace, many at once. Each batch of up to 100 is written whole or not at all."""
        unique = dict(map(_row, jobs))
        with failures(self._setting, "write jobs"):
            for batch in _batches(unique):
                if len(batch) == 1:
                    self._table.upsert_entity(batch[0], mode=UpdateMode.REPLACE)
                else:
                    operations = [("upsert", row, {"mode": UpdateMode.REPLACE}) for row in batch]
                    once_more(partial(self._table.submit_transaction, operations))

    def remove(self, recording_id: RecordingId, created_on: datetime) -> None:
        """Forget a finished recording; no error when it is not there."""
        with failures(self._setting, "remove a job"):
            self._table.delete_entity(_PARTITION, rows.timed_key(created_on, recording_id))

    def known(self, start: datetime, end: datetime) -> set[RecordingId]:
        """Ids of all jobs with `start <= created_on <= end`."""
        span = f"PartitionKey eq '{_PARTITION}' and {rows.in_span(start, end)}"
        with failures(self._setting, "list jobs"):
            found = self._table.query_entities(span, select=["RowKey"], results_per_page=rows.PAGE)
            return {RecordingId(rows.parse_timed_key(row["RowKey"])[1]) for row in found}

    def between(self, start: datetime, end: datetime) -> Iterator[Job]:
        """All jobs with `start <= created_on <= end`, read page by page."""
        span = f"PartitionKey eq '{_PARTITION}' and {rows.in_span(start, end)}"
        with failures(self._setting, "list jobs"):
            for row in self._table.query_entities(span, results_per_page=rows.PAGE):
                if (text := rows.gather("job", row)) is not None:
                    yield messages.jobs.from_json(text)

    def due(self, now: datetime, limit: int, state: JobState) -> list[Job]:
        """Jobs in this state with `due <= now`, oldest recording first, at most `limit`."""
        return self._first(f"state eq '{state.value}' and due le '{rows.moment(now)}'", limit)

    def given_to(self, node: NodeName, limit: int) -> list[Job]:
        """Jobs that are assigned to this node, oldest recording first, at most `limit`."""
        return self._first(f"state eq '{JobState.ASSIGNED.value}' and node eq '{node}'", limit)

    def oldest(self) -> datetime | None:
        """`created_on` of the oldest unfinished recording, None when there is none."""
        every = f"PartitionKey eq '{_PARTITION}'"
        with failures(self._setting, "read the oldest job"):
            for row in self._table.query_entities(every, select=["RowKey"], results_per_page=1):
                return rows.parse_timed_key(row["RowKey"])[0]
        return None

    def outstanding(self) -> dict[NodeName | None, int]:
        """How many are assigned to each node; under None how many are pending."""
        every = f"PartitionKey eq '{_PARTITION}'"
        counts: Counter[NodeName | None] = Counter()
        with failures(self._setting, "count jobs"):
            for row in self._table.query_entities(every, select=["node", "state"], results_per_page=rows.PAGE):
                counts[NodeName(row["node"]) if row["state"] == JobState.ASSIGNED else None] += 1
        return dict(counts)

    def _first(self, which: str, limit: int) -> list[Job]:
        with failures(self._setting, "list jobs"):
            found = self._table.query_entities(
                f"PartitionKey eq '{_PARTITION}' and {which}", results_per_page=max(1, min(limit, rows.PAGE))
            )
            texts = [rows.gather("job", row) for row in islice(found, limit)]
        return [messages.jobs.from_json(text) for text in texts if text is not None]


def _row(job: Job) -> tuple[str, rows.Row]:
    key = rows.timed_key(job.recording.created_on, job.recording.id)
    row: rows.Row = {
        "PartitionKey": _PARTITION,
        "RowKey": key,
        "state": job.state.value,
        "node": job.node or "",
        "due": rows.moment(job.due),
        **rows.spread("job", messages.jobs.to_json(job).decode()),
    }
    return key, row


def _batches(unique: dict[str, rows.Row]) -> Iterator[list[rows.Row]]:
    batch: list[rows.Row] = []
    size = 0
    for row in unique.values():
        weight = _ROW_OVERHEAD + len(json.dumps(row))
        if batch and (len(batch) == _BATCH_ROWS or size + weight > _BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(row)
        size += weight
    if batch:
        yield batch
