"""Bodies of requests: bounded, and told what is wrong with them without repeating it."""

from collections.abc import Callable

import pytest

from capture.errors import Malformed, TooLarge
from capture.node import Node
from tests.pair import Pair

TAKES: dict[str, Callable[[Node, bytes], object]] = {
    "role": lambda node, body: node.role.run(body),
    "recovery": lambda node, body: node.asking.ask(body),
    "verification": lambda node, body: node.compliance.close("2026-11-22", body),
    "remove": lambda node, body: node.removing.run("r", body),
    "hold": lambda node, body: node.holding.run("r", body),
}


@pytest.fixture
def node() -> Node:
    pair = Pair()
    pair.turn()
    return pair.members["main"].node


@pytest.mark.parametrize("take", TAKES.values(), ids=TAKES)
def test_what_is_too_large_is_not_read(node: Node, take: Callable[[Node, bytes], object]) -> None:
    with pytest.raises(TooLarge, match="100000 bytes"):
        take(node, b" " * 100_000)


@pytest.mark.parametrize("take", TAKES.values(), ids=TAKES)
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff"])
def test_what_cannot_be_read_is_the_askers_mistake(
    node: Node, take: Callable[[Node, bytes], object], body: bytes
) -> None:
    with pytest.raises(Malformed, match="the body"):
        take(node, body)


def test_content_is_not_repeated(node: Node) -> None:
    with pytest.raises(Malformed) as raised:
        TAKES["hold"](node, b'{"created_on": "call +4915123456789", "by": "ann", "reason": "x"}')
    assert "created_on" in str(raised.value)
    assert "4915123456789" not in str(raised.value)
