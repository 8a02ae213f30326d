"""New, changed and deleted rows by the Web API, for the tables that take them.

Microsoft Learn, "Create a table row using the Web API" and its neighbours.
"""

import ipaddress
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from starlette.responses import Response

from lab.dynamics.columns import Kind, Table
from lab.dynamics.organisation import Organisation, whole_seconds
from lab.dynamics.refusals import BAD_ARGUMENT, UNEXPECTED, Refusal, bad_query, no_such_property, no_such_row
from lab.dynamics.schema import SETS, TABLES
from lab.dynamics.tables import Row

KEYED = re.compile(r"(\w+)(?:\(([0-9a-fA-F-]{36})\))?")
BOUND = re.compile(r"/?(\w+)\(([0-9a-fA-F-]{36})\)")
BIND = "@odata.bind"
WEBHOOK_CONTRACT, WEBHOOK_AUTHENTICATION = 8, (4, 5, 6)
CHILDREN = {
    "sdkmessageprocessingstep": ("sdkmessageprocessingstepimage", "_sdkmessageprocessingstepid_value"),
}
ENABLED: Row = {"statecode": 0, "statuscode": 1}
DEFAULTS: dict[str, Row] = {
    "sdkmessageprocessingstep": {**ENABLED, "asyncautodelete": False, "filteringattributes": None, "rank": 1},
    "serviceendpoint": {"description": None},
    "sdkmessageprocessingstepimage": {"attributes": None},
    "msdyn_sessionevent": ENABLED,
    "msdyn_ocsessionparticipantevent": ENABLED,
}


def write(organisation: Organisation, method: str, path: str, body: bytes, root: str) -> Response:
    """Carry out one write, or refuse it; the caller holds the lock."""
    match = KEYED.fullmatch(path)
    table = SETS.get(match.group(1)) if match else None
    if match is None or table is None:
        raise bad_query(f"Resource not found for the segment '{path}'.")
    key = match.group(2)
    if not table.writable or method not in (("PATCH", "DELETE") if key else ("POST",)):
        raise Refusal(405, UNEXPECTED, f"The method {method} is not supported here.")
    if key is None:
        made = _insert(organisation, table, _document(body))
        return Response(
            status_code=204, headers={"OData-Version": "4.0", "OData-EntityId": f"{root}/{table.set_name}({made})"}
        )
    before = organisation.tables[table.name].get(key.lower())
    if before is None:
        raise no_such_row(table.name, key)
    if method == "DELETE":
        _delete(organisation, table, key.lower())
    else:
        values = _values(organisation, table, _document(body))
        _check(organisation, table, before | values)
        organisation.tables.change(
            table.name, key.lower(), {**values, "modifiedon": whole_seconds(organisation.clock())}
        )
    return Response(status_code=204, headers={"OData-Version": "4.0"})


def _insert(organisation: Organisation, table: Table, document: Mapping[str, Any]) -> str:
    now = whole_seconds(organisation.clock())
    row = {table.key: organisation.new_id(), "createdon": now, "modifiedon": now, **DEFAULTS.get(table.name, {})}
    row |= _values(organisation, table, document)
    _check(organisation, table, row)
    organisation.tables.write(table.name, row)
    return str(row[table.key])


def _delete(organisation: Organisation, table: Table, key: str) -> None:
    if table.name == "serviceendpoint" and any(
        organisation.tables["sdkmessageprocessingstep"].having("_eventhandler_value", [key])
    ):
        raise Refusal(
            400, "0x8004f01f", "The component cannot be deleted because it is referenced by other components."
        )
    if table.name in CHILDREN:
        child, column = CHILDREN[table.name]
        for row in list(organisation.tables[child].having(column, [key])):
            organisation.tables[child].remove(row[TABLES[child].key])
    organisation.tables[table.name].remove(key)


