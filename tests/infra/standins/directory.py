"""Entra: applications, service principals, credentials."""

import json

from tests.infra.standins.world import Flags, Refused, World, changed, new_id, new_secret


def _quoted(condition: str, before: str) -> str:
    value = condition.removeprefix(before)
    if value == condition or not (value[0] == value[-1] == "'"):
        raise Refused(f"Invalid filter clause: {condition}")
    return value[1:-1]


def _application(world: World, flags: Flags) -> World:
    for each in world["applications"]:
        if each["appId"] == flags["--id"]:
            return each
    raise Refused(
        f"Resource '{flags['--id']}' does not exist or one of its queried reference-property objects are not present."
    )


def _list(world: World, flags: Flags) -> object:
    name = _quoted(flags["--filter"], "displayName eq ")
    return [
        {"appId": each["appId"], "displayName": each["displayName"]}
        for each in world["applications"]
        if each["displayName"] == name
    ]


def _create(world: World, flags: Flags) -> object:
    made = {"appId": new_id(world), "displayName": flags["--display-name"], "credentials": [], "federated": []}
    world["applications"].append(made)
    changed(world, f"application {made['displayName']}")
    return {"appId": made["appId"], "displayName": made["displayName"]}


def _delete(world: World, flags: Flags) -> object:
    application = _application(world, flags)
    world["applications"].remove(application)
    changed(world, f"no application {application['displayName']}")


def _reset(world: World, flags: Flags) -> object:
    application = _application(world, flags)
    if "--append" not in flags:
        application["credentials"].clear()
    secret = new_secret(world)
    started = f"2026-11-25T00:00:{world['ids']:02d}Z"
    made = {"keyId": new_id(world), "startDateTime": started, "endDateTime": "2027-11-25T00:00:00Z", "secret": secret}
    application["credentials"].append(made)
    changed(world, f"credential of {application['displayName']}")
    return {"appId": application["appId"], "password": secret, "tenant": world["account"]["tenantId"]}


def _credentials(world: World, flags: Flags) -> object:
    return [
        {name: each[name] for name in ("keyId", "startDateTime", "endDateTime")}
        for each in _application(world, flags)["credentials"]
    ]


def _delete_credential(world: World, flags: Flags) -> object:
    application = _application(world, flags)
    kept = [each for each in application["credentials"] if each["keyId"] != flags["--key-id"]]
    if len(kept) == len(application["credentials"]):
        raise Refused("No credentials found")
    application["credentials"] = kept
    changed(world, f"no credential {flags['--key-id']}")


def _federate(world: World, flags: Flags) -> object:
    application = _application(world, flags)
    wanted = json.loads(flags["--parameters"])
    name = flags.get("--federated-credential-id", wanted["name"])
    application["federated"] = [each for each in application["federated"] if each["name"] != name] + [wanted]
    changed(world, f"federated credential of {application['displayName']}")
    return wanted


def _principals(world: World, flags: Flags) -> object:
    wanted = _quoted(flags["--filter"], "appId eq ")
    return [{"appId": each} for each in world["principals"] if each == wanted]


def _make_principal(world: World, flags: Flags) -> object:
    _application(world, flags)
    world["principals"].append(flags["--id"])
    changed(world, f"principal of {flags['--id']}")
    return {"appId": flags["--id"]}


ANSWERS = {
    "ad app list": _list,
    "ad app create": _create,
    "ad app delete": _delete,
    "ad app credential reset": _reset,
    "ad app credential list": _credentials,
    "ad app credential delete": _delete_credential,
    "ad app federated-credential list": lambda world, flags: _application(world, flags)["federated"],
    "ad app federated-credential create": _federate,
    "ad app federated-credential update": _federate,
    "ad sp list": _principals,
    "ad sp create": _make_principal,
}
