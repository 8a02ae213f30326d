"""With private networking, every store that a node's settings name has an address in the node's network."""

import re
from collections.abc import Iterator

from infra.checks.project import Problem, Project
from infra.checks.template import Expression

_SERVICE = re.compile(r"^  (\w+)__(blob|queue|table)ServiceUri:", re.MULTILINE)
_OF = {"OWN_STORAGE": "own", "PEER_STORAGE": "other", "WITNESS_STORAGE": "witness", "AzureWebJobsStorage": "host"}


def check(project: Project) -> Iterator[Problem]:
    """Both networks."""
    settings = project.templates["modules/settings.bicep"].source
    wanted = {f"{_OF.get(name, name)}-{service}" for name, service in _SERVICE.findall(settings)} | {"own-vault"}
    for module in project.main.of_kind("module"):
        if module.of != "modules/network.bicep":
            continue
        targets = module.at("params.targets")
        leading = {
            str(each.get("name")): (each.get("id"), each.get("group"))
            for each in (targets if isinstance(targets, list) else [])
            if isinstance(each, dict)
        }
        there = leading.keys()
        for name in sorted(wanted & there):
            where_to = _store(module.name, name)
            if leading[name] != (Expression(where_to), name.partition("-")[2]):
                what = f"{module.name}: {name} must lead to {where_to}"
                yield Problem("private endpoint", f"main.bicep:{module.line}", what)
        for name in sorted(wanted - there):
            what = f"{module.name} has no endpoint {name}: its name would not resolve there"
            yield Problem("private endpoint", f"main.bicep:{module.line}", what)
        for name in sorted(there - wanted):
            yield Problem("private endpoint", f"main.bicep:{module.line}", f"{module.name}: no node calls {name}")


def _store(network: str, name: str) -> str:
    """Which account or vault an endpoint in a node's network leads to, as main.bicep calls it."""
    whose, _, service = name.partition("-")
    here, other = ("Main", "Peer") if network.endswith("Main") else ("Peer", "Main")
    if whose == "witness":
        return "witness.outputs.id"
    of = "vaultId" if service == "vault" else "hostStorageId" if whose == "host" else "storageId"
    return f"region{other if whose == 'other' else here}.outputs.{of}"
