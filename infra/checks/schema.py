"""Resource types, their versions and the names of their properties, compared with `schema.json`.

The list holds what the templates may use, from Microsoft's reference of each type. A compiler knows more; where there
is one, `tools.py` runs it.
"""

from collections.abc import Iterator

from infra.checks.project import Problem, Project
from infra.checks.template import Value

_COMMON = frozenset({"name", "location", "tags", "parent", "scope", "dependsOn"})
_FREE = frozenset({"tags", "userAssignedIdentities"})
"""Objects whose keys are anybody's."""


def check(project: Project) -> Iterator[Problem]:
    """Every resource of every template."""
    schema = project.json("infra/checks/schema.json")
    for template in project.templates.values():
        for resource in template.of_kind("resource"):
            where = f"{template.name}:{resource.line}"
            kind, _, version = resource.of.partition("@")
            if kind not in schema:
                yield Problem("unknown resource type", where, f"{kind!r} is not in schema.json")
                continue
            if version not in schema[kind]["versions"]:
                versions = ", ".join(schema[kind]["versions"])
                yield Problem("unknown API version", where, f"{kind} has no version {version!r} here, but {versions}")
            known: frozenset[str] = frozenset(schema[kind]["properties"])
            if "properties.*" not in known:
                for path in _paths(resource.value):
                    if path not in known and path not in _COMMON:
                        yield Problem("unknown property", where, f"{kind} has no {path!r}")


def _paths(value: Value, prefix: str = "") -> Iterator[str]:
    """The paths of all properties, those of objects in arrays included."""
    if isinstance(value, list):
        for each in value:
            yield from _paths(each, prefix)
    elif isinstance(value, dict):
        for name, below in value.items():
            path = f"{prefix}.{name}" if prefix else name
            yield path
            if name not in _FREE:
                yield from _paths(below, path)
