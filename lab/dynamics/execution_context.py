"""The RemoteExecutionContext of a write, as Dataverse posts it to a webhook.

The members and their spelling follow Microsoft's own sample for a table of Omnichannel; the slashes are escaped there.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lab.dynamics.columns import Kind, Table
from lab.dynamics.roster import steady_id
from lab.dynamics.tables import Written

LARGEST_BODY = 256 * 1024
REMOVED_WHEN_LARGE = ("ParentContext", "InputParameters", "PreEntityImages", "PostEntityImages")
CONTRACTS = "http://schemas.microsoft.com/xrm/2011/Contracts"
CHOICES = frozenset(
    {
        "statecode",
        "statuscode",
        "msdyn_state",
        "msdyn_channel",
        "msdyn_closurereason",
        "msdyn_mode",
        "msdyn_consultmode",
        "msdyn_conversationaccess",
        "msdyn_eventtype",
        "msdyn_eventreason",
        "msdyn_statuschangereason",
    }
)
"""Whole numbers that are choices: they are wrapped."""
NOBODY = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, slots=True)
class Occasion:
    """What is said of a write besides its row."""

    organisation: str
    at: datetime
    operation_id: str
    correlation_id: str
    step_id: str
    image: tuple[str, frozenset[str] | None] | None = None
    """Alias and logical names of the post image; None for its names: all columns."""


def logical_name(column: str) -> str:
    """Return the name that a column has inside the platform: lookups are `_name_value` in the Web API only."""
    return column.removeprefix("_").removesuffix("_value") if column.startswith("_") else column


def body_of(written: Written, occasion: Occasion, *, cut: bool = False) -> tuple[bytes, bool]:
    """Return the body, and whether it was cut because it would be too large, or because that is wanted."""
    context = _context(written, occasion)
    body = _spelled(context)
    if len(body) <= LARGEST_BODY and not cut:
        return body, False
    return _spelled({name: value for name, value in context.items() if name not in REMOVED_WHEN_LARGE}), True


def _spelled(context: Mapping[str, Any]) -> bytes:
    return json.dumps(context, separators=(",", ":")).replace("/", "\\/").encode()


def _context(written: Written, occasion: Occasion) -> dict[str, Any]:
    table, row = written.table, written.row
    row_id, name = row[table.key], occasion.organisation
    changed = set(row) if written.created else set(written.columns) | {table.key, "modifiedon"}
    target = {
        "__type": f"Entity:{CONTRACTS}",
        **_entity(table, row_id, _attributes(table, row, changed), str(row["versionnumber"])),
    }
    user = steady_id(name, "systemuser", "omnichannel")
    return {
        "BusinessUnitId": steady_id(name, "businessunit", name),
        "CorrelationId": occasion.correlation_id,
        "Depth": 1,
        "InitiatingUserAgent": "Microsoft.CCaaS.AssignmentEngineVNext (DataverseSvcClient:1.1.0.11)",
        "InitiatingUserAzureActiveDirectoryObjectId": NOBODY,
        "InitiatingUserId": user,
        "InputParameters": [{"key": "Target", "value": target}],
        "IsExecutingOffline": False,
        "IsInTransaction": False,
        "IsOfflinePlayback": False,
        "IsolationMode": 1,
        "MessageName": "Create" if written.created else "Update",
        "Mode": 1,
        "OperationCreatedOn": f"/Date({_milliseconds(occasion.at)}+0000)/",
        "OperationId": occasion.operation_id,
        "OrganizationId": steady_id(name, "organization", name),
        "OrganizationName": f"unq{steady_id(name, 'organization', name).replace('-', '')[:29]}",
        "OutputParameters": [{"key": "id", "value": row_id}] if written.created else [],
        "OwningExtension": {
            "Id": occasion.step_id,
            "KeyAttributes": [],
            "LogicalName": "sdkmessageprocessingstep",
            "Name": None,
            "RowVersion": None,
        },
        "ParentContext": None,
        "PostEntityImages": [_image(table, row, occasion.image)],
        "PreEntityImages": [],
        "PrimaryEntityId": row_id,
        "PrimaryEntityName": table.name,
        "RequestId": occasion.correlation_id,
        "SecondaryEntityName": "none",
        "SharedVariables": [{"key": "IsAutoTransact", "value": True}],
        "Stage": 40,
        "UserAzureActiveDirectoryObjectId": NOBODY,
        "UserId": user,
    }


def _image(table: Table, row: Mapping[str, Any], image: tuple[str, frozenset[str] | None] | None) -> dict[str, Any]:
    if image is None:
        # asynchronous steps have this one without being asked
        names: Iterable[str] = {table.key, table.title}
        alias = "AsynchronousStepPrimaryName"
    else:
        alias, wanted = image
        names = [column for column in row if wanted is None or logical_name(column) in wanted] + [table.key]
    # an image has no columns that are empty
    shown = [pair for pair in _attributes(table, row, set(names)) if pair["value"] is not None]
    return {"key": alias, "value": _entity(table, row[table.key], shown, None)}


def _entity(table: Table, row_id: str, attributes: list[dict[str, Any]], version: str | None) -> dict[str, Any]:
    return {
        "Attributes": attributes,
        "EntityState": None,
        "FormattedValues": [],
        "Id": row_id,
        "KeyAttributes": [],
        "LogicalName": table.name,
        "RelatedEntities": [],
        "RowVersion": version,
    }


def _attributes(table: Table, row: Mapping[str, Any], columns: set[str]) -> list[dict[str, Any]]:
    targets = table.targets()
    return [
        {"key": logical_name(column), "value": _value(table.columns.get(column), column, row[column], targets)}
        for column in sorted(columns)
        if column in row and column != "versionnumber"
    ]


def _value(kind: Kind | None, column: str, value: Any, targets: Mapping[str, str]) -> Any:  # noqa: ANN401 - JSON
    if value is None:
        return None
    if column in targets or column.startswith("_"):
        return {
            "__type": f"EntityReference:{CONTRACTS}",
            "Id": value,
            "KeyAttributes": [],
            "LogicalName": targets.get(column),
            "Name": None,
            "RowVersion": None,
        }
    if kind is Kind.TIME:
        return f"/Date({_milliseconds(datetime.fromisoformat(value))})/"
    if kind is Kind.CHOICES:
        return [{"__type": f"OptionSetValue:{CONTRACTS}", "Value": int(code)} for code in str(value).split(",")]
    if column in CHOICES:
        return {"__type": f"OptionSetValue:{CONTRACTS}", "Value": value}
    return value


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
