"""The queries of alerts and workbook: every event and field that they name is logged, every one of them is used."""

import re
from collections.abc import Iterator, Mapping

from infra.checks import product
from infra.checks.project import Problem, Project

_OF_EVENTS = re.compile(r"\bEvent\s*(?:==|in)\s*(\([^)]*\)|\"[^\"]*\")")
_FIELD = re.compile(r'extract\(@"\\b(\w+)=')
_SWITCH = re.compile(r"replace\(loadTextContent\('\.\./queries/([\w-]+\.kql)'\), '([^']+)',")

ALERTS = frozenset(
    "no-active two-active lag parked evidence peer-silent outbox secret-expiring refused witness-unreachable".split()
)


def check(project: Project) -> Iterator[Problem]:
    """All queries."""
    known = product.events(project)
    used = {
        name
        for template in project.templates.values()
        for name in re.findall(r"loadTextContent\('\.\./queries/([\w.-]+)'\)", template.source)
    }
    for name in sorted(used ^ project.queries.keys()):
        told = "is loaded, but there is no such file" if name in used else "is loaded by no template"
        yield Problem("query file", f"queries/{name}", told)
    for name in sorted(ALERTS):
        if f"loadTextContent('../queries/{name}.kql')" not in project.templates["modules/alerts.bicep"].source:
            yield Problem("alert missing", "modules/alerts.bicep:1", f"no alert has the query {name}.kql")
    for name, query in project.queries.items():
        yield from _names(name, query, known)
    for file, text in _SWITCH.findall(project.templates["modules/alerts.bicep"].source):
        if text not in project.queries.get(file, ""):
            yield Problem("query file", f"queries/{file}", f"the alert replaces {text!r}, which is not there")


def _names(name: str, query: str, known: Mapping[str, frozenset[str]]) -> Iterator[Problem]:
    events = {event for names in _OF_EVENTS.findall(query) for event in re.findall(r'"(\w+)"', names)}
    if "AppRequests" in query:
        yield Problem("query table", f"queries/{name}", "host.json keeps requests that succeed out of AppRequests")
    if "AppTraces" in query and not events:
        yield Problem("unknown event", f"queries/{name}", "it names no event")
    for event in sorted(events - known.keys()):
        yield Problem("unknown event", f"queries/{name}", f"capture/ logs no event {event!r}")
    fields = frozenset[str]().union(*(known[event] for event in events & known.keys()))
    for field in _FIELD.findall(query):
        if field not in fields and field != "node":
            yield Problem("unknown field", f"queries/{name}", f"none of {', '.join(sorted(events))} has {field}=")
