"""The RemoteExecutionContext that Dataverse posts for a change of a row: parsed, and reduced to what it says of rows.

Microsoft Learn, "Use webhooks to create external handlers for server events". Knows no table.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from capture.errors import Malformed
from capture.omnichannel.contract_values import guid, mapping, moment

SIZE_EXCEEDED = "x-ms-dynamics-msg-size-exceeded"
MOST_ROWS = 1000
"""Dataverse's own limit of rows in one CreateMultiple or UpdateMultiple."""

_MESSAGES = {"Create": "Create", "Update": "Update", "CreateMultiple": "Create", "UpdateMultiple": "Update"}


@dataclass(frozen=True, slots=True)
class RowChange:
    """What a payload says of one row. `values` are its columns: those that changed, the rest from the image."""

    table: str
    id: str
    created: bool
    happened_at: datetime
    event_id: str
    values: Mapping[str, Any] = field(default_factory=dict)
    cut: bool = False
    """Dataverse took the columns out, because the payload was larger than 256 KB."""


@dataclass(frozen=True, slots=True)
class Execution:
    """One parsed payload."""

    message: str
    table: str
    context: Mapping[str, Any]
    cut: bool

    @property
    def is_of_rows(self) -> bool:
        """Whether it tells of rows that were created or updated."""
        return self.message in _MESSAGES

    def changes(self, key: str, received_at: datetime) -> Iterator[RowChange]:
        """Yield what it says of each row; `key` is the column of the table's primary key."""
        context = self.context
        happened_at = moment(context, "OperationCreatedOn") or received_at
        inputs = mapping(context.get("InputParameters"))
        targets = _entities(inputs.get("Targets")) if "Targets" in inputs else _entities(inputs.get("Target"))
        cut = self.cut or not targets
        single = len(targets) <= 1
        image = _image(context.get("PostEntityImages")) if single else {}
        for target in targets or [{}]:
            values = mapping(target.get("Attributes"))
            row_id = guid(target, "Id") or guid(values, key) or (guid(context, "PrimaryEntityId") if single else None)
            if row_id is None:
                continue
            version = _version(target, values)
            yield RowChange(
                self.table,
                row_id,
                _MESSAGES[self.message] == "Create",
                happened_at,
                _event_id(context, self.message, row_id, version, single=single),
                image | values,
                cut,
            )


def execution(body: bytes, headers: Mapping[str, str]) -> Execution:
    """Parse a payload; Malformed says why it is no RemoteExecutionContext, without repeating any of it."""
    try:
        context = json.loads(body.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise Malformed("not a RemoteExecutionContext: not UTF-8") from None
    except RecursionError:
        raise Malformed("not a RemoteExecutionContext: nested too deeply") from None
    except ValueError:  # also of a number with thousands of digits
        raise Malformed("not a RemoteExecutionContext: not JSON") from None
    if not isinstance(context, dict):
        raise Malformed("not a RemoteExecutionContext: not an object")
    for name in ("MessageName", "PrimaryEntityName"):
        if not isinstance(context.get(name), str):
            raise Malformed(f"not a RemoteExecutionContext: no {name}")
    cut = any(name.lower() == SIZE_EXCEEDED for name in headers)
    return Execution(context["MessageName"], context["PrimaryEntityName"].lower(), context, cut)


def _entities(value: object) -> list[dict[str, Any]]:
    """Read one entity, a list of them or an EntityCollection."""
    if isinstance(value, dict):
        value = value["Entities"] if isinstance(value.get("Entities"), list) else [value]
    return [each for each in value if isinstance(each, dict)][:MOST_ROWS] if isinstance(value, list) else []


def _image(images: object) -> dict[str, Any]:
    """Join the columns of all images: whatever they are called, each shows the row after the change."""
    joined: dict[str, Any] = {}
    for image in mapping(images).values():
        if isinstance(image, dict):
            joined |= mapping(image.get("Attributes"))
    return joined


def _version(target: Mapping[str, Any], values: Mapping[str, Any]) -> str:
    version = target.get("RowVersion")
    if isinstance(version, str) and version.isascii() and version.isdecimal() and len(version) <= 20:
        return version
    modified = moment(values, "modifiedon")
    return modified.isoformat() if modified is not None else "unknown"


def _event_id(context: Mapping[str, Any], message: str, row_id: str, version: str, *, single: bool) -> str:
    operation, step = guid(context, "OperationId"), guid(_object(context.get("OwningExtension")), "Id")
    if operation is None or step is None:
        return f"{row_id}:{version}:{message}"
    return f"{operation}:{step}" if single else f"{operation}:{step}:{row_id}"


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
