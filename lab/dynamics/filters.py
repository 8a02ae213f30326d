"""The parser of `$filter`: text in, one condition out, and everything it does not know is refused."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from lab.dynamics.conditions import (
    ORDERED,
    TEXT_MATCHES,
    Condition,
    Operand,
    comparison,
    contain_values,
    every,
    membership,
    negation,
    some,
    text_match,
)
from lab.dynamics.literals import Token, literal, tokens, unquoted, value_of_text
from lab.dynamics.refusals import bad_query, no_such_property
from lab.dynamics.schema import TABLES, Kind, Table
from lab.dynamics.tables import Row, Tables

CONDITION_LIMIT = 500
PREFIX = "Microsoft.Dynamics.CRM."
COMPARATORS = {"eq", "ne", *ORDERED}
END = Token("end", "")


@dataclass(slots=True)
class FilterParser:
    """Parses one `$filter` of one table; N:1 paths are read through the other tables."""

    table: Table
    tables: Tables
    aliases: Mapping[str, str] = field(default_factory=dict)
    lookups_in_membership: bool = False
    """Whether `In` takes lookup columns. Microsoft Learn shows it with plain columns only."""
    _tokens: list[Token] = field(default_factory=list)
    _position: int = 0
    _conditions: int = 0

    def parse(self, source: str) -> Condition:
        """Return the condition that the text states."""
        self._tokens, self._position, self._conditions = tokens(source, self.aliases), 0, 0
        condition = self._disjunction()
        if self._next != END:
            raise bad_query(f"Syntax error: '{self._next.text}' is not expected here.")
        return condition

    @property
    def _next(self) -> Token:
        return self._tokens[self._position] if self._position < len(self._tokens) else END

    def _take(self) -> Token:
        token = self._next
        self._position += 1
        return token

    def _expect(self, text: str) -> None:
        token = self._take()
        if token.text != text or token.kind == "text":
            raise bad_query(f"Syntax error: '{text}' is expected instead of '{token.text}'.")

    def _is_word(self, word: str) -> bool:
        return self._next == Token("name", word)

    def _disjunction(self) -> Condition:
        return some(self._chain("or", lambda: every(self._chain("and", self._term))))

    def _chain(self, word: str, part: Callable[[], Condition]) -> list[Condition]:
        parts = [part()]
        while self._is_word(word):
            self._take()
            parts.append(part())
        return parts

    def _term(self) -> Condition:
        if self._is_word("not"):
            self._take()
            return negation(self._term())
        if self._next == Token("mark", "("):
            self._take()
            inner = self._disjunction()
            self._expect(")")
            return inner
        self._conditions += 1
        if self._conditions > CONDITION_LIMIT:
            raise bad_query(f"Number of conditions in query exceeded maximum limit of {CONDITION_LIMIT}.")
        token = self._take()
        if token.kind != "name":
            raise bad_query(f"Syntax error: a column is expected instead of '{token.text}'.")
        if self._next == Token("mark", "("):
            return self._function(token.text)
        return self._comparison(self._operand(token.text))

    def _comparison(self, operand: Operand) -> Condition:
        comparator, value = self._take(), self._take()
        if comparator.kind != "name" or comparator.text not in COMPARATORS:
            raise bad_query(f"Syntax error: an operator is expected instead of '{comparator.text}'.")
        if operand.kind is Kind.CHOICES:
            raise bad_query(f"'{operand.name}' is a multi-select choice: use {PREFIX}ContainValues.")
        return comparison(operand, comparator.text, literal(value, operand.kind, operand.name))

    def _operand(self, path: str) -> Operand:
        *navigation, column = path.split("/")
        table, steps = self.table, []
        for name in navigation:
            if name not in table.lookups:
                raise no_such_property(name, table.name)
            lookup = table.lookups[name]
            steps.append((lookup.column, self.tables[lookup.table]))
            table = TABLES[lookup.table]
        if column not in table.columns:
            raise no_such_property(column, table.name)
        kind = table.columns[column]

        def read(row: Row) -> object:
            for step, rows in steps:
                related = rows.get(row.get(step))
                if related is None:
                    return None
                row = related
            value = row.get(column)
            return value.casefold() if kind is Kind.TEXT and value is not None else value

        if steps or kind is Kind.TEXT:
            return Operand(read, kind, path)
        return Operand(lambda row: row.get(column), kind, path, column if kind is Kind.GUID else None)

    def _function(self, name: str) -> Condition:
        self._expect("(")
        if name in TEXT_MATCHES:
            operand = self._operand(self._take().text)
            self._expect(",")
            part = unquoted(self._take())
            self._expect(")")
            if operand.kind is not Kind.TEXT:
                raise bad_query(f"No function signature for '{name}' matches '{operand.name}'.")
            return text_match(operand, name, part)
        if name not in (PREFIX + "In", PREFIX + "ContainValues", PREFIX + "Between"):
            raise bad_query(f"An unknown function with name '{name}' was found.")
        self._expect("PropertyName")
        self._expect("=")
        operand = self._operand(unquoted(self._take()))
        self._expect(",")
        self._expect("PropertyValues")
        self._expect("=")
        values = self._list()
        self._expect(")")
        return self._query_function(name.removeprefix(PREFIX), operand, values)

    def _list(self) -> list[str]:
        self._expect("[")
        values = [unquoted(self._take())]
        while self._next == Token("mark", ","):
            self._take()
            values.append(unquoted(self._take()))
        self._expect("]")
        return values

    def _query_function(self, name: str, operand: Operand, texts: list[str]) -> Condition:
        if (name == "ContainValues") != (operand.kind is Kind.CHOICES):
            raise bad_query(f"{name} cannot be used with '{operand.name}'.")
        if name == "ContainValues":
            return contain_values(operand, texts)
        if operand.name in self.table.targets() and not self.lookups_in_membership:
            raise bad_query(f"{name} with the lookup '{operand.name}' is not documented: join `eq` with `or`.")
        values = [value_of_text(text, operand.kind, operand.name) for text in texts]
        if name == "In":
            return membership(operand, values)
        if len(values) != 2:
            raise bad_query("Between takes two values.")
        return every([comparison(operand, "ge", values[0]), comparison(operand, "le", values[1])])
