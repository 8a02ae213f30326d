"""The query options of the Web API, and the page of rows that they select.

Microsoft Learn, "Query data using the Web API": option names are case-sensitive, `$skip` and `$search` do not
exist, `$top` is ignored when a page size is preferred.
"""

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus

from lab.dynamics.conditions import Condition
from lab.dynamics.filters import FilterParser
from lab.dynamics.refusals import bad_query, no_such_property
from lab.dynamics.schema import TABLES, Kind, Table
from lab.dynamics.tables import Row, Tables

LIST_OPTIONS = ("$select", "$filter", "$orderby", "$top", "$count", "$expand", "$skiptoken")
ROW_OPTIONS = ("$select", "$expand")
EXPAND_OPTIONS = ("$select", "$filter", "$orderby", "$top")
EXPAND_LIMIT = 15
LARGEST_PAGE = 5000
NAVIGATION = re.compile(r"(\w+)(?:\((.*)\))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Expand:
    """One expanded navigation property and the options for what it brings."""

    name: str
    source: str
    query: "Query"
    single: bool
    column: str
    """For a lookup the column of the row here; for a collection the column of the rows there."""


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked of one table."""

    table: Table
    select: tuple[str, ...] | None = None
    where: Condition | None = None
    order: tuple[tuple[str, bool], ...] = ()
    """Columns, each with whether it is descending."""
    top: int | None = None
    count: bool = False
    expands: tuple[Expand, ...] = field(default=())

    def rows(self, tables: Tables) -> list[Row]:
        """Return all rows that match, in order, as they are at this moment."""
        return self.arrange(self._candidates(tables))

    def _candidates(self, tables: Tables) -> Iterable[Row]:
        rows, where = tables[self.table.name], self.where
        if where is not None and where.column is not None:
            return rows.having(where.column, where.values)
        return rows

    def arrange(self, candidates: Iterable[Row]) -> list[Row]:
        """Return the candidates that match, in order."""
        if self.where is None:
            found = list(candidates)
        else:
            test = self.where.test
            found = [row for row in candidates if test(row)]
        for column, descending in reversed(self.order):
            found.sort(key=_sort_key(column, self.table.columns[column]), reverse=descending)
        return found


def _sort_key(column: str, kind: Kind) -> Callable[[Row], Any]:
    # nulls first, and texts without regard to case, as SQL Server sorts them
    if kind is Kind.TEXT:
        return lambda row: (row.get(column) or "").casefold()
    if kind in (Kind.INTEGER, Kind.BOOLEAN):
        return lambda row: -math.inf if (value := row.get(column)) is None else value
    return lambda row: row.get(column) or ""


def options(raw: str) -> dict[str, str]:
    """Split a raw query string; an option that stands twice is refused."""
    found: dict[str, str] = {}
    for part in filter(None, raw.split("&")):
        name, _, value = part.partition("=")
        name = unquote_plus(name)
        if name in found:
            raise bad_query(
                f"Query option '{name}' was specified more than once, but it must be specified at most once."
            )
        found[name] = unquote_plus(value)
    return found


@dataclass(frozen=True, slots=True)
class QueryParser:
    """Turns query options into a `Query`, or refuses them."""

    tables: Tables
    lookups_in_membership: bool = False

    def parse(self, table: Table, given: Mapping[str, str], allowed: Iterable[str] = LIST_OPTIONS) -> Query:
        """Return the query that the options state."""
        aliases = {name: value for name, value in given.items() if name.startswith("@")}
        for name in given:
            if name not in allowed and name not in aliases:
                raise bad_query(f"The query parameter {name} is not supported.")
        where = None
        if "$filter" in given:
            parser = FilterParser(table, self.tables, aliases, self.lookups_in_membership)
            where = parser.parse(given["$filter"])
        return Query(
            table,
            _select(table, given["$select"]) if "$select" in given else None,
            where,
            _order(table, given["$orderby"]) if "$orderby" in given else (),
            _number(given["$top"], "$top") if "$top" in given else None,
            _boolean(given["$count"], "$count") if "$count" in given else False,
            self._expands(table, given["$expand"], aliases) if "$expand" in given else (),
        )

    def _expands(self, table: Table, source: str, aliases: Mapping[str, str]) -> tuple[Expand, ...]:
        if aliases:
            raise bad_query("Parameter aliases are not supported in $expand.")
        parts = split_outside(source, ",")
        if len(parts) > EXPAND_LIMIT:
            raise bad_query(f"The number of $expand options exceeds the limit of {EXPAND_LIMIT}.")
        return tuple(self._expand(table, part.strip()) for part in parts)

    def _expand(self, table: Table, source: str) -> Expand:
        match = NAVIGATION.fullmatch(source)
        if match is None:
            raise bad_query(f"Term '{source}' is not valid in a $select or $expand expression.")
        name, inner = match.group(1), match.group(2)
        given = dict(part.strip().partition("=")[::2] for part in split_outside(inner, ";")) if inner else {}
        if name in table.lookups:
            lookup = table.lookups[name]
            query = self.parse(TABLES[lookup.table], given, ("$select",))
            return Expand(name, inner or "", query, single=True, column=lookup.column)
        if name in table.collections:
            collection = table.collections[name]
            query = self.parse(TABLES[collection.table], given, EXPAND_OPTIONS)
            return Expand(name, inner or "", query, single=False, column=collection.column)
        raise no_such_property(name, table.name)


def split_outside(source: str, mark: str) -> list[str]:
    """Split at a mark, but not inside parentheses or quoted texts."""
    parts, depth, quoted, start = [], 0, False, 0
    for position, character in enumerate(source):
        if character == "'":
            quoted = not quoted
        elif quoted:
            continue
        elif character in "()":
            depth += 1 if character == "(" else -1
        elif character == mark and depth == 0:
            parts.append(source[start:position])
            start = position + 1
    return [*parts, source[start:]]


def _select(table: Table, source: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in source.split(","))
    for name in names:
        if name not in table.columns:
            raise no_such_property(name, table.name)
    return names


def _order(table: Table, source: str) -> tuple[tuple[str, bool], ...]:
    order = []
    for part in source.split(","):
        column, *direction = part.split()[:3] or [""]
        if column not in table.columns:
            raise no_such_property(column, table.name)
        if direction not in ([], ["asc"], ["desc"]):
            raise bad_query(f"Syntax error in $orderby: '{part}'.")
        order.append((column, direction == ["desc"]))
    return tuple(order)


def _number(text: str, name: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise bad_query(f"Invalid value '{text}' for {name} query option found.")
    return int(text)


def _boolean(text: str, name: str) -> bool:
    if text not in ("true", "false"):
        raise bad_query(f"Invalid value '{text}' for {name} query option found.")
    return bool(json.loads(text))
