"""What no webhook has said is found out, and so is a call that lasts too long."""

import pytest

from capture.model.identity import SessionId
from capture.model.session import merge_sessions
from tests.office import BOB, Office, accepted, closed, ringing
from tests.pair import Pair


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
    assert office.pair.accounts["main"].stores.sessions.listed == set()


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
