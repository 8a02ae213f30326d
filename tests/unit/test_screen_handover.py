"""Hand-over between the nodes: a recording is archived whichever of them has its bytes and whichever is told."""

import pytest

from capture.errors import Permanent, Transient
from capture.messages import screen_files
from capture.model.identity import SessionId
from tests.office import ANN, Office, accepted, closed, ringing

VIDEO = b"video" * 900
S2 = SessionId("s2")


@pytest.fixture
def office() -> Office:
    made = Office()
    made.sign_in("pc-1", "ann@contoso.com")
    made.hear(ringing(), accepted(), closed())
    return made


def test_a_report_that_reaches_the_other_node_is_passed_on_to_the_one_with_the_bytes(office: Office) -> None:
    office.stage("main", VIDEO)
    assert office.report("peer", "pc-1", ANN, VIDEO).status == 202
    office.work()
    assert office.pair.archived("main") == {"screen-s1-ann-1"}
    assert office.pair.archived("peer") == set()
    for node in ("main", "peer"):
        assert office.pair.accounts[node].stores.staged.blobs == {}
        assert office.board(node, "pc-1").orders["s1:ann"].archived
        assert office.pair.accounts[node].stores.screen_files.bodies() == []


def test_so_is_one_of_which_this_node_has_only_the_beginning(office: Office) -> None:
    office.stage("peer", VIDEO[:500])
    office.stage("main", VIDEO)
    assert office.report("peer", "pc-1", ANN, VIDEO).status == 202
    office.work()
    assert office.pair.archived("main") == {"screen-s1-ann-1"}
    assert office.pair.archived("peer") == set()


@pytest.mark.parametrize("error", [Transient("down"), Permanent("unexpected answer")])
def test_a_peer_that_cannot_be_told_is_told_later(office: Office, error: Exception) -> None:
    office.stage("main", VIDEO)
    assert office.report("peer", "pc-1", ANN, VIDEO).status == 202
    office.pair.accounts["main"].stores.screen_files.fail_next("send", error=error)
    office.work()
    assert office.pair.archived("main") == set()
    office.pair.clock.advance(5)
    office.work()
    assert office.pair.archived("main") == {"screen-s1-ann-1"}


def test_what_neither_node_has_is_passed_on_once_and_kept_aside_with_the_reason(office: Office) -> None:
    assert office.report("peer", "pc-1", ANN, VIDEO).status == 202
    for _ in range(6):
        office.work()
        office.pair.clock.advance(100)
    sent = {
        node: [screen_files.from_json(body) for body in office.pair.accounts[node].stores.screen_files.sent]
        for node in ("main", "peer")
    }
    assert [command.passed_on for command in sent["peer"]] == [False]
    assert {command.passed_on for command in sent["main"]} == {True}
    assert office.pair.accounts["peer"].stores.state.rejected() == []
    ((queue, reason),) = office.pair.accounts["main"].stores.state.rejected()
    assert queue == "screenfile"
    assert "nothing has been staged under this name" in reason


def test_what_is_passed_on_waits_there_for_the_end_of_its_session(office: Office) -> None:
    office.hear(ringing(S2), accepted(S2))
    office.stage("main", VIDEO, session=S2)
    assert office.report("peer", "pc-1", ANN, VIDEO, S2).status == 202
    office.work()
    office.hear(closed(S2))
    office.pair.clock.advance(10)
    office.work()
    assert office.pair.archived("main") == {"screen-s2-ann-1"}
