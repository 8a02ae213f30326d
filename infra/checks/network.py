"""With private networking, every store that a node's settings name has an address in the node's network."""

import re
from collections.abc import Iterator

from infra.checks.project import Problem, Project

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
        there = (
            {str(each.get("name")) for each in targets if isinstance(each, dict)}
            if isinstance(targets, list)
            else set()
        )
        for name in sorted(wanted - there):
            what = f"{module.name} has no endpoint {name}: its name would not resolve there"
            yield Problem("private endpoint", f"main.bicep:{module.line}", what)
        for name in sorted(there - wanted):
            yield Problem("private endpoint", f"main.bicep:{module.line}", f"{module.name}: no node calls {name}")
