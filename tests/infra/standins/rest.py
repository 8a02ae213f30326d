"""`az rest`: the few addresses of Azure's API and of Dataverse that the scripts call."""

import json
import re

from world import Refused, changed, new_id

_ARM = r"/subscriptions/[^/]+/resourceGroups/(?P<group>[^/]+)/providers/"


def _secrets_of_vault(world, found, _):
    return {"value": [{"name": name} for name in world["vaults"][found["name"]]]}


def _policy(world, found, _):
    state = world["policies"].get(found["group"])
    if state is None:
        raise Refused("Not Found(ImmutabilityPolicyNotFound)")
    return {"properties": {"state": state, "immutabilityPeriodSinceCreationInDays": 365}}


def _put_key(world, found, body):
    asked = json.loads(body)["properties"]
    world["sites"][found["name"]]["function_keys"][asked["name"]] = asked["value"]
    world["secrets"].append(asked["value"])
    changed(world, f"key of {found['name']}")


def _units(world, *_):
    return {"value": [{"businessunitid": world["dataverse"]["unit"]}]}


def _roles(world, found, _):
    return {"value": [each for each in world["dataverse"]["roles"] if each["name"] == found["name"]]}


def _make_role(world, _, body):
    role = {"roleid": new_id(world), "name": json.loads(body)["name"], "privileges": {"default-of-dataverse": "Basic"}}
    world["dataverse"]["roles"].append(role)
    changed(world, "role")


def _definition(world, found, _):
    if found["table"] in world["dataverse"]["missing_tables"]:
        raise Refused("Not Found: Could not find an entity with specified entity logical name")
    # Tables that are activities share the privileges of all activities.
    activity = found["table"] in ("msdyn_ocliveworkitem", "msdyn_ocsession")
    stem = "activity" if activity else found["table"]
    kinds = ("Create", "Read", "Write", "Delete")
    return {"Privileges": [{"PrivilegeType": kind, "PrivilegeId": f"prv{kind}-{stem}"} for kind in kinds]}


def _role(world, found):
    return next(each for each in world["dataverse"]["roles"] if each["roleid"] == found["id"])


def _privileges(world, found, _):
    held = _role(world, found)["privileges"]
    return {"RolePrivileges": [{"PrivilegeId": each, "Depth": depth} for each, depth in held.items()]}


def _replace(world, found, body):
    asked = json.loads(body)["Privileges"]
    _role(world, found)["privileges"] = {each["PrivilegeId"]: each["Depth"] for each in asked}
    changed(world, "privileges")


def _users(world, found, _):
    users = world["dataverse"]["users"]
    return {"value": [{k: each[k] for k in ("systemuserid", "isdisabled")} for each in users if each["applicationid"] == found["client"]]}


def _make_user(world, _, body):
    client = json.loads(body)["applicationid"]
    if any(each["applicationid"] == client for each in world["dataverse"]["users"]):
        raise Refused("Bad Request: a user with this application id exists")
    user = {"systemuserid": new_id(world), "applicationid": client, "isdisabled": False, "roles": []}
    world["dataverse"]["users"].append(user)
    changed(world, f"user of {client}")


def _user(world, found):
    return next(each for each in world["dataverse"]["users"] if each["systemuserid"] == found["id"])


def _enable(world, found, body):
    _user(world, found)["isdisabled"] = json.loads(body)["isdisabled"]
    changed(world, "user enabled")


def _held(world, found, _):
    return {"value": [{"roleid": each} for each in _user(world, found)["roles"]]}


def _assign(world, found, body):
    role = re.search(r"roles\((.+)\)$", json.loads(body)["@odata.id"])[1]
    _user(world, found)["roles"].append(role)
    changed(world, "role of user")


_ADDRESSES = [
    ("get", _ARM + r"Microsoft.KeyVault/vaults/(?P<name>[^/]+)/secrets\?api-version=2024-11-01", _secrets_of_vault),
    ("get", _ARM + r"Microsoft.Storage/storageAccounts/[^/]+/blobServices/default/containers/recordings/immutabilityPolicies/default\?api-version=2023-05-01", _policy),
    ("put", _ARM + r"Microsoft.Web/sites/(?P<name>[^/]+)/host/default/functionkeys/dynamics\?api-version=2024-04-01", _put_key),
    ("post", _ARM + r"Microsoft.Web/sites/[^/]+/config/configreferences/appsettings/refresh\?api-version=2022-03-01", lambda *_: None),
    ("get", r"businessunits\?\$select=businessunitid&\$filter=_parentbusinessunitid_value eq null", _units),
    ("get", r"roles\?\$select=roleid&\$filter=name eq '(?P<name>.+)' and _businessunitid_value eq \S+", _roles),
    ("post", r"roles", _make_role),
    ("get", r"EntityDefinitions\(LogicalName='(?P<table>\w+)'\)\?\$select=LogicalName,Privileges", _definition),
    ("get", r"RetrieveRolePrivilegesRole\(RoleId=(?P<id>.+)\)", _privileges),
    ("post", r"roles\((?P<id>.+)\)/Microsoft.Dynamics.CRM.ReplacePrivilegesRole", _replace),
    ("get", r"systemusers\?\$select=systemuserid,isdisabled&\$filter=applicationid eq (?P<client>\S+)", _users),
    ("post", r"systemusers", _make_user),
    ("patch", r"systemusers\((?P<id>.+)\)", _enable),
    ("get", r"systemusers\((?P<id>.+)\)/systemuserroles_association\?\$select=roleid", _held),
    ("post", r"systemusers\((?P<id>.+)\)/systemuserroles_association/\$ref", _assign),
]  # fmt: skip


def answer(world, flags):
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
