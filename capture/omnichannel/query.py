"""How a query is spelled. Microsoft Learn: "Query data using the Web API", "Filter rows"."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import batched
from urllib.parse import quote

from capture.omnichannel.rows import is_guid

_SLICE = 100
"""Ids in one query. Dataverse takes 500 conditions and addresses of 32,768 characters; proxies take less."""


def query(entity_set: str, **options: str) -> str:
    """Spell a query of an entity set; `options` are OData's without the dollar sign."""
    spelled = "&".join(f"${name}={quote(value, safe="$()',;=/:")}" for name, value in options.items() if value)
    return f"{entity_set}?{spelled}"


def columns(*names: str) -> str:
    """Spell a list of columns."""
    return ",".join(names)


def any_of(column: str, ids: Iterable[str]) -> str:
    """Spell "the column is one of these ids"; the ids are bare guids.

    The plain form, since it is not documented whether `Microsoft.Dynamics.CRM.In` takes a lookup column.
    """
    return " or ".join(f"{column} eq {each}" for each in ids)


def slices(ids: Iterable[str]) -> Iterator[Sequence[str]]:
    """Cut ids into as many queries as are needed, each id once.

    What is no guid is nobody's id, and would fail the query for all the others: people's requests may hold anything.
    """
    wanted = (each for each in dict.fromkeys(ids) if is_guid(each))
    yield from batched(wanted, _SLICE, strict=False)


def second(moment: datetime) -> str:
    """Spell a time as Dataverse does: UTC, whole seconds, rounded down."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
