"""Modules: they exist, get every parameter that they need and no other; the parameter file fits main.bicep."""

from collections.abc import Iterator

from infra.checks.project import Problem, Project
from infra.checks.template import Declaration, Expression, Template, Value

WANTED_OUTPUTS = frozenset(
    "functionAppMain functionAppPeer resourceGroupMain resourceGroupPeer resourceGroupWitness storageMain storagePeer "
    "identityClientIdMain identityClientIdPeer identityPrincipalIdMain identityPrincipalIdPeer keyVaultMain "
    "keyVaultPeer webhookUrl frontDoorEndpoint".split()
)
"""What the scripts read."""


def check(project: Project) -> Iterator[Problem]:
    """Every call of a module, every parameter file, every module file, the outputs that the scripts read."""
    called = {"main.bicep"}
    for template in project.templates.values():
        for module in template.of_kind("module"):
            target = project.called(template, module)
            where = f"{template.name}:{module.line}"
            if target is None:
                yield Problem("unknown module", where, f"there is no file {module.of}")
                continue
            called.add(target.name)
            given = module.at("params")
            yield from _fits(where, module.of, set(given) if isinstance(given, dict) else set(), target)
    for name in project.templates.keys() - called:
        yield Problem("unused", f"{name}:1", "no template calls this module")
    for parameters in project.parameter_files:
        yield from _fits(f"{parameters.name}:1", "main.bicep", set(parameters.named), project.main)
    for name in sorted(WANTED_OUTPUTS - {output.name for output in project.main.of_kind("output")}):
        yield Problem("missing output", "main.bicep:1", f"the scripts read {name!r}")
    yield from _mirrored(project)
    yield from _one_after_the_other(project)


def _fits(where: str, target: str, given: set[str], template: Template) -> Iterator[Problem]:
    known = {each.name: each for each in template.of_kind("param")}
    for name in sorted(given - known.keys()):
        yield Problem("unknown module parameter", where, f"{target} has no parameter {name!r}")
    for name, parameter in known.items():
        if name not in given and not any(child.type == "=" for child in parameter.node.children):
            yield Problem("missing module parameter", where, f"{target} needs {name!r}")


def _mirrored(project: Project) -> Iterator[Problem]:
    """Whatever is called for main is called for peer with main and peer exchanged."""
    modules = {module.name: module for module in project.main.of_kind("module")}
    for name, module in modules.items():
        if not name.endswith("Main"):
            continue
        twin = modules.get(name.removesuffix("Main") + "Peer")
        where = f"main.bicep:{module.line}"
        if twin is None:
            yield Problem("not mirrored", where, f"{name} has no twin for peer")
            continue
        for part in sorted(_parts(module) | _parts(twin)):
            here, there = _exchanged(_plain(module.at(part))), _plain(twin.at(part))
            if part == "dependsOn":
                there = [each for each in there if each != name]  # a twin may wait for the other
            if sorted(here) != sorted(there):
                yield Problem("not mirrored", where, f"{name}: {part} is for peer not what it is for main, mirrored")


def _one_after_the_other(project: Project) -> Iterator[Problem]:
    """Settings that change restart a node: both at once would be a pause in capture."""
    node = project.main.named.get("nodePeer")
    if node is not None and "nodeMain" not in _plain(node.at("dependsOn")):
        yield Problem("both at once", f"main.bicep:{node.line}", "nodePeer must wait for nodeMain (dependsOn)")


def _parts(module: Declaration) -> set[str]:
    parts = set(module.value) if isinstance(module.value, dict) else set()
    params = module.at("params")
    return (parts - {"params"}) | {f"params.{name}" for name in (params if isinstance(params, dict) else ())}


def _plain(value: Value | None) -> list[str]:
    """All texts of a value, with the names beside them; the order of a list is nothing."""
    if isinstance(value, dict):
        return [f"{name}={text}" for name, below in value.items() for text in _plain(below)]
    if isinstance(value, list):
        return ["|".join(_plain(each)) for each in value]
    return [value.text if isinstance(value, Expression) else repr(value)]


def _exchanged(texts: list[str]) -> list[str]:
    pairs = (("Main", "Peer"), ("main", "peer"))
    for a, b in pairs:
        texts = [text.replace(a, "\0").replace(b, a).replace("\0", b) for text in texts]
    return texts
