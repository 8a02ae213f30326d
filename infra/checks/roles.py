"""Role assignments: exactly those in the table of docs/security.md, with ids that are the roles' own."""

import re
from collections.abc import Iterator, Mapping

from infra.checks.project import Problem, Project
from infra.checks.template import Declaration, Expression, Template

DOCUMENT = "docs/security.md"
BUILT_IN = {
    "blobDataOwner": ("Storage Blob Data Owner", "b7e6dc6d-f1e8-4753-8033-0f276bb0955b"),
    "blobDataContributor": ("Storage Blob Data Contributor", "ba92f5b4-2d11-453d-a403-e96b0029c9fe"),
    "blobDataReader": ("Storage Blob Data Reader", "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"),
    "blobDelegator": ("Storage Blob Delegator", "db58b8e5-c6ad-4a2a-8341-4190687cbf4a"),
    "queueDataContributor": ("Storage Queue Data Contributor", "974c5e8b-45b9-4653-ba55-5f855dd0fb88"),
    "queueDataMessageSender": ("Storage Queue Data Message Sender", "c6a89b2d-59bc-44d0-9896-0f6e12d7b80a"),
    "tableDataReader": ("Storage Table Data Reader", "76199698-9eea-4c19-bc75-cec21354c6b6"),
    "tableDataContributor": ("Storage Table Data Contributor", "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3"),
    "keyVaultSecretsUser": ("Key Vault Secrets User", "4633458b-17de-408a-b874-0445c86b69e6"),
    "monitoringMetricsPublisher": ("Monitoring Metrics Publisher", "3913510d-42f4-4e42-8a64-420c390055eb"),
}
"""Microsoft Learn, "Azure built-in roles"."""

type Assignment = tuple[str, str, str, str]
"""Module, name of the assignment, scope, role."""

_ROW = re.compile(r"^\| `([\w-]+\.bicep)` \| `(\w+)` \| `([^`]+)` \| ([^|]+?) \|", re.MULTILINE)


def check(project: Project) -> Iterator[Problem]:
    """Table against templates in both directions; ids; how an assignment is written."""
    ids: Mapping[str, str] = project.json("infra/roles.json")
    for name in sorted(ids.keys() | BUILT_IN.keys()):
        if ids.get(name) != (BUILT_IN[name][1] if name in BUILT_IN else None):
            yield Problem("role id", "roles.json:1", f"{name} is not what Microsoft lists")
    made: dict[Assignment, str] = {}
    for template in project.templates.values():
        for each in template.resources("Microsoft.Authorization/roleAssignments"):
            where = f"{template.name}:{each.line}"
            yield from _form(where, each)
            made[template.name.rpartition("/")[2], each.name, _scope(template, each), _role(each)] = where
    told = {tuple(row) for row in _ROW.findall(project.text(DOCUMENT))}
    for row in sorted(made.keys() - told):
        yield Problem("role not in the table", made[row], f"{' '.join(row)} is not in {DOCUMENT}")
    for row in sorted(told - made.keys()):
        yield Problem("role not assigned", DOCUMENT, f"{' '.join(row)} is in no template")
    yield from _bearers(project)


def _bearers(project: Project) -> Iterator[Problem]:
    """Who gets them: the templates are the same for both nodes, so a swap in main.bicep would look like a mirror."""
    wanted = {
        ("main.bicep", "regionMain", "ownPrincipalId"): "identityMain.outputs.principalId",
        ("main.bicep", "regionMain", "peerPrincipalId"): "identityPeer.outputs.principalId",
        ("main.bicep", "sharedRolesMain", "principalId"): "identityMain.outputs.principalId",
        ("main.bicep", "nodeMain", "identityId"): "identityMain.outputs.id",
        ("main.bicep", "nodeMain", "identityClientId"): "identityMain.outputs.clientId",
        ("modules/region.bicep", "ownRoles", "principalId"): "ownPrincipalId",
        ("modules/region.bicep", "peerRoles", "principalId"): "peerPrincipalId",
    }
    for (file, module, parameter), identity in wanted.items():
        declared = project.templates[file].named.get(module)
        if declared is None or declared.at(f"params.{parameter}") != Expression(identity):
            where = f"{file}:{declared.line if declared else 1}"
            yield Problem("whose role", where, f"{module}: {parameter} must be {identity}")


def _form(where: str, each: Declaration) -> Iterator[Problem]:
    role = each.at("properties.roleDefinitionId")
    name = each.at("name")
    key = _key(each)
    if key is None or not isinstance(role, Expression):
        yield Problem("role assignment", where, f"{each.name}: the role must be one of roles.json")
    elif not isinstance(name, Expression) or not name.text.endswith(f"principalId, roles.{key})"):
        yield Problem("role assignment", where, f"{each.name}: its name must be made of principal and role {key}")
    if each.at("properties.principalType") != "ServicePrincipal":
        yield Problem("role assignment", where, f"{each.name}: principalType must be ServicePrincipal")
    if each.at("properties.principalId") != Expression("principalId"):
        yield Problem("role assignment", where, f"{each.name}: principalId must be the parameter of that name")


def _key(each: Declaration) -> str | None:
    role = each.at("properties.roleDefinitionId")
    found = re.search(r"roles\.(\w+)\)$", role.text) if isinstance(role, Expression) else None
    return found[1] if found else None


def _role(each: Declaration) -> str:
    return BUILT_IN.get(_key(each) or "", ("no known role", ""))[0]


def _scope(template: Template, each: Declaration) -> str:
    """What it is good for: the name of a container, the list of queues or tables, an account, a vault."""
    scope = each.at("scope")
    if not isinstance(scope, Expression):
        return "everything"
    symbol, _, loop = scope.text.partition("[")
    declared = template.named.get(symbol)
    if declared is None:
        return scope.text
    name = declared.at("name")
    told = name.text if isinstance(name, Expression) else str(name)
    if not loop:
        return told
    found = re.search(r"\[for \(?\w+(?:, \w+\))? in ([\w.]+):", template.source[declared.node.start_byte :])
    listed = found[1] if found else told
    variable = template.named.get(listed)
    if variable is None:
        return listed
    value = variable.value
    if isinstance(value, list):
        return ", ".join(item.text if isinstance(item, Expression) else str(item) for item in value)
    return value.text if isinstance(value, Expression) else listed
