"""The same name everywhere: settings, containers, queues, tables, functions, routes."""

import ast
import fnmatch
import re
from collections.abc import Iterator

from infra.checks import product
from infra.checks.project import Problem, Project
from infra.checks.template import Expression, Template, string_of, walk

SETTINGS = "modules/settings.bicep"
OF_THE_HOST = frozenset(
    "AzureWebJobsStorage APPLICATIONINSIGHTS_CONNECTION_STRING APPLICATIONINSIGHTS_AUTHENTICATION_STRING "
    "AZURE_CLIENT_ID PYTHON_THREADPOOL_THREAD_COUNT".split()
)
ONLY_LOCAL = frozenset({"AzureWebJobsStorage", "FUNCTIONS_WORKER_RUNTIME", "PYTHON_THREADPOOL_THREAD_COUNT"})
SET_BY_AZURE = frozenset({"WEBSITE_SITE_NAME", "WEBSITE_AUTH_ENABLED"})
MAY_WAIT = frozenset({"recover"})
"""Timers that may wait for an instance: nothing that is captured waits with them."""
_CONNECTION = re.compile(r"__(credential|clientId|(?:blob|queue|table)ServiceUri)$")
_QUEUES = ("INGEST_QUEUE", "WATERMARK_QUEUE", "SCREEN_QUEUE", "SCREEN_FILE_QUEUE")


def check(project: Project) -> Iterator[Problem]:
    """All of them."""
    yield from _settings(project)
    yield from _names(project)
    yield from _functions(project)
    yield from _webhook_key(project)


def _settings(project: Project) -> Iterator[Problem]:
    code = product.settings(project)
    template = project.templates[SETTINGS]
    written = {name: each.value for name, each in template.named.items() if name in ("host", "product")}
    bicep = {name: value for values in written.values() if isinstance(values, dict) for name, value in values.items()}
    places = {
        f"{SETTINGS}:1": ({_CONNECTION.sub("", name) for name in bicep} - OF_THE_HOST, code.keys() - SET_BY_AZURE),
        "local.settings.sample.json": (
            set(project.json("local.settings.sample.json")["Values"]) - ONLY_LOCAL,
            code.keys(),
        ),
        "README.md": (set(re.findall(r"^\| `([A-Z_]+)` \|", project.text("README.md"), re.MULTILINE)), code.keys()),
    }
    for where, (found, wanted) in places.items():
        for name in sorted(wanted - found):
            yield Problem("setting missing", where, f"{name} of capture/settings.py is not there")
        for name in sorted(found - wanted):
            yield Problem("setting unknown", where, f"{name} is not in capture/settings.py")
    for name, value in bicep.items():
        if isinstance(value, str) and code.get(name) is not None and value != code[name]:
            yield Problem("setting default", f"{SETTINGS}:1", f"{name} is {value!r}, in the code {code[name]!r}")
    for name in OF_THE_HOST - {_CONNECTION.sub("", each) for each in bicep}:
        yield Problem("setting missing", f"{SETTINGS}:1", f"the host needs {name}")
    yield from _connections(set(bicep))


def _connections(bicep: set[str]) -> Iterator[Problem]:
    """An identity-based connection has a credential, a client id and the services that are used."""
    for name, services in {
        "AzureWebJobsStorage": ("blob", "queue", "table"),
        "OWN_STORAGE": ("blob", "queue", "table"),
        "PEER_STORAGE": ("blob", "queue", "table"),
        "WITNESS_STORAGE": ("blob",),
    }.items():
        wanted = {f"{name}__{part}" for part in ("credential", "clientId", *(f"{each}ServiceUri" for each in services))}
        if wanted != {each for each in bicep if each.partition("__")[0] == name}:
            yield Problem("connection", f"{SETTINGS}:1", f"{name} must be {', '.join(sorted(wanted))}")


def _names(project: Project) -> Iterator[Problem]:
    """Containers, queues and tables are called as the code calls them."""
    names, code = project.json("infra/names.json"), product.settings(project)
    tree = ast.parse(project.text("capture/storage/stores.py"))
    tables = next(
        [str(item.value) for item in ast.walk(node.value) if isinstance(item, ast.Constant)]
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "TABLES"
    )
    wanted = {
        "leaseContainer": code["LEASE_CONTAINER"],
        "archiveContainer": code["ARCHIVE_CONTAINER"],
        "screenContainer": code["SCREEN_CONTAINER"],
        "desktopContainer": code["DESKTOP_CONTAINER"],
        "evidenceContainer": code["EVIDENCE_CONTAINER"],
        "inboundQueues": [code[name] for name in _QUEUES],
        "poisonQueues": [f"{code[name]}-poison" for name in _QUEUES],
        "tables": tables,
    }
    for name, value in wanted.items():
        if names.get(name) != value:
            yield Problem("store name", "names.json:1", f"{name} is {names.get(name)}, in the code {value}")


