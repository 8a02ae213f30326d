"""The rows of the organisation, with the indexes that keep long `or` lists of ids cheap."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lab.dynamics.schema import TABLES, Kind, Table

type Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Written:
    """One write: the row after it, and the columns that were given."""

    table: Table
    created: bool
    row: Mapping[str, Any]
    columns: frozenset[str]


class Rows:
    """The rows of one table. A row may lack columns: what is absent is neither returned nor equal to anything."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self._rows: dict[str, Row] = {}
        self._indexes: dict[str, dict[Any, dict[str, Row]]] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows.values())

    def get(self, row_id: str | None) -> Row | None:
        """Return the row of this id, or None."""
        return self._rows.get(row_id) if row_id is not None else None

    def put(self, row: Row) -> None:
        """Insert or replace a row."""
        row_id = row[self.table.key]
        self.remove(row_id)
        self._rows[row_id] = row
        for column, index in self._indexes.items():
            index.setdefault(row.get(column), {})[row_id] = row

    def remove(self, row_id: str) -> bool:
        """Delete a row; say whether it was there."""
        row = self._rows.pop(row_id, None)
        if row is None:
            return False
        for column, index in self._indexes.items():
            index[row.get(column)].pop(row_id, None)
        return True

    def having(self, column: str, values: Iterable[Any]) -> Iterator[Row]:
        """Yield the rows whose id column holds one of the values."""
        if column == self.table.key:
            yield from (self._rows[value] for value in values if value in self._rows)
            return
        index = self._indexes.get(column) or self._build_index(column)
        for value in values:
            yield from index.get(value, {}).values()

    def _build_index(self, column: str) -> dict[Any, dict[str, Row]]:
        index: dict[Any, dict[str, Row]] = {}
        for row_id, row in self._rows.items():
            index.setdefault(row.get(column), {})[row_id] = row
        self._indexes[column] = index
        return index


class Tables:
    """All rows that are committed, and the version number that every write raises. Not thread-safe by itself."""

    def __init__(self) -> None:
        self._rows = {name: Rows(table) for name, table in TABLES.items()}
        self._version = 72_000_000
        self.heard: Callable[[Written], None] | None = None
        """Who is told of every write, as soon as it is done."""

    def __getitem__(self, table: str) -> Rows:
        return self._rows[table]

    def write(self, table: str, row: Row) -> None:
        """Insert or replace a row under a new version."""
        self._version += 1
        rows = self._rows[table]
        is_new = rows.get(row[rows.table.key]) is None
        rows.put(row | {"versionnumber": self._version})
        self._tell(table, row, created=is_new)

    def change(self, table: str, row_id: str, values: Mapping[str, Any]) -> bool:
        """Change columns of a row in place; say whether the row was there."""
        row = self._rows[table].get(row_id)
        if row is None:
            return False
        self._version += 1
        changed = row | dict(values) | {"versionnumber": self._version}
        indexed = (name for name, kind in self._rows[table].table.columns.items() if kind is Kind.GUID)
        if any(row.get(column) != changed.get(column) for column in indexed):
            self._rows[table].put(changed)
        else:
            # in place, so that a row keeps its position in an unsorted list as it does in Dataverse
            row.update(changed)
        self._tell(table, {self._rows[table].table.key: row_id, **values}, created=False)
        return True

    def _tell(self, table: str, given: Mapping[str, Any], *, created: bool) -> None:
        if self.heard is not None:
            rows = self._rows[table]
            row = rows.get(given[rows.table.key]) or {}
            self.heard(Written(rows.table, created, row, frozenset(given)))
