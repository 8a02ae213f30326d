"""What must hold for every account, site, vault and output, whatever else the templates say."""

import re
from collections.abc import Iterator

from infra.checks.project import Problem, Project
from infra.checks.template import Declaration, Expression, Template, Value, text_of, walk


def _scrubbed(*variables: str) -> Value:
    """The webhooks' key is in the address: no log of Front Door may have it."""
    rule: dict[str, Value] = {"selectorMatchOperator": "EqualsAny", "state": "Enabled"}
    return {"state": "Enabled", "scrubbingRules": [{"matchVariable": each, **rule} for each in variables]}


_ACCOUNT: dict[str, dict[str, Value]] = {
    "shared keys": {"properties.allowSharedKeyAccess": False, "properties.defaultToOAuthAuthentication": True},
    "public blobs": {"properties.allowBlobPublicAccess": False},
    "TLS": {"properties.minimumTlsVersion": "TLS1_2", "properties.supportsHttpsTrafficOnly": True},
    "other tenants": {"properties.allowCrossTenantReplication": False},
}
_SITE: dict[str, dict[str, Value]] = {
    "TLS": {
        "properties.httpsOnly": True,
        "properties.siteConfig.minTlsVersion": "1.2",
        "properties.siteConfig.scmMinTlsVersion": "1.2",
        "properties.siteConfig.ftpsState": "Disabled",
    },
    "origin lock": {
        "properties.siteConfig.ipSecurityRestrictions": Expression("concat(throughFrontDoor, byOperators, direct)"),
        "properties.siteConfig.ipSecurityRestrictionsDefaultAction": Expression("open ? 'Allow' : 'Deny'"),
    },
    "identity": {"identity.type": "UserAssigned"},
}
_REQUIRED: dict[str, dict[str, dict[str, Value]]] = {
    "Microsoft.Storage/storageAccounts": _ACCOUNT,
    "Microsoft.Storage/storageAccounts/blobServices/containers": {"public blobs": {"properties.publicAccess": "None"}},
    "Microsoft.Web/sites": _SITE,
    "Microsoft.Web/sites/basicPublishingCredentialsPolicies": {"basic authentication": {"properties.allow": False}},
    "Microsoft.KeyVault/vaults": {
        "vault": {
            "properties.enableRbacAuthorization": True,
            "properties.enablePurgeProtection": True,
            "properties.enableSoftDelete": True,
        }
    },
    "Microsoft.Insights/components": {"local authentication": {"properties.DisableLocalAuth": True}},
    "Microsoft.OperationalInsights/workspaces": {
        "local authentication": {"properties.features.disableLocalAuth": True}
    },
    "Microsoft.Cdn/profiles": {"key in a log": {"properties.logScrubbing": _scrubbed("QueryStringArgNames")}},
    "Microsoft.Network/FrontDoorWebApplicationFirewallPolicies": {
        "key in a log": {"properties.policySettings.logScrubbing": _scrubbed("RequestUri", "QueryStringArgNames")}
    },
    "Microsoft.Cdn/profiles/customDomains": {"TLS": {"properties.tlsSettings.minimumTlsVersion": "TLS12"}},
    "Microsoft.Cdn/profiles/afdEndpoints/routes": {
        "TLS": {"properties.supportedProtocols": ["Https"], "properties.forwardingProtocol": "HttpsOnly"}
    },
}
_LOCK = (
    "throughFrontDoor",
    "empty(frontDoorId) ? [] : [ {",
    "action: 'Allow' tag: 'ServiceTag' ipAddress: 'AzureFrontDoor.Backend'",
    "headers: { 'x-azure-fdid': [ frontDoorId ] }",
)
_OPEN = Expression("empty(frontDoorId) && empty(directAddresses)")
_PASSED = Expression("useFrontDoor ? frontDoorProfile.outputs.id : ''")
_EVERY_CALL: Value = [
    {"matchVariable": "RequestUri", "operator": "Contains", "negateCondition": False, "matchValue": ["/"]}
]
"""The firewall compares letter by letter, Front Door and the Functions host do not: a path can be written otherwise."""
_SECRET_NAME = re.compile(r"secret|password|key$", re.IGNORECASE)
_NO_SECRET = re.compile(r"Enabled$|Expires(Main|Peer)?$")
"""A flag and a day: not what they speak of."""


def check(project: Project) -> Iterator[Problem]:
    """Every template."""
    for template in project.templates.values():
        yield from _properties(template)
        yield from _sites(template)
        yield from _keys(template)
        yield from _parameters(project, template)
    yield from _firewall(project)
    for module in project.main.of_kind("module"):
        if module.of == "modules/node.bicep" and module.at("params.frontDoorId") != _PASSED:
            what = f"{module.name} does not get the id of Front Door as {_PASSED.text}"
            yield Problem("origin lock", f"main.bicep:{module.line}", what)


