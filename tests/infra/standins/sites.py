"""Function apps: where they are, their keys, their code, who is let in."""

import zipfile

from tests.infra.standins import nodes
from tests.infra.standins.world import Flags, Refused, World, changed


def _show(world: World, flags: Flags) -> object:
    nodes.site_named(world, flags["--name"])
    # A Flex Consumption site is shown as Azure's API tells it, with "properties".
    return {"name": flags["--name"], "properties": {"defaultHostName": f"{flags['--name']}.azurewebsites.net"}}


def _keys(world: World, flags: Flags) -> object:
    site = nodes.site_named(world, flags["--name"])
    nodes.need_host(site)
    return {
        "masterKey": site["master_key"],
        "functionKeys": {"default": "unused"},
        "systemKeys": {},
    }


def _keys_of_function(world: World, flags: Flags) -> object:
    site = nodes.site_named(world, flags["--name"])
    nodes.need_host(site)
    if flags["--function-name"] != "ris":
        raise Refused(f"Not Found: function {flags['--function-name']}")
    return {"default": "unused", **site["function_keys"]}


def _restart(world: World, flags: Flags) -> object:
    site = nodes.site_named(world, flags["--name"])
    nodes.restart(world, site, world["vaults"][flags["--name"].replace("func-", "kv-", 1)])


def _deploy(world: World, flags: Flags) -> object:
    with zipfile.ZipFile(flags["--src"]) as package:
        names = package.namelist()
        version = package.read("capture/version.txt").decode().strip()
    missing = {"host.json", "function_app.py", "requirements.txt", "constraints.txt"} - set(names)
    if missing or flags.get("--build-remote") != "true":
        raise Refused(f"Deployment failed: {sorted(missing)} or no remote build")
    nodes.deploy(world, nodes.site_named(world, flags["--name"]), version)


def _set(world: World, flags: Flags) -> None:
    name, _, value = flags["--settings"].partition("=")
    if name != "DYNAMICS_CLIENT_SECRET_EXPIRES":
        raise Refused(f"{name} is no setting that a script sets")
    nodes.site_named(world, flags["--name"])["expires"] = value


def _let_in(world: World, flags: Flags) -> object:
    site = nodes.site_named(world, flags["--name"])
    rule = {"name": flags["--rule-name"], "ip_address": flags["--ip-address"], "priority": int(flags["--priority"])}
    site["door"] = [each for each in site["door"] if each["name"] != rule["name"]] + [rule]
    changed(world, f"door of {site['node']} opened")


def _let_out(world: World, flags: Flags) -> object:
    site = nodes.site_named(world, flags["--name"])
    site["door"] = [each for each in site["door"] if each["name"] != flags["--rule-name"]]
    changed(world, f"door of {site['node']} closed")


def _rules(world: World, flags: Flags) -> object:
    return {"ipSecurityRestrictions": nodes.site_named(world, flags["--name"])["door"], "scmIpSecurityRestrictions": []}


ANSWERS = {
    "functionapp config appsettings set": _set,
    "functionapp show": _show,
    "functionapp keys list": _keys,
    "functionapp function keys list": _keys_of_function,
    "functionapp restart": _restart,
    "functionapp deployment source config-zip": _deploy,
    "functionapp config access-restriction add": _let_in,
    "functionapp config access-restriction remove": _let_out,
    "functionapp config access-restriction show": _rules,
}
