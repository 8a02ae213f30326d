"""Subscription, deployments, groups, locks, vaults."""

import re
from pathlib import Path

from tests.infra.standins.world import Flags, Refused, World, changed, new_secret

NODES = ("main", "peer")


def _parameters(file: str, environment: dict[str, str]) -> dict[str, str]:
    """Read a parameter file as Bicep would: literals and variables of the environment."""
    found: dict[str, str] = {}
    for line in Path(file).read_text().splitlines():
        if (match := re.match(r"param (\w+) = (.*)", line)) is None:
            continue
        name, value = match.groups()
        if (variable := re.search(r"readEnvironmentVariable\('(\w+)'(?:, *'([^']*)')?\)", value)) is not None:
            found[name] = environment.get(variable[1]) or variable[2] or ""
        else:
            found[name] = value.strip("'")
    return found


def _fingerprint(parameters: dict[str, str]) -> list[str]:
    # A policy that is left alone is no change, and the number is an output only.
    aside = ("clientSecretMain", "clientSecretPeer", "archiveLockedMain", "archiveLockedPeer", "fingerprint")
    return sorted(f"{name}={value}" for name, value in parameters.items() if name not in aside)


def _what_if(world: World, flags: Flags) -> object:
    parameters = _parameters(flags["--parameters"], flags["environment"])
    good = [each for each in world["deployments"].values() if each["state"] == "Succeeded"]
    made = good[-1] if good else None
    same = made is not None and made["fingerprint"] == _fingerprint(parameters)
    secrets = any(parameters[f"clientSecret{node.capitalize()}"] for node in NODES)
    kind = "NoChange" if same and not secrets and not world["what_if_blind"] else "Modify" if made else "Create"
    site = "/subscriptions/s/resourceGroups/rg-capture-prod-main/providers/Microsoft.Web/sites/func-capture-prod-main"
    if "--no-pretty-print" not in flags:
        return "Resource changes: no change.\n" if kind == "NoChange" else f"Resource changes: 1 to {kind.lower()}.\n"
    return {"status": "Succeeded", "changes": [{"changeType": kind, "resourceId": site}]}


def _create(world: World, flags: Flags) -> object:
    given = _parameters(flags["--parameters"], flags["environment"])
    if world["quota_exceeded"]:
        world["deployments"][flags["--name"]] = {"state": "Failed", "outputs": None}
        raise Refused("(QuotaExceeded) Operation would exceed the quota of cores.")
    stem = f"{given['namePrefix']}-{given['environmentName']}"
    outputs = {"resourceGroupWitness": f"rg-{stem}-witness", "webhookUrl": "https://capture.azurefd.net/api/recording"}
    outputs["fingerprint"] = given["fingerprint"]
    for node in NODES:
        ending, app, group, vault = node.capitalize(), f"func-{stem}-{node}", f"rg-{stem}-{node}", f"kv-{stem}-{node}"
        outputs |= {
            f"functionApp{ending}": app,
            f"resourceGroup{ending}": group,
            f"storage{ending}": f"st{given['environmentName']}{node}",
            f"keyVault{ending}": vault,
            f"identityClientId{ending}": f"client-of-{node}",
            f"identityPrincipalId{ending}": f"principal-of-{node}",
        }
        if world["policies"].get(group) == "Locked" and given[f"archiveLocked{ending}"] != "true":
            raise Refused("(ContainerImmutabilityPolicyFailure) Operation not allowed on a locked immutability policy.")
        world["vaults"].setdefault(vault, {})
        if given[f"clientSecret{ending}"]:
            world["vaults"][vault]["dynamics-client-secret"] = given[f"clientSecret{ending}"]
        site = world["sites"].setdefault(
            app,
            {
                "node": node,
                "group": group,
                "code": None,
                "up_at": 0,
                "broken": False,
                "stuck": False,
                "locked": True,
                "door": [],
                "secret": None,
                "master_key": new_secret(world),
                "function_keys": {},
            },
        )
        site["secret"] = world["vaults"][vault].get("dynamics-client-secret")
        if given.get("desktopSecret"):
            world["vaults"][vault]["desktop-secret"] = given["desktopSecret"]
            world["secrets"].append(given["desktopSecret"])
        site["desktops"] = bool(given.get("desktopSecret"))
        site["expires"] = given.get(f"clientSecretExpires{ending}", "")
        world["groups"].append(group)
    world["groups"].append(outputs["resourceGroupWitness"])
    world["groups"] = sorted(set(world["groups"]))
    world["deployments"][flags["--name"]] = {
        "state": "Succeeded",
        "fingerprint": _fingerprint(given),
        "outputs": {name: {"type": "String", "value": value} for name, value in outputs.items()},
    }
    changed(world, f"deployment {flags['--name'][:-15]}")


