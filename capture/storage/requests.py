"""Requests to recover or verify, and a row for each thing that they have found."""

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import batched, islice

from azure.data.tables import TableClient, UpdateMode

from capture import messages
from capture.model.request import Item, Outcome, Request, merge_requests
from capture.storage import rows
from capture.storage.failures import failures, once_more

_REQUESTS = "request"
_LONGEST_REASON = 4_000
_TRANSACTION = 100
"""Rows in one transaction: the most that the service takes."""


class TableRequests:
    """The requests, in the table `requests`."""

    def __init__(self, table: TableClient, setting: str) -> None:
        """Take the table and the setting that names its account."""
        self._table = table
        self._setting = setting

    def get(self, request_id: str) -> Request | None:
        """Read one request."""
        with failures(self._setting, "read a request"):
            return _request(rows.read(self._table, _REQUESTS, rows.safe(request_id)))

    def merge(self, request: Request) -> Request:
        """Join it in and return what is known now."""
        known = request

        def join(row: Mapping[str, object] | None) -> rows.Row | None:
            nonlocal known
            before = _request(row)
            known = request if before is None else merge_requests(before, request)
            if known == before:
                return None
            return {
                "asked_at": rows.moment(known.asked_at),
                "status": known.status,
                **rows.spread("request", messages.requests.to_json(known).decode()),
            }

        with failures(self._setting, "keep a request"):
            rows.change(self._table, _REQUESTS, rows.safe(request.id), join)
        return known

    def listed(self, limit: int) -> list[Request]:
        """Read the latest by `asked_at`, the latest first, at most `limit`."""
        with failures(self._setting, "list requests"):
            wanted = f"PartitionKey eq '{_REQUESTS}'"
            found = self._table.query_entities(wanted, select=["RowKey", "asked_at"], results_per_page=rows.PAGE)
            keys = sorted(((row["asked_at"], row["RowKey"]) for row in found), reverse=True)
            read = [_request(rows.read(self._table, _REQUESTS, key)) for _, key in keys[:limit]]
        return [request for request in read if request is not None]

    def live(self) -> list[Request]:
        """Read those on which there is something to do, the oldest first."""
        wanted = f"PartitionKey eq '{_REQUESTS}' and status ne 'done' and status ne 'stopped'"
        with failures(self._setting, "list requests"):
            read = [_request(row) for row in self._table.query_entities(wanted, results_per_page=rows.PAGE)]
        return sorted((each for each in read if each is not None), key=lambda each: (each.asked_at, each.id))

    def remove(self, request_id: str) -> None:
        """Forget a request and all that it has found; no error when it is not there."""
        partition = _items_of(request_id)
        with failures(self._setting, "forget a request"):
            found = self._table.query_entities(
                f"PartitionKey eq '{partition}'", select=["PartitionKey", "RowKey"], results_per_page=rows.PAGE
            )
            for some in batched(found, _TRANSACTION, strict=False):
                self._table.submit_transaction([("delete", dict(row)) for row in some])
            once_more(lambda: self._table.delete_entity(_REQUESTS, rows.safe(request_id)))

    def put_items(self, request_id: str, items: Iterable[Item]) -> None:
        """Insert or replace what has been found, each once by its id and time."""
        entities = {key: {"PartitionKey": _items_of(request_id), "RowKey": key, **row} for key, row in _rows(items)}
        with failures(self._setting, "keep what a request has found"):
            for some in batched(entities.values(), _TRANSACTION, strict=False):
                self._table.submit_transaction(
                    [
                        ("upsert", entity, {"mode": UpdateMode.REPLACE}) for entity in some
                    ]  # the same when it is repeated
                )

    def items(self, request_id: str, limit: int, *, only_open: bool = False) -> list[Item]:
        """Read what has been found, oldest first, at most `limit`."""
        wanted = f"PartitionKey eq '{_items_of(request_id)}'"
        if only_open:
            wanted += f" and outcome eq '{Outcome.OPEN.value}'"
        with failures(self._setting, "list what a request has found"):
            found = self._table.query_entities(wanted, results_per_page=max(1, min(limit, rows.PAGE)))
            return [_item(row) for row in islice(found, limit)]

    def tally(self, request_id: str) -> dict[str, int]:
        """Count what has been found by its outcome."""
        wanted = f"PartitionKey eq '{_items_of(request_id)}'"
        with failures(self._setting, "count what a request has found"):
            found = self._table.query_entities(wanted, select=["outcome"], results_per_page=rows.PAGE)
            return dict(Counter(str(row["outcome"]) for row in found))


def _items_of(request_id: str) -> str:
    return f"of-{rows.safe(request_id)}"


def _rows(items: Iterable[Item]) -> Iterable[tuple[str, rows.Row]]:
    for item in items:
        yield (
            rows.timed_key(item.created_on, item.id),
            {"why": item.why, "outcome": item.outcome.value, "reason": item.reason[:_LONGEST_REASON]},
        )


def _item(row: Mapping[str, object]) -> Item:
    created_on, item_id = rows.parse_timed_key(str(row["RowKey"]))
    return Item(item_id, created_on, str(row["why"]), Outcome(str(row["outcome"])), str(row["reason"]))


def _request(row: Mapping[str, object] | None) -> Request | None:
    text = rows.gather("request", row) if row is not None else None
    return messages.requests.from_json(text) if text is not None else None