def _document(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise Refusal(400, "0x80048d19", "Error identified in Payload provided by the user for Entity.")
    return document


def _values(organisation: Organisation, table: Table, document: Mapping[str, Any]) -> Row:
    values: Row = {}
    for name, value in document.items():
        if name.startswith("@"):
            continue
        if name.endswith(BIND):
            column, found = _bound(organisation, table, name.removesuffix(BIND), value)
            values[column] = found
        elif name not in table.columns or name.startswith("_"):
            raise no_such_property(name, table.name)
        else:
            values[name] = _typed(table.columns[name], name, value)
    return values


def _bound(organisation: Organisation, table: Table, navigation: str, value: object) -> tuple[str, str]:
    lookup = table.lookups.get(navigation)
    if lookup is None:
        raise no_such_property(navigation, table.name)
    match = BOUND.fullmatch(value.rpartition("/api/data/v9.2")[2]) if isinstance(value, str) else None
    if match is None or match.group(1) != TABLES[lookup.table].set_name:
        raise bad_query(f"'{navigation}' takes the address of a row of '{TABLES[lookup.table].set_name}'.")
    key = match.group(2).lower()
    if organisation.tables[lookup.table].get(key) is None:
        raise no_such_row(lookup.table, key)
    return lookup.column, key


def _typed(kind: Kind, name: str, value: object) -> object:
    expected: dict[Kind, type | tuple[type, ...]] = {
        Kind.INTEGER: (int, float) if name.endswith("duration") else int,
        Kind.BOOLEAN: bool,
    }
    if value is not None and (
        not isinstance(value, expected.get(kind, str)) or (isinstance(value, bool) and kind is not Kind.BOOLEAN)
    ):
        raise bad_query(f"Cannot convert the value of '{name}' to the expected type '{kind}'.")
    return value.lower() if kind is Kind.GUID and isinstance(value, str) else value


def _check(organisation: Organisation, table: Table, row: Row) -> None:
    if table.name == "serviceendpoint":
        _check_endpoint(row)
    elif table.name == "sdkmessageprocessingstep":
        _required(row, "_sdkmessageid_value", "_eventhandler_value", "stage", "mode")
        found = organisation.tables["sdkmessagefilter"].get(row.get("_sdkmessagefilterid_value"))
        if found is not None and found["_sdkmessageid_value"] != row["_sdkmessageid_value"]:
            raise Refusal(400, BAD_ARGUMENT, "The message and the message filter do not belong together.")
        if row["stage"] != 40 or row["mode"] not in (0, 1):
            raise Refusal(400, BAD_ARGUMENT, "A webhook step is registered after the operation (stage 40).")
    elif table.name == "sdkmessageprocessingstepimage":
        _required(row, "_sdkmessageprocessingstepid_value", "entityalias", "imagetype", "messagepropertyname")


def _check_endpoint(row: Row) -> None:
    _required(row, "name", "url", "contract", "authtype", "authvalue")
    if row["contract"] != WEBHOOK_CONTRACT or row["authtype"] not in WEBHOOK_AUTHENTICATION:
        raise Refusal(400, BAD_ARGUMENT, "Only webhooks with WebhookKey, HttpHeader or HttpQueryString are simulated.")
    try:
        parts = urlsplit(row["url"])
        allowed = parts.scheme == "https" and parts.port in (None, 443)
    except ValueError:
        raise Refusal(400, BAD_ARGUMENT, "The endpoint address is not valid.") from None
    # the one thing that the real service would refuse: a lab has neither certificates nor port 443
    if not allowed and not (parts.scheme in ("http", "https") and _is_loopback(parts.hostname)):
        raise Refusal(400, BAD_ARGUMENT, "The endpoint address must be https:// on port 443.")


def _is_loopback(host: str | None) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def _required(row: Row, *columns: str) -> None:
    for column in columns:
        if row.get(column) in (None, ""):
            raise Refusal(400, BAD_ARGUMENT, f"'{column}' is required.")
