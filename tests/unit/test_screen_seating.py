"""Who sits where, and whose screen is recorded there."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from capture.messages import screen_facts
from capture.model.conversation import Agent
from capture.model.identity import AgentId, SessionId
from capture.model.session import merge_sessions
from capture.model.workstation import Place
from capture.ports import Alarm
from tests.office import ANN, BOB, SECRET, Office, accepted, at, closed, ringing
from tests.pair import NAMES, Pair


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


def test_an_alarm_that_is_raised_costs_no_further_calls() -> None:
    office = Office()
    calls = office.pair.accounts["main"].stores.alarms.power.calls
    office.hear(ringing())
    assert calls.count("alarms.raise_") == 1
    office.hear(accepted())
    assert calls.count("alarms.raise_") == 1


def test_who_is_accepted_late_without_a_workstation_is_an_alarm_all_the_same() -> None:
    office = Office()
    office.hear(merge_sessions(ringing(), closed()))
    alarms = office.pair.accounts["main"].stores.alarms.alarms
    assert "seat s1:ann" not in alarms
    office.hear(accepted())
    assert "seat s1:ann" in alarms


def test_many_other_alarms_hide_nobody_who_waits() -> None:
    office = Office()
    for number in range(10_001):
        alarm = Alarm(f"long {number}", office.pair.clock.now(), "long", SessionId(f"x{number}"))
        office.pair.accounts["main"].stores.alarms.raise_(alarm)
    office.hear(ringing())
    office.sign_in("pc-1", "ann@contoso.com", since=2)
    assert office.wanted("main") == office.wanted("peer") == {"s1:ann": "record"}


def test_a_seat_that_could_not_be_placed_is_placed_after_a_restart_too() -> None:
    office = Office()
    office.hear(ringing())
    body = {"user": "ann@contoso.com", "signed_in_at": at(2).isoformat()}
    for node in NAMES:
        office.pair.accounts[node].stores.alarms.fail_next("listed")
        office.call(node, "pc-1", "sign_in", body)
        office.pair.start(node)
    assert office.wanted("main") == office.wanted("peer") == {}
    office.pair.clock.advance(15)
    for node in NAMES:
        assert office.call(node, "pc-1", "sign_in", body).status == 200
    assert office.wanted("main") == office.wanted("peer") == {"s1:ann": "record"}
    for node in NAMES:
        assert office.pair.accounts[node].stores.alarms.alarms == {}


def test_a_sign_of_life_looks_after_its_own_seats_only_and_not_every_time() -> None:
    office = Office()
    office.sign_in("pc-2", "bob@contoso.com")
    office.hear(ringing(), ringing(SessionId("s2")), closed(SessionId("s2")))
    calls = office.pair.accounts["main"].power.calls
    before = len(calls)
    for _ in range(10):
        office.sign_in("pc-2", "bob@contoso.com", "main")
        office.pair.clock.advance(5)
    assert calls[before:].count("alarms.listed") == 4
    assert "sessions.get" not in calls[before:]


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


def test_two_nodes_that_know_different_sign_ins_have_one_recording_at_the_latest(office: Office) -> None:
    main, peer = (office.pair.members[name].node for name in NAMES)
    office.pair.members["peer"].peer.link.down = True
    office.call("peer", "pc-9", "sign_in", {"user": "ann@contoso.com", "signed_in_at": at(5).isoformat()})
    office.pair.members["peer"].peer.link.down = False
    office.pair.clock.advance(30)  # main hears of the sign-in with the next sign of life only
    for node, name in ((main, "main"), (peer, "peer")):
        node.screen(screen_facts.to_json(office.fact(ringing(when=6), name)))
    assert (office.wanted("main"), office.wanted("peer", "pc-9")) == ({"s1:ann": "record"}, {"s1:ann": "record"})
    office.work()
    for node in NAMES:
        assert office.wanted(node, "pc-9") == {"s1:ann": "record"}
    assert (office.wanted("main"), office.wanted("peer")) == ({"s1:ann": "delete"}, {})
    office.hear(accepted(), closed())
    for node in NAMES:
        assert office.wanted(node, "pc-9") == {"s1:ann": "keep"}
    assert (office.wanted("main"), office.wanted("peer")) == ({"s1:ann": "delete"}, {})


def test_who_has_not_placed_a_seat_places_it_where_the_peer_has_it(office: Office) -> None:
    office.pair.members["peer"].peer.link.down = True
    office.call("peer", "pc-9", "sign_in", {"user": "ann@contoso.com", "signed_in_at": at(5).isoformat()})
    office.pair.members["peer"].peer.link.down = False
    office.hear(ringing(when=6))
    for node in NAMES:
        assert office.wanted(node) == {"s1:ann": "record"}
        assert office.wanted(node, "pc-9") == {}


def test_whose_workstation_only_the_peer_knows_is_no_alarm_for_long(office: Office) -> None:
    cat = AgentId("cat")
    office.pair.source.agents[cat] = Agent(cat, email="cat@contoso.com")
    office.pair.members["peer"].peer.link.down = True
    office.call("peer", "pc-9", "sign_in", {"user": "cat@contoso.com", "signed_in_at": at(5).isoformat()})
    office.pair.members["peer"].peer.link.down = False
    office.pair.clock.advance(30)
    office.hear(ringing(agent=cat))
    assert list(office.pair.accounts["main"].stores.alarms.alarms) == ["seat s1:cat"]
    office.hear(ringing(agent=cat), node="peer")
    assert office.wanted("main", "pc-9") == office.wanted("peer", "pc-9") == {"s1:cat": "record"}
    assert office.pair.accounts["main"].stores.alarms.alarms == {}


def test_of_two_recordings_that_have_gone_on_for_long_both_are_kept(office: Office) -> None:
    for name in NAMES:
        office.pair.members[name].peer.link.down = True
    office.call("peer", "pc-9", "sign_in", {"user": "ann@contoso.com", "signed_in_at": at(5).isoformat()})
    for name in NAMES:
        office.pair.members[name].node.screen(screen_facts.to_json(office.fact(ringing(when=6), name)))
    for name in NAMES:
        office.pair.members[name].peer.link.down = False
    office.pair.clock.advance(60)
    for name in NAMES:
        office.pair.members[name].node.screen_sweep()
    office.work()
    assert office.wanted("main") == office.wanted("peer", "pc-9") == {"s1:ann": "record"}
    office.hear(accepted(), closed(when=70))
    assert office.wanted("main") == office.wanted("peer", "pc-9") == {"s1:ann": "keep"}


def test_another_instance_ends_a_seat_where_it_has_been_moved_to(office: Office) -> None:
    office.hear(ringing())
    stale = office.pair.members["main"]
    fact = office.fact(ringing(), "peer")
    place = Place(ANN, "pc-9", at(5), at(6))
    other = office.pair.start("main")
    other.node.screen(screen_facts.to_json(replace(fact, forwarded=True, places=(place,))))
    assert office.wanted("main", "pc-9") == {"s1:ann": "record"}
    stale.node.screen(screen_facts.to_json(office.fact(merge_sessions(accepted(), closed()))))
    assert office.wanted("main", "pc-9") == {"s1:ann": "keep"}
    assert office.wanted("main") == {"s1:ann": "delete"}


@pytest.mark.parametrize("call", ["boards.change", "sessions.move"])
def test_a_move_that_is_killed_is_made_by_the_next_delivery(office: Office, call: str) -> None:
    class Killed(Exception):
        pass

    office.hear(ringing())
    place = Place(ANN, "pc-9", at(5), at(6))
    body = screen_facts.to_json(replace(office.fact(ringing(), "peer"), forwarded=True, places=(place,)))
    office.pair.members["main"].own.link.fail_next(call, error=Killed())
    with pytest.raises(Killed):
        office.pair.members["main"].node.screen(body)
    office.pair.start("main").node.screen(body)
    assert (office.wanted("main"), office.wanted("main", "pc-9")) == ({"s1:ann": "delete"}, {"s1:ann": "record"})


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