def _properties(template: Template) -> Iterator[Problem]:
    for kind, rules in _REQUIRED.items():
        for resource in template.resources(kind):
            for name, wanted in rules.items():
                for path, value in wanted.items():
                    if resource.at(path) != value:
                        told = value.text if isinstance(value, Expression) else value
                        where = f"{template.name}:{resource.line}"
                        yield Problem(name, where, f"{resource.name}: {path} must be {told}")


def _sites(template: Template) -> Iterator[Problem]:
    for site in template.resources("Microsoft.Web/sites"):
        where = f"{template.name}:{site.line}"
        name, *texts = _LOCK
        lock = template.named.get(name)
        if lock is None or not all(text in _without_texts(lock) for text in texts):
            yield Problem("origin lock", where, f"{name} must let in the one Front Door that has the id, and no other")
        opened = template.named.get("open")
        if opened is None or opened.value != _OPEN:
            yield Problem("origin lock", where, f"open must be {_OPEN.text}")
        policies = template.resources("Microsoft.Web/sites/basicPublishingCredentialsPolicies")
        if {each.at("name") for each in policies} != {"scm", "ftp"}:
            yield Problem("basic authentication", where, "must be off for scm and for ftp")


def _without_texts(declaration: Declaration) -> str:
    # The description of a rule is for people.
    return re.sub(r"description: '[^']*' ", "", text_of(declaration.node))


def _keys(template: Template) -> Iterator[Problem]:
    """No keys are read, no secret leaves a template."""
    for node in walk(template.root):
        if node.type == "call_expression" and re.search(r"(^|\.)list\w*$", text_of(node).partition("(")[0]):
            where = f"{template.name}:{node.start_point[0] + 1}"
            yield Problem("keys are read", where, f"{text_of(node)}: an identity with a role needs no key")
    secure = {each.name for each in template.of_kind("param") if each.secure}
    for output in template.of_kind("output"):
        names = {text_of(node) for node in walk(output.node) if node.type in ("identifier", "property_identifier")}
        if names & secure or "ConnectionString" in names or _SECRET_NAME.search(output.name):
            where = f"{template.name}:{output.line}"
            yield Problem("secret output", where, f"{output.name}: outputs stand in the history of deployments")


def _parameters(project: Project, template: Template) -> Iterator[Problem]:
    """A secret stays secure on its way through the modules, and has no default."""
    for each in template.of_kind("param"):
        named = _SECRET_NAME.search(each.name) and not _NO_SECRET.search(each.name)
        where = f"{template.name}:{each.line}"
        if named and not each.secure:
            yield Problem("insecure parameter", where, f"{each.name} must be @secure()")
        if each.secure and each.value not in ("", Expression("")):
            yield Problem("insecure parameter", where, f"{each.name}: a secret has no default")
    secure = {each.name for each in template.of_kind("param") if each.secure}
    for module in template.of_kind("module"):
        given = module.at("params")
        target = project.called(template, module)
        for name, value in given.items() if isinstance(given, dict) and target is not None else ():
            taken = target.named.get(name) if target is not None else None
            if isinstance(value, Expression) and value.text in secure and taken is not None and not taken.secure:
                what = f"{module.name}: {name} takes a secret and is not @secure()"
                yield Problem("insecure parameter", f"{template.name}:{module.line}", what)


def _firewall(project: Project) -> Iterator[Problem]:
    """A rate limit that holds, before everything that Front Door takes in."""
    rule = {"ruleType": "RateLimitRule", "action": "Block", "enabledState": "Enabled", "matchConditions": _EVERY_CALL}
    for template in project.templates.values():
        for policy in template.resources("Microsoft.Network/FrontDoorWebApplicationFirewallPolicies"):
            rules = policy.at("properties.customRules.rules")
            limits = [each for each in rules if isinstance(each, dict)] if isinstance(rules, list) else []
            if not any(rule.items() <= each.items() for each in limits):
                yield Problem(
                    "firewall", f"{template.name}:{policy.line}", "a rate limit must block, whatever is called"
                )
        for _ in template.resources("Microsoft.Cdn/profiles/afdEndpoints"):
            guards = template.resources("Microsoft.Cdn/profiles/securityPolicies")
            if not any(each.at("properties.parameters.wafPolicy.id") == Expression("firewallId") for each in guards):
                yield Problem("firewall", f"{template.name}:1", "the endpoint must stand behind the firewall")
