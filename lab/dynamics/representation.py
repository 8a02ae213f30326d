"""How rows look on the wire: selected columns, ETag, annotations and expanded relations."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

from lab.dynamics.queries import Expand, Query
from lab.dynamics.schema import TABLES, Kind, Table
from lab.dynamics.tables import Row, Tables

FORMATTED = "OData.Community.Display.V1.FormattedValue"
LOOKUP_TABLE = "Microsoft.Dynamics.CRM.lookuplogicalname"
LOOKUP_NAVIGATION = "Microsoft.Dynamics.CRM.associatednavigationproperty"
ANNOTATIONS = (FORMATTED, LOOKUP_TABLE, LOOKUP_NAVIGATION)


def wanted_annotations(preference: str | None) -> frozenset[str]:
    """Return the annotations that an `odata.include-annotations` preference asks for."""
    patterns = [pattern.strip() for pattern in (preference or "").split(",")]
    return frozenset(name for name in ANNOTATIONS if any(fnmatchcase(name, pattern) for pattern in patterns))


@dataclass(frozen=True, slots=True)
class Representation:
    """Writes rows as the JSON of the Web API."""

    tables: Tables
    root: str
    """Address of the Web API, such as `https://host/api/data/v9.2`."""
    annotations: Collection[str] = field(default=())

    def context(self, query: Query, *, single: bool = False) -> str:
        """Return the `@odata.context` of an answer."""
        columns = f"({','.join(query.select)})" if query.select else ""
        return f"{self.root}/$metadata#{query.table.set_name}{columns}" + ("/$entity" if single else "")

    def row(self, row: Row, query: Query) -> dict[str, Any]:
        """Return one row with its expanded relations."""
        table = query.table
        columns: Iterable[str] = table.columns
        if query.select is not None:
            # the primary key comes along, asked for or not
            columns = dict.fromkeys((*query.select, table.key))
        shown: dict[str, Any] = {"@odata.etag": f'W/"{row["versionnumber"]}"'}
        for column in columns:
            if column in row and column not in table.secret:
                shown[column] = row[column]
                if self.annotations:
                    self._annotate(shown, table, column, row[column])
        for expand in query.expands:
            self._expand(shown, row, query, expand)
        return shown

    def _expand(self, shown: dict[str, Any], row: Row, query: Query, expand: Expand) -> None:
        rows = self.tables[expand.query.table.name]
        if expand.single:
            related = rows.get(row.get(expand.column))
            shown[expand.name] = None if related is None else self.row(related, expand.query)
            return
        key = row[query.table.key]
        found = expand.query.arrange(rows.having(expand.column, [key]))[: expand.query.top]
        shown[expand.name] = [self.row(related, expand.query) for related in found]
        # Every expanded collection carries a next link, paged or not (Microsoft Learn, "Join tables using OData").
        inner = expand.source.replace(";", "&")
        shown[f"{expand.name}@odata.nextLink"] = f"{self.root}/{query.table.set_name}({key})/{expand.name}?{inner}"

    def _annotate(self, shown: dict[str, Any], table: Table, column: str, value: Any) -> None:  # noqa: ANN401
        if value is None:
            return
        if FORMATTED in self.annotations and (text := self._formatted(table, column, value)) is not None:
            shown[f"{column}@{FORMATTED}"] = text
        target = table.targets().get(column)
        if target is None:
            return
        if LOOKUP_TABLE in self.annotations:
            shown[f"{column}@{LOOKUP_TABLE}"] = target
        navigation = next((name for name, lookup in table.lookups.items() if lookup.column == column), None)
        if LOOKUP_NAVIGATION in self.annotations and navigation is not None:
            shown[f"{column}@{LOOKUP_NAVIGATION}"] = navigation

    def _formatted(self, table: Table, column: str, value: Any) -> str | None:  # noqa: ANN401
        target = table.targets().get(column)
        if target is not None:
            related = self.tables[target].get(value) if target in TABLES else None
            return related.get(TABLES[target].title) if related else None
        if column in table.labels:
            labels = table.labels[column]
            return "; ".join(labels.get(int(code), code) for code in str(value).split(","))
        match table.columns[column]:
            case Kind.TIME:
                return f"{datetime.fromisoformat(value):%-m/%-d/%Y %-I:%M %p}"
            case Kind.BOOLEAN:
                return "Yes" if value else "No"
            case Kind.INTEGER:
                return f"{value:,}"
        return None
