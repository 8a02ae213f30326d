"""Conditions on rows: what a parsed `$filter` is made of.

String comparison ignores case, and a missing value equals only null (Microsoft Learn, "Filter rows using OData").
"""

import operator
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from lab.dynamics.refusals import bad_query
from lab.dynamics.schema import Kind
from lab.dynamics.tables import Row

type Test = Callable[[Row], bool]
type Read = Callable[[Row], Any]

ORDERED = {"gt": operator.gt, "ge": operator.ge, "lt": operator.lt, "le": operator.le}
TEXT_MATCHES: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda text, part: part in text,
    "startswith": str.startswith,
    "endswith": str.endswith,
}
ONLY_EQUALITY = (Kind.GUID, Kind.BOOLEAN, Kind.FILE)


@dataclass(frozen=True, slots=True)
class Condition:
    """A test of rows. With a column, only rows whose column holds one of the values can pass."""

    test: Test
    column: str | None = None
    values: frozenset[Any] = frozenset()
    exact: bool = False
    """Whether having one of the values is the whole test."""


@dataclass(frozen=True, slots=True)
class Operand:
    """The left side of a comparison: how to read it, what it holds, and its column if that is indexed."""

    read: Read
    kind: Kind
    name: str
    indexed: str | None = None


def comparison(operand: Operand, comparator: str, value: Any) -> Condition:  # noqa: ANN401 - any literal
    """Return the condition `operand comparator value`."""
    read = operand.read
    if comparator in ORDERED:
        if value is None or operand.kind in ONLY_EQUALITY:
            raise bad_query(f"The operator '{comparator}' is not supported for '{operand.name}' and this value.")
        return Condition(_ordered(read, ORDERED[comparator], value))
    if comparator == "eq":
        if operand.indexed is not None and value is not None:
            return membership(operand, [value])
        return Condition(lambda row: read(row) == value)
    if comparator == "ne":
        return Condition(lambda row: read(row) != value)
    raise bad_query(f"The operator '{comparator}' is not supported.")


def _ordered(read: Read, compare: Callable[[Any, Any], bool], value: Any) -> Test:  # noqa: ANN401 - any literal
    def test(row: Row) -> bool:
        found = read(row)
        return found is not None and compare(found, value)

    return test


def membership(operand: Operand, values: Collection[Any]) -> Condition:
    """Return the condition that the operand is one of the values."""
    wanted, read = frozenset(values), operand.read
    return Condition(lambda row: read(row) in wanted, operand.indexed, wanted, exact=operand.indexed is not None)


def text_match(operand: Operand, function: str, part: str) -> Condition:
    """Return `contains`, `startswith` or `endswith` of a text column."""
    read, test = operand.read, TEXT_MATCHES[function]
    return Condition(lambda row: (found := read(row)) is not None and test(found, part.casefold()))


def contain_values(operand: Operand, values: Collection[str]) -> Condition:
    """Return the condition that a multi-select choice has at least one of the values."""
    wanted, read = frozenset(values), operand.read
    return Condition(lambda row: not wanted.isdisjoint((read(row) or "").split(",")))


def every(parts: list[Condition]) -> Condition:
    """Return the conjunction; it narrows by whichever part does."""
    if len(parts) == 1:
        return parts[0]
    tests = [part.test for part in parts]
    narrow = next((part for part in parts if part.column is not None), None)

    def test(row: Row) -> bool:
        return all(part(row) for part in tests)

    return Condition(test, narrow.column, narrow.values) if narrow else Condition(test)


def some(parts: list[Condition]) -> Condition:
    """Return the disjunction; a list of ids of one column becomes one look-up."""
    if len(parts) == 1:
        return parts[0]
    column = parts[0].column
    if column is not None and all(part.exact and part.column == column for part in parts):
        wanted = frozenset[Any]().union(*(part.values for part in parts))
        return Condition(lambda row: row.get(column) in wanted, column, wanted, exact=True)
    tests = [part.test for part in parts]
    return Condition(lambda row: any(part(row) for part in tests))


def negation(part: Condition) -> Condition:
    """Return the opposite."""
    test = part.test
    return Condition(lambda row: not test(row))
