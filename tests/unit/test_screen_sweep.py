"""What no webhook has said is found out, and so is a call that lasts too long."""

import pytest

from capture.errors import Permanent, Transient
from capture.model.identity import SessionId
from capture.model.session import merge_sessions
from tests.office import BOB, S1, Office, accepted, closed, ringing
from tests.pair import NAMES, Pair


def sweeps(office: Office, times: int) -> None:
    """Let the screen sweep of both nodes run, every nine seconds: watching takes its time."""
    for _ in range(times):
        office.pair.turn()


def test_the_sweep_repairs_what_no_webhook_has_said(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    office.pair.turn()
    office.pair.source.put_session(ringing())
    office.pair.turn()
    office.work()
    assert office.wanted("main") == office.wanted("peer") == {"s1:ann": "record"}
    office.pair.source.put_session(merge_sessions(merge_sessions(ringing(), accepted()), closed()))
    office.pair.turn()
    office.work()
    assert office.wanted("main") == office.wanted("peer") == {"s1:ann": "keep"}
    assert caplog.text.count("event=session_repaired") == 2
    assert office.pair.accounts["main"].stores.sessions.listed == set()


def test_the_sweep_finds_what_ended_long_ago_and_forgets_what_is_gone(office: Office) -> None:
    office.pair.turn()
    office.hear(ringing(), accepted(), ringing(SessionId("s2"), BOB))
    office.pair.source.put_session(merge_sessions(merge_sessions(ringing(), accepted()), closed()))
    office.pair.clock.advance(3600)
    office.pair.turn()
    office.pair.turn()
    office.work()
    assert office.wanted("main") == {"s1:ann": "keep"}
    assert office.pair.accounts["main"].stores.sessions.listed == {"s2"}
    sweeps(office, 8)
    assert office.pair.accounts["main"].stores.sessions.listed == set()


@pytest.mark.parametrize("answered", [True, False])
def test_a_session_that_dynamics_has_deleted_is_ended_at_both_nodes(office: Office, *, answered: bool) -> None:
    sweeps(office, 2)
    office.hear(ringing(), *([accepted()] if answered else []))
    sweeps(office, 7)
    assert office.wanted("main") == office.wanted("peer") == {"s1:ann": "record"}
    sweeps(office, 2)
    assert office.wanted("main") == office.wanted("peer") == {"s1:ann": "keep" if answered else "delete"}
    assert [office.pair.accounts[node].stores.sessions.listed for node in NAMES] == [set(), set()]


def test_a_session_that_dynamics_shows_late_goes_on(office: Office) -> None:
    sweeps(office, 2)
    office.hear(ringing())
    sweeps(office, 7)
    office.pair.source.put_session(merge_sessions(ringing(), accepted()))
    sweeps(office, 20)
    assert office.wanted("main") == office.wanted("peer") == {"s1:ann": "record"}


def test_the_peer_is_told_also_while_dynamics_cannot_be_read(office: Office) -> None:
    office.pair.turn()
    office.pair.members["main"].peer.link.down = True
    office.hear(ringing())
    assert office.wanted("peer") == {}
    office.pair.members["main"].peer.link.down = False
    office.pair.source.session_failures += [Transient("down")] * 1000
    office.pair.clock.advance(60)
    office.pair.members["main"].node.screen_sweep()
    assert office.pair.accounts["main"].stores.screen_outbox.count(10) == 0


def test_a_call_that_lasts_too_long_is_an_alarm(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    office.pair.source.put_session(merge_sessions(ringing(), accepted()))
    office.pair.turn()
    office.pair.turn()
    assert "long_call" not in caplog.text
    office.pair.clock.advance(7200)
    for _ in range(3):
        office.pair.turn()
    assert caplog.text.count("event=long_call node=main session=s1 minutes=120") == 1


def test_without_desktops_dynamics_is_not_asked_for_sessions() -> None:
    pair = Pair()
    for _ in range(3):
        pair.turn()
    assert "sessions_since" not in pair.source.calls


@pytest.mark.parametrize("call", ["boards.change", "sessions.close", "screens.send", "screens.let_go"])
def test_a_repair_that_fails_half_way_is_finished_by_the_queue(office: Office, call: str) -> None:
    office.pair.turn()
    office.hear(ringing(), accepted())
    office.pair.source.put_session(merge_sessions(merge_sessions(ringing(), accepted()), closed()))
    office.pair.members["main"].own.link.fail_next(call)
    sweeps(office, 4)
    assert office.wanted("main") == office.wanted("peer") == {"s1:ann": "keep"}
    for node in NAMES:
        assert office.pair.accounts[node].stores.sessions.listed == set()
        assert office.pair.accounts[node].stores.screens.bodies() == []


def test_a_repair_that_is_killed_half_way_is_finished_after_the_restart(office: Office) -> None:
    class Killed(Exception):
        pass

    office.pair.turn()
    office.hear(ringing(), accepted())
    office.pair.source.put_session(merge_sessions(merge_sessions(ringing(), accepted()), closed()))
    office.pair.members["main"].own.link.fail_next("boards.change", error=Killed())
    with pytest.raises(Killed):
        office.pair.turn("main")
    office.pair.start("main")
    sweeps(office, 4)
    assert office.wanted("main") == office.wanted("peer") == {"s1:ann": "keep"}


def test_an_agent_who_cannot_be_looked_up_at_once_is_recorded_seconds_later(office: Office) -> None:
    office.pair.turn()
    office.pair.source.put_session(ringing())
    office.pair.source.agent_failures += [Transient("429")]
    sweeps(office, 4)
    assert office.wanted("main") == office.wanted("peer") == {"s1:ann": "record"}


def test_one_session_that_cannot_be_repaired_holds_up_no_other(office: Office) -> None:
    office.pair.turn()
    office.pair.source.put_session(ringing())
    office.pair.source.put_session(ringing(SessionId("s2"), BOB))
    office.pair.source.agent_failures += [Permanent("no such agent")]
    office.pair.turn()
    office.work()
    assert office.wanted("main", "pc-2") == office.wanted("peer", "pc-2") == {"s2:bob": "record"}


def test_what_could_not_even_be_kept_is_repaired_by_the_next_sweep(office: Office) -> None:
    office.pair.turn()
    office.pair.source.put_session(ringing())
    office.pair.members["main"].own.link.fail_next("screens.hold")
    sweeps(office, 2)
    office.work()
    assert office.wanted("main") == office.wanted("peer") == {f"{S1}:ann": "record"}
