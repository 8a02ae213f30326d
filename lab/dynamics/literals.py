"""The tokens of a query and the values its literals stand for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lab.dynamics.refusals import bad_query
from lab.dynamics.schema import Kind

TOKEN = re.compile(
    r"""\s*(?:
    (?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)(?![\w.-]))
  | (?P<guid>[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}(?![\w.-]))
  | (?P<number>-?\d+(?![\w.-]))
  | (?P<text>'(?:[^']|'')*')
  | (?P<quoted>"[^"]*")
  | (?P<name>[A-Za-z_][\w.]*(?:/[A-Za-z_]\w*)*)
  | (?P<alias>@\w+)
  | (?P<mark>[(),=\[\]])
    )""",
    re.VERBOSE,
)
GUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")


@dataclass(frozen=True, slots=True)
class Token:
    """One word of a query."""

    kind: str
    text: str


def tokens(source: str, aliases: Mapping[str, str]) -> list[Token]:
    """Split a query into tokens, with every parameter alias replaced by what it stands for."""
    found: list[Token] = []
    position, end = 0, len(source.rstrip())
    while position < end:
        match = TOKEN.match(source, position)
        if match is None:
            raise bad_query(f"Syntax error at position {position} in '{source[:200]}'.")
        position = match.end()
        kind = str(match.lastgroup)
        text = match.group(kind)
        if kind == "alias":
            if text not in aliases:
                raise bad_query(f"The parameter alias '{text}' has no value.")
            found += tokens(aliases[text], {})
        else:
            found.append(Token(kind, text))
    return found


def literal(token: Token, kind: Kind, name: str) -> Any:  # noqa: ANN401 - one of the column kinds
    """Return the value of a literal that is compared with a column of this kind."""
    if token.kind == "name" and token.text == "null":
        return None
    match token.kind, kind:
        case "guid", Kind.GUID | Kind.FILE:
            return token.text.lower()
        case "text", Kind.TEXT:
            return unquoted(token).casefold()
        case "number", Kind.INTEGER:
            return int(token.text)
        case "time", Kind.TIME:
            return comparable_time(token.text)
        case "name", Kind.BOOLEAN if token.text in ("true", "false"):
            return token.text == "true"
    raise bad_query(
        "A binary operator with incompatible types was detected. "
        f"'{name}' is '{kind}' and cannot be compared with {token.text}."
    )


def unquoted(token: Token) -> str:
    """Return the text inside a quoted token."""
    if token.kind == "text":
        return token.text[1:-1].replace("''", "'")
    if token.kind == "quoted":
        return token.text[1:-1]
    raise bad_query(f"A quoted text is expected instead of {token.text}.")


def value_of_text(text: str, kind: Kind, name: str) -> Any:  # noqa: ANN401 - one of the column kinds
    """Return the value that a query function's quoted parameter stands for."""
    if kind is Kind.TEXT:
        return text.casefold()
    as_token = tokens(text, {})
    if len(as_token) != 1:
        raise bad_query(f"'{text}' is no value of '{name}'.")
    return literal(as_token[0], kind, name)


def comparable_time(text: str) -> str:
    """Return a time as stored rows spell it, such that plain text comparison gives the right order.

    Stored times are whole seconds. A literal with a fraction lies between two of them: "~" sorts it there.
    """
    try:
        moment = datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise bad_query(f"'{text}' is no time.") from error
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") + ("~" if moment.microsecond else "")
