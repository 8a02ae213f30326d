"""Who sits where, and whose screen is recorded there."""

from collections.abc import Callable

import pytest

from capture.model.conversation import Agent
from capture.model.identity import AgentId, SessionId
from tests.office import ANN, BOB, SECRET, Office, accepted, at, closed, ringing
from tests.pair import Pair


def test_an_agent_without_a_workstation_is_an_alarm_until_he_signs_in(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    office = Office()
    office.hear(ringing(), ringing())
    assert "seat s1:ann" in office.pair.accounts["main"].stores.alarms.alarms
    assert caplog.text.count("event=agent_without_workstation node=main") == 1
    assert office.pair.members["main"].node.status.read()["screens"]["alarms"] == 1
    office.sign_in("pc-1", "ann@contoso.com", "main")
    assert office.wanted("main") == office.wanted("peer") == {"s1:ann": "record"}
    assert office.pair.accounts["main"].stores.alarms.alarms == {}


def test_a_bot_has_no_workstation_and_that_is_no_alarm(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    bot = AgentId("bot")
    office.pair.source.agents[bot] = Agent(bot, "IVR", is_program=True)
    office.hear(ringing(agent=bot), accepted())
    assert office.pair.accounts["main"].stores.alarms.alarms == {}
    assert "agent_without_workstation" not in caplog.text
    office.hear(ringing(when=9))
    assert office.wanted("main") == office.wanted("peer") == {"s1:ann": "record"}


def test_nobody_waits_for_dynamics_to_say_who_an_agent_is_twice() -> None:
    later: list[Callable[[], None]] = []
    office = Office(Pair({"DESKTOP_SECRET": SECRET}, background=later.append))
    for workstation in ("pc-1", "pc-3"):
        office.sign_in(workstation, f"ann@{workstation}.example")
    office.pair.source.agents[ANN] = Agent(ANN, email="ann@pc-1.example")
    office.hear(ringing())
    assert office.wanted("main", "pc-1") == {"s1:ann": "record"}
    office.pair.source.agents[ANN] = Agent(ANN, email="ann@pc-3.example")
    later.clear()
    before = office.pair.source.calls.count("agent")
    office.hear(ringing(SessionId("s2")))
    assert office.pair.source.calls.count("agent") == before
    assert "s2:ann" in office.wanted("main", "pc-1")
    for work in later:
        work()
    office.hear(ringing(SessionId("s3")))
    assert office.wanted("main", "pc-3") == {"s3:ann": "record"}


def test_free_seating_follows_the_agent_from_call_to_call(office: Office) -> None:
    office.hear(ringing())
    office.sign_in("pc-3", "ann@contoso.com", since=30)
    office.hear(accepted(), ringing(SessionId("s2")))
    office.hear(closed())
    assert office.wanted("main", "pc-1") == {"s1:ann": "keep"}
    assert office.wanted("main", "pc-3") == {"s2:ann": "record"}


def test_who_moves_in_the_middle_of_a_session_is_stopped_where_it_began(office: Office) -> None:
    office.hear(ringing(), accepted())
    office.sign_in("pc-3", "ann@contoso.com", since=30)
    body = {"signed_in_at": at(0).isoformat()}
    assert office.call("main", "pc-1", "sign_out", body).status == 204
    office.work()
    for node in ("main", "peer"):
        assert office.wanted(node, "pc-1") == {"s1:ann": "record"}
    office.pair.start("peer")
    office.hear(closed(), node="peer")
    for node in ("main", "peer"):
        assert office.wanted(node, "pc-1") == {"s1:ann": "keep"}
        assert office.wanted(node, "pc-3") == {}


def test_of_two_workstations_the_latest_is_recorded_and_it_is_reported(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    office.sign_in("pc-3", "ann@contoso.com", since=30)
    office.hear(ringing())
    assert office.wanted("main", "pc-1") == {}
    assert office.wanted("main", "pc-3") == {"s1:ann": "record"}
    assert "event=workstations_doubled node=main agent=ann workstation=pc-3 others=pc-1" in caplog.text


def test_who_has_signed_out_is_not_recorded_there(office: Office) -> None:
    body = {"signed_in_at": at(0).isoformat()}
    late = {"signed_in_at": at(99).isoformat()}
    assert office.call("main", "pc-2", "sign_out", late).status == 204
    assert office.call("main", "pc-1", "sign_out", body).status == 204
    office.work()
    office.hear(ringing(), ringing(SessionId("s2"), BOB))
    assert office.wanted("main", "pc-1") == office.wanted("peer", "pc-1") == {}
    assert office.wanted("main", "pc-2") == {"s2:bob": "record"}


def test_a_clock_that_was_ahead_costs_nobody_the_seat(office: Office) -> None:
    office.sign_in("pc-3", "bob@contoso.com", since=3600)
    office.pair.clock.advance(300)
    office.sign_in("pc-3", "ann@contoso.com", since=300)
    office.hear(ringing())
    assert office.wanted("main", "pc-3") == office.wanted("peer", "pc-3") == {"s1:ann": "record"}


def test_a_workstation_does_not_win_by_saying_a_later_time(office: Office) -> None:
    office.sign_in("pc-3", "ann@contoso.com", since=10**9)
    office.pair.clock.advance(20)
    office.sign_in("pc-4", "ann@contoso.com", since=19)
    office.sign_in("pc-3", "ann@contoso.com", since=10**9)  # its sign of life
    office.hear(ringing(when=20))
    assert office.wanted("main", "pc-4") == office.wanted("peer", "pc-4") == {"s1:ann": "record"}
    assert office.wanted("main", "pc-3") == office.wanted("peer", "pc-3") == {}


def test_alarms_can_be_read() -> None:
    office = Office()
    office.hear(ringing(agent=BOB))
    alarms = office.pair.members["main"].node.alarms.listed()
    assert alarms == [
        {"key": "seat s1:bob", "text": "agent bob has no workstation", "since": "2026-11-22T10:00:00Z"},
    ]
