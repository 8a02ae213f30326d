"""Jobs go to the node with the least outstanding work."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from capture.model.identity import NodeName
from capture.redundancy.sharing import share

MAIN, PEER = NodeName("main"), NodeName("peer")


def test_equally_busy_nodes_get_equal_shares() -> None:
    assert Counter(share(10, {}, (MAIN, PEER))) == {MAIN: 5, PEER: 5}


def test_the_busier_node_gets_less() -> None:
    assert Counter(share(6, {MAIN: 4}, (MAIN, PEER))) == {MAIN: 1, PEER: 5}


@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 30))
def test_the_load_ends_up_as_even_as_it_can_be(count: int, main: int, peer: int) -> None:
    given_out = Counter(share(count, {MAIN: main, PEER: peer}, (MAIN, PEER)))
    assert given_out.total() == count
    gap = abs(main + given_out[MAIN] - peer - given_out[PEER])
    assert gap <= max(1, abs(main - peer) - count)


@given(st.integers(0, 30), st.integers(0, 30))
def test_a_node_that_is_left_out_gets_nothing(count: int, main: int) -> None:
    assert set(share(count, {MAIN: main, PEER: 0}, (MAIN,))) <= {MAIN}
