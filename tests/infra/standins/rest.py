"""`az rest`: the few addresses of Azure's API and of Dataverse that the scripts call."""

import json
import re
from typing import Any

from tests.infra.standins import nodes
from tests.infra.standins.world import Flags, Refused, World, changed, new_id

_CONTAINERS = r"Microsoft.Storage/storageAccounts/[^/]+/blobServices/default/containers/"
_TABLE = r"LogicalName eq '\w+'"
_ARM = r"/subscriptions/[^/]+/resourceGroups/(?P<group>[^/]+)/providers/"


def _secrets_of_vault(world: World, found: dict[str, str], _: object) -> object:
    return {"value": [{"name": name} for name in world["vaults"][found["name"]]]}


def _policy(world: World, found: dict[str, str], _: object) -> object:
    state = world["policies"].get(found["group"])
    if state is None:
        raise Refused("Not Found(ImmutabilityPolicyNotFound)")
    return {"etag": '"8d"', "properties": {"state": state, "immutabilityPeriodSinceCreationInDays": 365}}


def _put_key(world: World, found: dict[str, str], body: str) -> object:
    asked = json.loads(body)["properties"]
    nodes.need_host(world["sites"][found["name"]])
    world["sites"][found["name"]]["function_keys"][asked["name"]] = asked["value"]
    world["secrets"].append(asked["value"])
    changed(world, f"key of {found['name']}")


def _units(world: World, *_: object) -> object:
    return {"value": [{"businessunitid": world["dataverse"]["unit"]}]}


def _roles(world: World, found: dict[str, str], _: object) -> object:
    return {"value": [each for each in world["dataverse"]["roles"] if each["name"] == found["name"]]}


def _make_role(world: World, _: object, body: str) -> object:
    role = {"roleid": new_id(world), "name": json.loads(body)["name"], "privileges": {"default-of-dataverse": "Basic"}}
    world["dataverse"]["roles"].append(role)
    changed(world, "role")


def _definitions(world: World, found: dict[str, str], _: object) -> object:
    asked = re.findall(r"LogicalName eq '(\w+)'", found["tables"])
    return {"value": [_definition(table) for table in asked if table not in world["dataverse"]["missing_tables"]]}


def _definition(table: str) -> dict[str, Any]:
    # Tables that are activities share the privileges of all activities.
    stem = "activity" if table in ("msdyn_ocliveworkitem", "msdyn_ocsession") else table
    kinds = ("Create", "Read", "Write", "Delete")
    privileges = [{"PrivilegeType": kind, "PrivilegeId": f"prv{kind}-{stem}"} for kind in kinds]
    return {"LogicalName": table, "Privileges": privileges}


def _role(world: World, found: dict[str, str]) -> World:
    return next(each for each in world["dataverse"]["roles"] if each["roleid"] == found["id"])


def _privileges(world: World, found: dict[str, str], _: object) -> object:
    held = _role(world, found)["privileges"]
    return {"RolePrivileges": [{"PrivilegeId": each, "Depth": depth} for each, depth in held.items()]}


def _replace(world: World, found: dict[str, str], body: str) -> object:
    asked = json.loads(body)["Privileges"]
    _role(world, found)["privileges"] = {each["PrivilegeId"]: each["Depth"] for each in asked}
    changed(world, "privileges")


def _users(world: World, found: dict[str, str], _: object) -> object:
    users = world["dataverse"]["users"]
    return {
        "value": [
            {k: each[k] for k in ("systemuserid", "isdisabled")}
            for each in users
            if each["applicationid"] == found["client"]
        ]
    }


def _make_user(world: World, _: object, body: str) -> object:
    client = json.loads(body)["applicationid"]
    if any(each["applicationid"] == client for each in world["dataverse"]["users"]):
        raise Refused("Bad Request: a user with this application id exists")
    user = {"systemuserid": new_id(world), "applicationid": client, "isdisabled": False, "roles": []}
    world["dataverse"]["users"].append(user)
    changed(world, f"user of {client}")


def _user(world: World, found: dict[str, str]) -> World:
    return next(each for each in world["dataverse"]["users"] if each["systemuserid"] == found["id"])


def _enable(world: World, found: dict[str, str], body: str) -> object:
    _user(world, found)["isdisabled"] = json.loads(body)["isdisabled"]
    changed(world, "user enabled")


def _held(world: World, found: dict[str, str], _: object) -> object:
    return {"value": [{"roleid": each} for each in _user(world, found)["roles"]]}


def _assign(world: World, found: dict[str, str], body: str) -> object:
    role = re.search(r"roles\((.+)\)$", json.loads(body)["@odata.id"])[1]
    _user(world, found)["roles"].append(role)
    changed(world, "role of user")


_SITE = _ARM + r"Microsoft.Web/sites/(?P<name>[^/]+)"
_QUERY = r"\?\$select=LogicalName,Privileges&\$filter="
_ADDRESSES = [
    ("get", _ARM + r"Microsoft.KeyVault/vaults/(?P<name>[^/]+)/secrets\?api-version=2024-11-01", _secrets_of_vault),
    ("get", _ARM + _CONTAINERS + r"recordings/immutabilityPolicies/default\?api-version=2025-01-01", _policy),
    ("put", _SITE + r"/functions/ris/keys/webhook\?api-version=2024-04-01", _put_key),
    ("post", _SITE + r"/config/configreferences/appsettings/refresh\?api-version=2022-03-01", lambda *_: None),
    ("get", r"businessunits\?\$select=businessunitid&\$filter=_parentbusinessunitid_value eq null", _units),
    ("get", r"roles\?\$select=roleid&\$filter=name eq '(?P<name>.+)' and _businessunitid_value eq \S+", _roles),
    ("post", r"roles", _make_role),
    ("get", rf"EntityDefinitions{_QUERY}(?P<tables>{_TABLE}(?: or {_TABLE})*)", _definitions),
    ("get", r"RetrieveRolePrivilegesRole\(RoleId=(?P<id>.+)\)", _privileges),
    ("post", r"roles\((?P<id>.+)\)/Microsoft.Dynamics.CRM.ReplacePrivilegesRole", _replace),
    ("get", r"systemusers\?\$select=systemuserid,isdisabled&\$filter=applicationid eq (?P<client>\S+)", _users),
    ("post", r"systemusers", _make_user),
    ("patch", r"systemusers\((?P<id>.+)\)", _enable),
    ("get", r"systemusers\((?P<id>.+)\)/systemuserroles_association\?\$select=roleid", _held),
    ("post", r"systemusers\((?P<id>.+)\)/systemuserroles_association/\$ref", _assign),
]  # fmt: skip


def answer(world: World, flags: Flags) -> object:
    path, method = flags["--url"], flags["--method"]
    if path.startswith("https://"):
        root = f"{flags['--resource']}/api/data/v9.2/"
        if not path.startswith(root):
            raise Refused(f"{path} is not of the resource {flags['--resource']}")
        path = path.removeprefix(root)
    for asked, address, act in _ADDRESSES:
        if asked == method and (found := re.fullmatch(address, path)) is not None:
            return act(world, found.groupdict(), flags.get("--body"))
    raise Refused(f"Not Found: {method} {path}")


ANSWERS = {"rest": answer}
