"""What the templates must agree with, read from the product's own source without running it."""

import ast
from collections import defaultdict
from collections.abc import Mapping
from functools import cache

from infra.checks.project import Project


@cache
def _tree(source: str) -> ast.Module:
    return ast.parse(source)


def settings(project: Project) -> Mapping[str, str | None]:
    """Every app setting with its default as text, None where there is none."""
    tree = _tree(project.text("capture/settings.py"))
    fields = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Settings").body
    found: dict[str, str | None] = {}
    for field in fields:
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            given = field.value.keywords if isinstance(field.value, ast.Call) else []
            default = next((keyword.value for keyword in given if keyword.arg == "default"), None)
            if isinstance(default, ast.Call):  # a SecretStr
                default = default.args[0]
            found[field.target.id.upper()] = None if default is None else str(ast.literal_eval(default))
    return found


def functions(project: Project) -> frozenset[str]:
    """Every function of function_app.py that has a trigger."""
    tree = _tree(project.text("function_app.py"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.decorator_list)


def timers(project: Project) -> frozenset[str]:
    """Every function of function_app.py that a timer fires."""
    return frozenset(
        node.name
        for node in _tree(project.text("function_app.py")).body
        if isinstance(node, ast.FunctionDef)
        and any("timer_trigger" in ast.unparse(each) for each in node.decorator_list)
    )


def routes(project: Project) -> frozenset[str]:
    """Every route of function_app.py, such as `/api/health`, with its route parameters as they are."""
    tree = _tree(project.text("function_app.py"))
    constants = {
        node.targets[0].id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Constant)
    }
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "route":
            found.add(f"/api/{_text(node.args[0], constants)}")
    return frozenset(found)


def _text(node: ast.expr, constants: Mapping[str, object]) -> str:
    match node:
        case ast.Constant():
            return str(node.value)
        case ast.Name():
            return str(constants[node.id])
        case ast.FormattedValue():
            return _text(node.value, constants)
        case ast.JoinedStr():
            return "".join(_text(part, constants) for part in node.values)
    raise ValueError(f"line {node.lineno}: a route is a text")


def events(project: Project) -> Mapping[str, frozenset[str]]:
    """Every event that the product logs somewhere, by its name, with the fields that come with it."""
    names = _event_names(project)
    found: dict[str, set[str]] = defaultdict(set)
    for path in sorted((project.root / "capture").rglob("*.py")):
        if path.name != "events.py":
            for event, fields in _logged(path.read_text()).items():
                found[names[event]] |= fields
    return {name: frozenset(fields) for name, fields in found.items()}


@cache
def _logged(source: str) -> Mapping[str, frozenset[str]]:
    """The events of one module, by their names in the enumeration."""
    if "Event." not in source:
        return {}
    found: dict[str, set[str]] = defaultdict(set)
    calls = [node for node in ast.walk(_tree(source)) if isinstance(node, ast.Call)]
    passed_on = {  # `emit(event, ...)`: whichever event was chosen or given
        keyword.arg or ""
        for call in calls
        if _is_emit(call) and isinstance(call.args[0], ast.Name)
        for keyword in call.keywords
    }
    for call in calls:
        fields = {keyword.arg or "" for keyword in call.keywords}
        for event in (event for argument in call.args[:1] for event in _events_in(argument)):
            found[event] |= fields if _is_emit(call) else fields | passed_on
    for event in _events_in(_tree(source)) - found.keys():
        found[event] |= passed_on
    return {event: frozenset(fields) for event, fields in found.items()}


def _event_names(project: Project) -> Mapping[str, str]:
    tree = _tree(project.text("capture/events.py"))
    members = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Event").body
    return {
        node.targets[0].id: str(ast.literal_eval(node.value))
        for node in members
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }


def _events_in(tree: ast.AST) -> set[str]:
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Event"
    }


def _is_emit(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id == "emit"