def _functions(project: Project) -> Iterator[Problem]:
    """Always-ready instances are of functions that there are; what Front Door routes and probes is there."""
    known = product.functions(project)
    app, door = project.templates["modules/function-app.bicep"], project.templates["modules/front-door.bicep"]
    ready = {text for text in _texts(app) if text.startswith("function:")}
    for name in sorted({text.removeprefix("function:") for text in ready} - known):
        yield Problem("always ready", f"{app.name}:1", f"function_app.py has no function {name!r}")
    for name in sorted(product.timers(project) - MAY_WAIT - {text.removeprefix("function:") for text in ready}):
        yield Problem("always ready", f"{app.name}:1", f"the timer {name!r} must not wait for an instance")
    if "http" not in _texts(app):
        yield Problem("always ready", f"{app.name}:1", "webhooks must not wait for an instance: http is missing")
    routes = {re.sub(r"{\w+}", "x", route) for route in product.routes(project)}
    for route in door.resources("Microsoft.Cdn/profiles/afdEndpoints/routes"):
        patterns = route.at("properties.patternsToMatch")
        texts = [each for each in patterns if isinstance(each, str)] if isinstance(patterns, list) else []
        let_in = {path for path in routes if any(fnmatch.fnmatch(path, pattern) for pattern in texts)}
        wanted = {path for path in routes if path.startswith(("/api/recording/", "/api/desktop/", "/api/health"))}
        for path in sorted(let_in ^ wanted):
            told = "must be routed" if path in wanted else "must not be routed"
            yield Problem("route", f"{door.name}:{route.line}", f"{path} {told}")
    for group in door.resources("Microsoft.Cdn/profiles/originGroups"):
        probe = (
            group.at("properties.healthProbeSettings.probePath"),
            group.at("properties.healthProbeSettings.probeRequestType"),
        )
        if probe != ("/api/health", "HEAD") or "/api/health" not in routes:
            yield Problem("route", f"{door.name}:{group.line}", "the probe must be HEAD /api/health")
    yield from _runtime(app)
    yield from _concurrency(app, project.templates[SETTINGS])


def _concurrency(app: Template, settings: Template) -> Iterator[Problem]:
    """An instance takes as many calls at once as it has threads."""
    host = settings.named["host"].value
    threads = host.get("PYTHON_THREADPOOL_THREAD_COUNT") if isinstance(host, dict) else None
    for site in app.resources("Microsoft.Web/sites"):
        at_once = site.at("properties.functionAppConfig.scaleAndConcurrency.triggers.http.perInstanceConcurrency")
        if str(at_once) != threads:
            what = f"http: {at_once} calls at once, and {threads} threads for them in {settings.name}"
            yield Problem("concurrency", f"{app.name}:{site.line}", what)


def _runtime(app: Template) -> Iterator[Problem]:
    for site in app.resources("Microsoft.Web/sites"):
        if site.at("properties.functionAppConfig.runtime") != {"name": "python", "version": "3.13"}:
            yield Problem("runtime", f"{app.name}:{site.line}", "must be Python 3.13, as requirements.txt needs")
        if site.at("properties.keyVaultReferenceIdentity") != Expression("identityId"):
            yield Problem("identity", f"{app.name}:{site.line}", "the vault is read by the node's own identity")


def _webhook_key(project: Project) -> Iterator[Problem]:
    """The key that infra/deploy.sh sets is the one that the runbook gives to Dynamics."""
    found = [
        set(re.findall(pattern, project.text(where), re.MULTILINE))
        for where, pattern in (
            ("infra/shell/secrets.sh", r"^WEBHOOK_KEY_NAME=(\S+)$"),
            ("docs/runbook.md", r"--function-name ris --query (\w+)"),
        )
    ]
    if found[0] != found[1] or len(found[0]) != 1:
        what = f"the scripts call the key {sorted(found[0])}, the runbook {sorted(found[1])}"
        yield Problem("webhook key", "infra/shell/secrets.sh", what)


def _texts(template: Template) -> set[str]:
    return {content for node in walk(template.root) if (content := string_of(node)) is not None}
