"""One Bicep file as its declarations, read by tree-sitter. What is not a plain value stays an `Expression`."""

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property

import tree_sitter_bicep
from tree_sitter import Language, Node, Parser

_LANGUAGE = Language(tree_sitter_bicep.language())


@dataclass(frozen=True, slots=True)
class Expression:
    """What Bicep computes: its text, on one line."""

    text: str


type Value = str | bool | int | list[Value] | dict[str, Value] | Expression


@dataclass(frozen=True, slots=True)
class Declaration:
    """A param, var, resource, module or output. `value` is an object's for resources and modules."""

    kind: str
    name: str
    node: Node
    value: Value
    of: str = ""
    decorators: tuple[str, ...] = ()
    existing: bool = False

    @property
    def line(self) -> int:
        """Where it begins."""
        return self.node.start_point[0] + 1

    @property
    def secure(self) -> bool:
        """Tell whether it is decorated as a secret."""
        return "secure" in self.decorators

    def at(self, path: str) -> Value | None:
        """Find a property by its path, such as `properties.siteConfig.minTlsVersion`; None when it is not there."""
        found: Value | None = self.value
        for name in path.split("."):
            found = found.get(name) if isinstance(found, dict) else None
        return found


@dataclass(frozen=True)
class Template:
    """A file and what it declares. `name` is its path below infra/, `broken` are the lines that are no Bicep."""

    name: str
    source: str
    root: Node
    broken: tuple[int, ...]
    declarations: tuple[Declaration, ...] = field(default=())

    def of_kind(self, kind: str) -> list[Declaration]:
        """All params, vars, resources, modules or outputs."""
        return [each for each in self.declarations if each.kind == kind]

    def resources(self, of: str) -> list[Declaration]:
        """The resources of a type that this file makes, existing ones aside."""
        return [each for each in self.of_kind("resource") if each.of.partition("@")[0] == of and not each.existing]

    def beside(self, file: str) -> str:
        """The path below infra/ of a file that this one names."""
        return posixpath.normpath(posixpath.join(posixpath.dirname(self.name), file))

    @cached_property
    def named(self) -> Mapping[str, Declaration]:
        """Declarations by name, outputs aside: these have names of their own."""
        return {each.name: each for each in self.declarations if each.kind != "output"}


@cache
def read(name: str, source: str) -> Template:
    """Parse the text of a file (.bicep or .bicepparam)."""
    # The grammar knows no parameter files: a value is given to a name, as by `var`.
    text = re.sub(r"^param (?=\w+ =)", "var   ", source, flags=re.MULTILINE) if name.endswith(".bicepparam") else source
    root = Parser(_LANGUAGE).parse(text.encode()).root_node
    broken = tuple(sorted({node.start_point[0] + 1 for node in walk(root) if node.is_error or node.is_missing}))
    return Template(name, source, root, broken, tuple(_declarations(root)))


def walk(node: Node) -> Iterator[Node]:
    """A node and all below it, in the order of the text."""
    yield node
    for child in node.children:
        yield from walk(child)


def text_of(node: Node) -> str:
    """The text of a node with its white space made plain."""
    return " ".join((node.text or b"").decode().split())


def string_of(node: Node) -> str | None:
    """The content of a string without interpolation, else None."""
    if node.type != "string" or any(child.type == "interpolation" for child in node.children):
        return None
    return (node.text or b"").decode()[1:-1].replace("\\'", "'")


def value_of(node: Node) -> Value:
    """Read a value."""
    match node.type:
        case "object":
            return {key: value_of(value) for key, value in members(node)}
        case "array":
            return [value_of(child) for child in node.named_children if not child.type.endswith("comment")]
        case "boolean":
            return text_of(node) == "true"
        case "number":
            return int(text_of(node))
        case "string" if (content := string_of(node)) is not None:
            return content
    return Expression(text_of(node))


def members(node: Node) -> Iterator[tuple[str, Node]]:
    """Keys and values of an object."""
    for child in node.named_children:
        if child.type == "object_property":
            key, value = child.named_children[0], child.named_children[-1]
            yield string_of(key) or text_of(key).strip("'"), value


def body_of(node: Node) -> Node:
    """The object of a resource or module, behind its condition or its loop."""
    while node.type in ("if_statement", "for_statement"):
        node = node.named_children[-1]
    return node


def _declarations(root: Node) -> Iterator[Declaration]:
    decorators: tuple[str, ...] = ()
    for node in root.children:
        if node.type == "decorators":
            decorators = tuple(text_of(call).partition("(")[0].lstrip("@") for call in node.named_children)
            continue
        kind = node.type.partition("_")[0].replace("parameter", "param").replace("variable", "var")
        if kind in ("param", "var", "resource", "module", "output") and node.type.endswith("declaration"):
            named = [child for child in node.named_children if not child.type.endswith("comment")]
            of = (string_of(named[1]) or "") if kind in ("resource", "module") else ""
            value = value_of(body_of(named[-1])) if len(named) > 1 and named[-1].type != "type" else Expression("")
            existing = any(child.type == "existing" for child in node.children)
            yield Declaration(kind, text_of(named[0]), node, value, of, decorators, existing)
        if node.type != "comment":
            decorators = ()
