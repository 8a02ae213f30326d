"""Names: every one that is used is declared, every one that is declared is used, members that are known exist."""

from collections.abc import Iterator

from tree_sitter import Node

from infra.checks.project import Problem, Project
from infra.checks.template import Declaration, Template, members, string_of, text_of, walk

# Microsoft Learn, "Bicep functions"; those that the templates use. A new one is a decision: see the grammar's limits.
FUNCTIONS = frozenset(
    "concat dateTimeToEpoch empty environment guid loadJsonContent loadTextContent replace resourceGroup "
    "resourceId string subscription subscriptionResourceId union uniqueString".split()
)
DECORATORS = frozenset("allowed description maxLength maxValue metadata minLength minValue secure".split())


def check(project: Project) -> Iterator[Problem]:
    """Syntax, undefined and unused names, members of objects and JSON files."""
    for template in project.templates.values():
        for line in template.broken:
            yield Problem("syntax", f"{template.name}:{line}", "this is no Bicep")
        yield from _undefined(template)
        yield from _unused(template)
        yield from _members(project, template)
    for parameters in project.parameter_files:
        for line in parameters.broken:
            yield Problem("syntax", f"{parameters.name}:{line}", "this is no Bicep parameter file")


def _undefined(template: Template) -> Iterator[Problem]:
    for declaration, node, local in _uses(template):
        name, where = text_of(node), f"{template.name}:{node.start_point[0] + 1}"
        if _is_function(node):
            if name not in (DECORATORS if declaration is None else FUNCTIONS):
                yield Problem("unknown function", where, f"there is no function {name!r}, or it is not on the list")
        elif name not in template.named and name not in local:
            yield Problem("undefined symbol", where, f"nothing is called {name!r}")


def _unused(template: Template) -> Iterator[Problem]:
    used = {text_of(node) for _, node, _ in _uses(template) if not _is_function(node)}
    for each in template.declarations:
        if each.kind in ("param", "var") and each.name not in used:
            yield Problem("unused", f"{template.name}:{each.line}", f"{each.kind} {each.name!r} is used nowhere")
        if each.kind == "resource" and each.existing and each.name not in used:
            yield Problem("unused", f"{template.name}:{each.line}", f"existing {each.name!r} is used nowhere")


def _members(project: Project, template: Template) -> Iterator[Problem]:
    """A member of a variable whose content is known, and of a module's outputs."""
    for node in walk(template.root):
        if node.type != "member_expression":
            continue
        chain = text_of(node).split(".")
        declaration = template.named.get(chain[0])
        if declaration is None:
            continue
        known = _known(project, template, declaration)
        if declaration.kind == "module" and len(chain) == 3 and chain[1] == "outputs":
            known, chain = _outputs(project, template, declaration), chain[1:]
        if known is not None and len(chain) == 2 and chain[1].isidentifier() and chain[1] not in known:
            where = f"{template.name}:{node.start_point[0] + 1}"
            yield Problem("unknown member", where, f"{declaration.name!r} has no {chain[1]!r}")


def _known(project: Project, template: Template, declaration: Declaration) -> frozenset[str] | None:
    value = declaration.node.named_children[-1]
    if declaration.kind == "var" and value.type == "object":
        return frozenset(key for key, _ in members(value))
    if declaration.kind == "var" and text_of(value).startswith("loadJsonContent("):
        file = next(content for each in walk(value) if (content := string_of(each)) is not None)
        return frozenset(project.json(f"infra/{template.beside(file)}"))
    return None


def _outputs(project: Project, template: Template, declaration: Declaration) -> frozenset[str] | None:
    target = project.called(template, declaration)
    return frozenset(output.name for output in target.of_kind("output")) if target is not None else None


def _uses(template: Template) -> Iterator[tuple[Declaration | None, Node, frozenset[str]]]:
    """Every identifier that stands for a value: with its declaration (None: a decorator) and the names of its loop."""
    for child in template.root.children:
        declaration = next((each for each in template.declarations if each.node == child), None)
        local = frozenset(
            text_of(node)
            for node in walk(child)
            if node.type in ("loop_variable", "loop_enumerator") or _is_initializer(node)
        )
        for node in walk(child):
            if node.type == "identifier" and not _declares(node) and not _is_initializer(node):
                yield declaration, node, local


def _declares(node: Node) -> bool:
    parent = node.parent
    return (
        parent is not None
        and parent.named_children[0] == node
        and (parent.type == "object_property" or parent.type.endswith("_declaration"))
    )


def _is_initializer(node: Node) -> bool:
    parent = node.parent
    return parent is not None and parent.type == "for_statement" and parent.child_by_field_name("initializer") == node


def _is_function(node: Node) -> bool:
    parent = node.parent
    return parent is not None and parent.type == "call_expression" and parent.child_by_field_name("function") == node
