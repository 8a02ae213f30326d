"""What Dataverse posts of one agent's session, for the load of the bench: called, accepted, closed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import NAMESPACE_DNS, uuid4, uuid5

VOICE = 192440000
_CONTRACTS = "http://schemas.microsoft.com/xrm/2011/Contracts"
_TABLE = "msdyn_ocsession"


class Moment(StrEnum):
    """What an event tells of a session, by the name that the time has in the `sessions` table."""

    CALLED = "assigned_on"
    ACCEPTED = "accepted_on"
    CLOSED = "closed_on"


_COLUMNS = {
    Moment.CALLED: "msdyn_agentassignedon",
    Moment.ACCEPTED: "msdyn_agentacceptedon",
    Moment.CLOSED: "msdyn_sessionclosedon",
}


@dataclass(frozen=True, slots=True)
class Call:
    """One agent's session of one conversation."""

    session_id: str
    conversation_id: str
    agent_id: str

    @classmethod
    def of(cls, agent_id: str) -> "Call":
        """Make a new call for an agent."""
        return cls(str(uuid4()), str(uuid4()), agent_id)


def payload(call: Call, moment: Moment, at: datetime) -> bytes:
    """Write the body of one webhook, as an update with the post image that the product registers."""
    created = moment is Moment.CALLED
    changed: dict[str, Any] = {"activityid": call.session_id, _COLUMNS[moment]: _date(at), "modifiedon": _date(at)}
    stable: dict[str, Any] = {
        "ownerid": _reference("systemuser", call.agent_id),
        "msdyn_liveworkitemid": _reference("msdyn_ocliveworkitem", call.conversation_id),
        "msdyn_channel": {"__type": f"OptionSetValue:{_CONTRACTS}", "Value": VOICE},
    }
    if created:
        changed |= {**stable, "createdon": _date(at), "msdyn_sessioncreatedon": _date(at)}
    nobody = "00000000-0000-0000-0000-000000000000"
    document = {
        "BusinessUnitId": nobody,
        "CorrelationId": str(uuid4()),
        "Depth": 1,
        "InitiatingUserAgent": "Microsoft.CCaaS.AssignmentEngineVNext (DataverseSvcClient:1.1.0.11)",
        "InitiatingUserAzureActiveDirectoryObjectId": nobody,
        "InitiatingUserId": call.agent_id,
        "InputParameters": [{"key": "Target", "value": _entity(call.session_id, changed)}],
        "IsExecutingOffline": False,
        "IsInTransaction": False,
        "IsOfflinePlayback": False,
        "IsolationMode": 1,
        "MessageName": "Create" if created else "Update",
        "Mode": 1,
        "OperationCreatedOn": _date(at, "+0000"),
        "OperationId": str(uuid4()),
        "OrganizationId": nobody,
        "OrganizationName": "unqbench",
        "OutputParameters": [],
        "OwningExtension": {
            "Id": str(uuid5(NAMESPACE_DNS, f"{moment}.step.example")),
            "KeyAttributes": [],
            "LogicalName": "sdkmessageprocessingstep",
            "Name": None,
            "RowVersion": None,
        },
        "ParentContext": None,
        "PostEntityImages": [{"key": "PostImage", "value": _entity(call.session_id, stable | changed)}],
        "PreEntityImages": [],
        "PrimaryEntityId": call.session_id,
        "PrimaryEntityName": _TABLE,
        "RequestId": str(uuid4()),
        "SecondaryEntityName": "none",
        "SharedVariables": [{"key": "IsAutoTransact", "value": True}],
        "Stage": 40,
        "UserAzureActiveDirectoryObjectId": nobody,
        "UserId": call.agent_id,
    }
    return json.dumps(document, separators=(",", ":")).replace("/", "\\/").encode()


def headers(moment: Moment) -> dict[str, str]:
    """Headers that Dataverse sends with it."""
    return {
        "content-type": "application/json",
        "x-ms-dynamics-organization": "contoso.crm4.dynamics.com",
        "x-ms-dynamics-entity-name": _TABLE,
        "x-ms-dynamics-request-name": "Create" if moment is Moment.CALLED else "Update",
        "x-ms-correlation-request-id": str(uuid4()),
    }


def _entity(session_id: str, attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "__type": f"Entity:{_CONTRACTS}",
        "Attributes": [{"key": key, "value": value} for key, value in attributes.items()],
        "EntityState": None,
        "FormattedValues": [],
        "Id": session_id,
        "KeyAttributes": [],
        "LogicalName": _TABLE,
        "RelatedEntities": [],
        "RowVersion": "5948260",
    }


def _reference(table: str, row: str) -> dict[str, Any]:
    return {
        "__type": f"EntityReference:{_CONTRACTS}",
        "Id": row,
        "KeyAttributes": [],
        "LogicalName": table,
        "Name": None,
        "RowVersion": None,
    }


def _date(at: datetime, zone: str = "") -> str:
    return f"/Date({int(at.astimezone(UTC).timestamp() * 1000)}{zone})/"
