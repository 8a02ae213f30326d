r"""Keys, long texts and compare-and-set in tables: what every table of the node has in common.

Keys may not hold / \ # ? or control characters, and order by their characters; a text property ends at 64 KiB, an
entity at 1 MiB (Microsoft Learn, "Understanding the Table service data model").
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from urllib.parse import quote, unquote

from azure.core import MatchConditions
from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.data.tables import TableClient, TableEntity, UpdateMode

from capture.errors import Transient
from capture.storage.failures import code_of, once_more

type Row = dict[str, str | int | float]

PAGE = 1000
"""Rows a page: the most that the service gives."""

_PIECE = 16_000
"""Characters a property: a character may take four bytes in UTF-16, the limit is 65,536 bytes."""
_TRIES = 20


def safe(text: str) -> str:
    """Make any text fit for a key, reversibly. Guids stay as they are."""
    # A percent sign is troublesome in keys, and quoting leaves no exclamation mark.
    return quote(text, safe="").replace("%", "!")


def plain(key: str) -> str:
    """Give the text that `safe` made the key from."""
    return unquote(key.replace("!", "%"))


def moment(when: datetime) -> str:
    """Write a time so that texts order as times do, in UTC, to the microsecond."""
    return f"{when.astimezone(UTC):%Y%m%dT%H%M%S.%f}"


def parse_moment(text: str) -> datetime:
    """Read what `moment` wrote."""
    return datetime.strptime(text, "%Y%m%dT%H%M%S.%f").replace(tzinfo=UTC)


def hour(when: datetime) -> str:
    """Write the hour of a time: the partition of what is kept by time."""
    return f"{when.astimezone(UTC):%Y%m%d%H}"


def timed_key(when: datetime, name: str) -> str:
    """Build the row key of what is ordered by time, then name."""
    return f"{moment(when)}|{safe(name)}"


def parse_timed_key(key: str) -> tuple[datetime, str]:
    """Read what `timed_key` built."""
    when, _, name = key.partition("|")
    return parse_moment(when), plain(name)


def in_span(start: datetime, end: datetime) -> str:
    """Filter timed keys with `start <= time <= end`."""
    # "}" follows "|" among the characters: so all names at `end` are inside.
    return f"RowKey ge '{moment(start)}|' and RowKey lt '{moment(end)}}}'"


def begins_with(text: str) -> str:
    """Filter keys that `safe` made from texts that begin with this one, which is not empty."""
    key = safe(text)
    return f"RowKey ge '{key}' and RowKey lt '{key[:-1]}{chr(ord(key[-1]) + 1)}'"


def spread(name: str, text: str) -> Row:
    """Cut a long text into the properties `name`, `name1`, `name2`, ... of one entity."""
    pieces = [text[at : at + _PIECE] for at in range(0, len(text), _PIECE)] or [""]
    row: Row = {f"{name}{number or ''}": piece for number, piece in enumerate(pieces)}
    # The number of pieces is kept: merging a shorter text into a row leaves the pieces of the longer one behind.
    row[f"{name}_pieces"] = len(pieces)
    return row


def gather(name: str, row: Mapping[str, object]) -> str | None:
    """Put together what `spread` cut, None when the entity has no such text."""
    count = row.get(f"{name}_pieces")
    if not isinstance(count, int):
        return None
    return "".join(str(row[f"{name}{number or ''}"]) for number in range(count))


def read(table: TableClient, partition: str, key: str) -> TableEntity | None:
    """Read a row, None when there is none."""
    try:
        return once_more(lambda: table.get_entity(partition, key))
    except ResourceNotFoundError as error:
        if code_of(error) == "TableNotFound":
            raise
        return None


def insert(table: TableClient, partition: str, key: str, row: Row) -> bool:
    """Insert a row; False when there is one of that key."""
    entity = {"PartitionKey": partition, "RowKey": key, **row}
    try:
        # The library does not repeat a POST whose answer was lost; here the second one says that there is a row.
        once_more(lambda: table.create_entity(entity, response_preference="return-no-content"))
    except ResourceExistsError:
        return False
    return True


def change(
    table: TableClient, partition: str, key: str, decide: Callable[[Mapping[str, object] | None], Row | None]
) -> None:
    """Replace a row by what `decide` makes of it, as if nobody else were writing; None leaves it as it is.

    Transient when others keep winning the race.
    """
    for _ in range(_TRIES):
        found = read(table, partition, key)
        wanted = decide(found)
        if wanted is None:
            return
        if found is None:
            if insert(table, partition, key, wanted):
                return
            continue
        update = partial(
            table.update_entity,
            {"PartitionKey": partition, "RowKey": key, **wanted},
            mode=UpdateMode.REPLACE,
            etag=found.metadata["etag"],
            match_condition=MatchConditions.IfNotModified,
        )
        try:
            once_more(update)
        except (ResourceModifiedError, ResourceNotFoundError):
            continue
        return
    raise Transient(f"{table.table_name}: others kept changing the row {key}")
