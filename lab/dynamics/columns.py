"""What a table is made of: kinds of columns, lookups, collections. Nothing here knows a table."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What a column holds, spelled as the Web API spells it in its error messages."""

    GUID = "Edm.Guid"
    TEXT = "Edm.String"
    INTEGER = "Edm.Int32"
    BOOLEAN = "Edm.Boolean"
    TIME = "Edm.DateTimeOffset"
    FILE = "Edm.Binary"
    CHOICES = "Edm.Choices"
    """A multi-select choice: read as a comma-separated text, filtered with ContainValues."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """A single-valued navigation property and the column that carries its id."""

    column: str
    table: str


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection-valued navigation property: the rows of a table whose lookup column points here."""

    table: str
    column: str


@dataclass(frozen=True, slots=True)
class Table:
    """One table: how it is addressed, what it holds and what it is related to."""

    name: str
    set_name: str
    key: str
    title: str
    columns: Mapping[str, Kind]
    lookups: Mapping[str, Lookup] = field(default_factory=dict)
    collections: Mapping[str, Collection] = field(default_factory=dict)
    labels: Mapping[str, Mapping[int, str]] = field(default_factory=dict)
    """Display names of choice values, for the formatted-value annotation."""
    writable: bool = False
    """Whether the Web API takes new, changed and deleted rows."""
    secret: frozenset[str] = frozenset()
    """Columns that can be written and not be read."""

    def targets(self) -> dict[str, str]:
        """Return the table that every lookup column points at."""
        known = {lookup.column: lookup.table for lookup in self.lookups.values()}
        extra = {column: LOOKUP_TARGETS[column] for column in self.columns if column in LOOKUP_TARGETS}
        return extra | known


# Lookups without a navigation property of their own here: their names depend on the target table, and the
# documentation consulted does not give them.
LOOKUP_TARGETS = {
    "_ownerid_value": "systemuser",
    "_msdyn_activesessionparticipantid_value": "msdyn_sessionparticipant",
    "_msdyn_lastsessionid_value": "msdyn_ocsession",
    "_msdyn_queueid_value": "msdyn_omnichannelqueue",
    "_msdyn_liveworkstreamid_value": "msdyn_liveworkstream",
    "_msdyn_primarysession_value": "msdyn_ocsession",
    "_msdyn_recordingtarget_value": "msdyn_ocliveworkitem",
    "_msdyn_sourcelanguage_value": "msdyn_oclanguage",
}


def columns(**kinds: str) -> dict[str, Kind]:
    """Return column kinds from one space-separated list of names per kind."""
    return {name: Kind[kind.upper()] for kind, names in kinds.items() for name in names.split()}


PLATFORM = {"time": "createdon modifiedon", "integer": "versionnumber statecode statuscode"}
ACTIVE_STATES = {"statecode": {0: "Active", 1: "Inactive"}, "statuscode": {1: "Active", 2: "Inactive"}}
CHANNELS = {192440000: "Voice call", 192370000: "Voice", 192360000: "Live chat"}
