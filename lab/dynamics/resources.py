"""What the Web API can be asked for: lists, rows, related rows, file addresses and file contents."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from starlette.responses import JSONResponse, Response

from lab.dynamics.downloads import file_response
from lab.dynamics.faults import FaultKind
from lab.dynamics.organisation import Organisation
from lab.dynamics.paging import next_link, page_number, page_size, preferences
from lab.dynamics.queries import EXPAND_OPTIONS, LARGEST_PAGE, ROW_OPTIONS, Query, QueryParser
from lab.dynamics.refusals import BAD_ARGUMENT, Refusal, bad_query, no_such_property, no_such_row
from lab.dynamics.representation import Representation, wanted_annotations
from lab.dynamics.roster import steady_id
from lab.dynamics.schema import RECORDING, SETS, Kind, Table
from lab.dynamics.tables import Row

KEYED = re.compile(r"(\w+)\(([^()]*)\)(?:/(\w+)(/\$value)?)?")
SAS_CALL = re.compile(
    r"GetFileSasUrl\(Target=(@\w+|\{[^}]*\}),\s*FileAttributeName=(@\w+|'\w*')(?:,\s*DataSource=(@\w+|'\w*'))?\)"
)
SAS_TARGET = re.compile(r"""\{\s*['"]@odata\.id['"]\s*:\s*['"]/?(\w+)\(([0-9a-fA-F-]{36})\)['"]\s*\}""")
GUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")


@dataclass(frozen=True, slots=True)
class Ask:
    """One authenticated request, as far as the resources care."""

    client_id: str
    root: str
    files_root: str
    path: str
    options: Mapping[str, str]
    prefer: str | None
    range_header: str | None


@dataclass(frozen=True, slots=True)
class Resource:
    """What is asked for, by its kind for the statistics, and the way to answer it."""

    kind: str
    answer: Callable[[Organisation, Ask], Response]


def resource(path: str) -> Resource:
    """Return the resource of a path below the Web API's root; the kind is known before anything is refused."""
    if path in {"WhoAmI", "WhoAmI()"}:
        return Resource("WhoAmI", _who_am_i)
    if path.startswith("GetFileSasUrl"):
        return Resource("GetFileSasUrl", _file_address)
    match = KEYED.fullmatch(path)
    if match is None:
        return Resource(path, lambda organisation, ask: _list(organisation, ask, _table(path)))
    set_name, key, member, value = match.groups()
    if value:
        return Resource("value", lambda organisation, ask: _value(organisation, ask, _table(set_name), key, member))
    if member:
        return Resource(
            f"{set_name}/{member}",
            lambda organisation, ask: _related(organisation, ask, _table(set_name), key, member),
        )
    return Resource(f"{set_name}()", lambda organisation, ask: _row(organisation, ask, _table(set_name), key))


def _table(set_name: str) -> Table:
    if set_name not in SETS:
        raise bad_query(f"Resource not found for the segment '{set_name}'.")
    return SETS[set_name]


def _json(body: Mapping[str, Any], applied: Mapping[str, str] | None = None) -> Response:
    preferred = ",".join(
        f'{name}="{value}"' if "," in value or "*" in value else f"{name}={value}"
        for name, value in (applied or {}).items()
    )
    headers = {"OData-Version": "4.0"} | ({"Preference-Applied": preferred} if preferred else {})
    return JSONResponse(body, headers=headers, media_type="application/json; odata.metadata=minimal")


def _parser(organisation: Organisation) -> QueryParser:
    return QueryParser(organisation.tables, organisation.options.lookups_in_membership)


def _preferred(organisation: Organisation, ask: Ask) -> tuple[Representation, dict[str, str], int | None]:
    wished = preferences(ask.prefer)
    size = page_size(wished.get("odata.maxpagesize"))
    annotations = wished.get("odata.include-annotations")
    applied = {} if size is None else {"odata.maxpagesize": str(size)}
    if annotations is not None:
        applied["odata.include-annotations"] = annotations
    return Representation(organisation.tables, ask.root, wanted_annotations(annotations)), applied, size


def _list(organisation: Organisation, ask: Ask, table: Table) -> Response:
    query = _parser(organisation).parse(table, ask.options)
    representation, applied, size = _preferred(organisation, ask)
    rows = query.rows(organisation.tables)
    body: dict[str, Any] = {"@odata.context": representation.context(query)}
    if query.count:
        body["@odata.count"] = min(len(rows), LARGEST_PAGE)
    if query.top is not None and size is None:
        rows = rows[: query.top]
    page, length = page_number(ask.options.get("$skiptoken")), size or LARGEST_PAGE
    shown = rows[(page - 1) * length : page * length]
    body["value"] = [representation.row(row, query) for row in shown]
    if page * length < len(rows):
        body["@odata.nextLink"] = next_link(f"{ask.root}/{table.set_name}", ask.options, page)
    return _json(body, applied)


def _found(organisation: Organisation, table: Table, key: str) -> Row:
    if not GUID.fullmatch(key):
        raise bad_query(f"'{key}' is no key of '{table.name}'.")
    row = organisation.tables[table.name].get(key.lower())
    if row is None:
        raise no_such_row(table.name, key)
    return row


def _row(organisation: Organisation, ask: Ask, table: Table, key: str) -> Response:
    query = _parser(organisation).parse(table, ask.options, ROW_OPTIONS)
    row = _found(organisation, table, key)
    representation, applied, _ = _preferred(organisation, ask)
    shown = {"@odata.context": representation.context(query, single=True)} | representation.row(row, query)
    return _json(shown, applied)


def _related(organisation: Organisation, ask: Ask, table: Table, key: str, member: str) -> Response:
    collection = table.collections.get(member)
    if collection is None:
        raise no_such_property(member, table.name)
    row = _found(organisation, table, key)
    rows = organisation.tables[collection.table]
    query: Query = _parser(organisation).parse(rows.table, ask.options, EXPAND_OPTIONS)
    representation, applied, _ = _preferred(organisation, ask)
    found = query.arrange(rows.having(collection.column, [row[table.key]]))[: query.top]
    body = {
        "@odata.context": representation.context(query),
        "value": [representation.row(related, query) for related in found],
    }
    return _json(body, applied)


def _who_am_i(organisation: Organisation, ask: Ask) -> Response:
    name = organisation.options.name
    return _json(
        {
            "@odata.context": f"{ask.root}/$metadata#Microsoft.Dynamics.CRM.WhoAmIResponse",
            "BusinessUnitId": steady_id(name, "businessunit", name),
            "UserId": steady_id(name, "applicationuser", ask.client_id),
            "OrganizationId": steady_id(name, "organization", name),
        }
    )


def _file_address(organisation: Organisation, ask: Ask) -> Response:
    match = SAS_CALL.fullmatch(ask.path)
    if match is None:
        raise bad_query("GetFileSasUrl takes Target, FileAttributeName and, if need be, DataSource.")
    # an alias stands for what the query string gives it; what is used by no parameter is refused
    used = {text for text in match.groups() if text and text.startswith("@")}
    if used != set(ask.options):
        raise bad_query("The parameter aliases and the query options do not match.")
    target, attribute, _ = (ask.options.get(text, text) if text else "" for text in match.groups())
    pointed = SAS_TARGET.fullmatch(target)
    if pointed is None or _table(pointed.group(1)) is not RECORDING:
        raise bad_query(f"'{target}' does not point at a row with files.")
    column = attribute.strip("'")
    if RECORDING.columns.get(column) is not Kind.FILE:
        raise no_such_property(column, RECORDING.name)
    recording = _found(organisation, RECORDING, pointed.group(2))
    file = organisation.file_of(recording, column)
    if organisation.faults.strike(FaultKind.NO_SAS, client_id=ask.client_id, operation="GetFileSasUrl"):
        raise Refusal(400, BAD_ARGUMENT, "GetFileSasUrl is not supported for environments with customer-managed keys.")
    if file is None:
        message = f"No file attachment found for attribute: {column} EntityId: {recording[RECORDING.key]}."
        raise Refusal(400, BAD_ARGUMENT, message)
    expired = organisation.faults.strike(FaultKind.EXPIRED_URL, client_id=ask.client_id, operation="GetFileSasUrl")
    seconds = -60 if expired else organisation.options.sas_seconds
    signed = organisation.signatures.query(file.file_id, ask.client_id, organisation.clock(), seconds)
    return _json(
        {
            "@odata.context": f"{ask.root}/$metadata#Microsoft.Dynamics.CRM.GetFileSasUrlResponse",
            "Result": {
                "FileName": file.name,
                "FileSizeInBytes": file.size,
                "MimeType": file.media_type,
                "SasUrl": f"{ask.files_root}/files/{file.file_id}?{signed}",
            },
        }
    )


def _value(organisation: Organisation, ask: Ask, table: Table, key: str, column: str) -> Response:
    if table.columns.get(column) is not Kind.FILE:
        raise no_such_property(column, table.name)
    row = _found(organisation, table, key)
    file = organisation.file_of(row, column)
    if file is None:
        if organisation.options.empty_file_status == 204:
            return Response(status_code=204)
        message = f"No file attachment found for attribute: {column} EntityId: {key}."
        raise Refusal(404, BAD_ARGUMENT, message)
    headers = {
        "x-ms-file-size": str(file.size),
        "x-ms-file-name": quote(file.name, safe=" .,;()&#'"),
        "mimetype": file.media_type,
        "Access-Control-Expose-Headers": "x-ms-file-size, x-ms-file-name, mimetype",
    }
    return file_response(
        organisation,
        file,
        ask.range_header,
        headers,
        client_id=ask.client_id,
        media_type="application/octet-stream",
    )