def _show(world: World, flags: Flags) -> object:
    made = world["deployments"].get(flags["--name"])
    if made is None:
        raise Refused(f"(DeploymentNotFound) Deployment '{flags['--name']}' could not be found.", 3)
    return {"name": flags["--name"], "properties": {"provisioningState": made["state"], "outputs": made["outputs"]}}


def _list(world: World, _: object) -> object:
    return [
        {"name": name, "properties": {"provisioningState": made["state"]}}
        for name, made in world["deployments"].items()
    ]


def _delete(world: World, flags: Flags) -> object:
    world["deployments"].pop(flags["--name"], None)
    changed(world, f"no deployment {flags['--name']}")


def _register(world: World, flags: Flags) -> object:
    world["providers"][flags["--namespace"]] = "Registered"
    changed(world, f"provider {flags['--namespace']}")


def _delete_group(world: World, flags: Flags) -> object:
    group = flags["--name"]
    if world["locks"].get(group):
        raise Refused(f"(ScopeLocked) The scope '{group}' cannot perform delete operation because it is locked.")
    changed(world, f"no group {group}")
    if world["policies"].get(group) == "Locked":
        raise Refused(f"(ContainerProtectedFromDeletion) A storage account of '{group}' holds immutable blobs.")
    world["groups"].remove(group)


def _delete_lock(world: World, flags: Flags) -> object:
    for locks in world["locks"].values():
        if flags["--ids"] in locks:
            locks.remove(flags["--ids"])
    changed(world, f"no lock {flags['--ids']}")


def _set_secret(world: World, flags: Flags) -> object:
    world["vaults"][flags["--vault-name"]][flags["--name"]] = flags["--value"].rstrip("\n")
    changed(world, f"secret in {flags['--vault-name']}")


def _read_secret(world: World, flags: Flags) -> object:
    vault = world["vaults"][flags["--vault-name"]]
    if flags["--name"] not in vault:
        raise Refused(f"(SecretNotFound) A secret with (name/id) {flags['--name']} was not found in this key vault.")
    return {"name": flags["--name"], "value": vault[flags["--name"]]}


def _lock(world: World, flags: Flags) -> None:
    if flags["--if-match"] != '"8d"' or flags["--container-name"] != "recordings":
        raise Refused("(ConditionNotMet) The condition specified using HTTP conditional header(s) is not met.")
    world["policies"][flags["--resource-group"]] = "Locked"
    changed(world, f"lock of {flags['--account-name']}")


ANSWERS = {
    "keyvault secret show": _read_secret,
    "storage container immutability-policy lock": _lock,
    "account show": lambda world, _: world["account"],
    "bicep version": lambda world, _: "Bicep CLI version 0.30.23\n" if world["bicep"] else _no_bicep(),
    "provider list": lambda world, _: [
        {"namespace": name, "registrationState": state} for name, state in world["providers"].items()
    ],
    "provider register": _register,
    "deployment sub create": _create,
    "deployment sub list": _list,
    "deployment sub show": _show,
    "deployment sub what-if": _what_if,
    "deployment sub delete": _delete,
    "group exists": lambda world, flags: flags["--name"] in world["groups"],
    "group delete": _delete_group,
    "lock list": lambda world, flags: [{"id": each} for each in world["locks"].get(flags["--resource-group"], [])],
    "lock delete": _delete_lock,
    "keyvault secret set": _set_secret,
}


def _no_bicep() -> object:
    raise Refused("Bicep CLI not found. Install it now by running 'az bicep install'.")
