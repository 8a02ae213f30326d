"""Live calls write their rows when things happen; the clock is moved by hand, but for one call."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from dynamics_visitor import Visitor
from webhook_receiver import Receiver, receiving, until

from capture.model.identity import NodeName
from capture.omnichannel.webhook import facts_of
from lab.dynamics.live import LiveCalls
from lab.dynamics.organisation import Options, Organisation
from lab.dynamics.server import running_organisation
from lab.dynamics.tables import Row

NOW = datetime(2026, 11, 24, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


class Stage:
    """An organisation whose time is moved in small steps, so that everything happens when it is due."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.organisation = Organisation(Options(seed=3), self.clock)
        self.live = LiveCalls(self.organisation)
        self.agents = self.organisation.roster.agents

    def play(self, steps: Any, agent: int = 0, seconds: float = 15) -> list[dict[str, Any]]:  # noqa: ANN401 - a script
        self.live.start(agent, steps)
        self.passes(seconds)
        return self.live.truth()

    def passes(self, seconds: float) -> None:
        for _ in range(round(seconds * 4)):
            self.clock.now += timedelta(seconds=0.25)
            self.organisation.settle()

    def rows(self, table: str) -> list[Row]:
        return list(self.organisation.tables[table])


@pytest.fixture
def stage() -> Stage:
    return Stage()


def at(seconds: float) -> str:
    return (NOW + timedelta(seconds=seconds)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def test_a_call_that_is_answered(stage: Stage) -> None:
    (seat,) = stage.play([["ring", 0], ["accept", 2.0], ["hold", 5], ["resume", 7], ["end", 12]])
    assert (seat["called_on"], seat["accepted_on"], seat["closed_on"]) == (at(0), at(2), at(12))
    assert (seat["expected"], seat["mode"], seat["holds"]) == ("keep", "Primary", [[at(5), at(7)]])
    assert seat["agent_id"] == stage.agents[0]["systemuserid"]
    session = stage.organisation.tables["msdyn_ocsession"].get(seat["session_id"]) or {}
    assert session["msdyn_agentacceptedon"] == "2026-11-24T00:00:02Z"
    assert (session["msdyn_sessionclosedon"], session["statecode"]) == ("2026-11-24T00:00:12Z", 1)
    assert session["_msdyn_liveworkitemid_value"] == seat["conversation_id"]
    (hold,) = stage.rows("msdyn_ocsessionparticipantevent")
    assert (hold["msdyn_eventstarttime"], hold["msdyn_eventendtime"]) == (
        "2026-11-24T00:00:05Z",
        "2026-11-24T00:00:07Z",
    )
    kinds = [event["msdyn_eventtype"] - 192350000 for event in stage.rows("msdyn_sessionevent")]
    assert kinds == [2, 3, 17, 5]
    conversation = stage.organisation.tables["msdyn_ocliveworkitem"].get(seat["conversation_id"]) or {}
    assert (conversation["statecode"], conversation["statuscode"]) == (1, 4)
    (recording,) = stage.rows("msdyn_ocrecording")
    assert recording["_msdyn_liveworkitemid_value"] == seat["conversation_id"]
    assert recording["msdyn_recording"] in stage.organisation.files
    assert seat["recordings"] == [recording["msdyn_ocrecordingid"]]


@pytest.mark.parametrize(("script", "closed", "reason"), [("miss", 10, 192350002), ("decline", 3, 192350001)])
def test_a_call_that_nobody_answers(stage: Stage, script: str, closed: float, reason: int) -> None:
    (seat,) = stage.play(script)
    assert (seat["accepted_on"], seat["closed_on"], seat["expected"]) == (None, at(closed), "delete")
    (session,) = stage.rows("msdyn_ocsession")
    assert (session["msdyn_agentacceptedon"], session["msdyn_closurereason"]) == (None, reason)
    assert stage.rows("msdyn_ocrecording") == []


def test_while_it_goes_on_nothing_is_decided(stage: Stage) -> None:
    (seat,) = stage.play([["ring", 0], ["accept", 2], ["end", 30]], seconds=5)
    assert (seat["closed_on"], seat["expected"]) == (None, "record")


def test_a_transfer_is_another_session_of_another_agent(stage: Stage) -> None:
    one, two = stage.play([["ring", 0], ["accept", 2], ["transfer", 5, 1], ["end", 12]])
    assert one["conversation_id"] == two["conversation_id"]
    assert one["session_id"] != two["session_id"]
    assert (one["closed_on"], two["called_on"], two["accepted_on"]) == (at(5), at(5), at(6))
    assert (one["expected"], two["expected"]) == ("keep", "keep")
    assert two["agent_id"] == stage.agents[1]["systemuserid"]


def test_a_transfer_that_nobody_answers(stage: Stage) -> None:
    one, two = stage.play([["ring", 0], ["accept", 2], ["transfer", 5, 1], ["miss", 9]])
    assert (one["expected"], two["expected"], two["closed_on"]) == ("keep", "delete", at(9))


def test_a_call_goes_on_to_the_next_agent(stage: Stage) -> None:
    one, two = stage.play([["ring", 0], ["miss", 4], ["ring", 4.5, 1], ["accept", 6], ["end", 9]])
    assert (one["expected"], two["expected"]) == ("delete", "keep")
    assert one["conversation_id"] == two["conversation_id"]
    assert two["agent_id"] == stage.agents[1]["systemuserid"]
    (conversation,) = stage.rows("msdyn_ocliveworkitem")
    assert (conversation["statecode"], conversation["msdyn_closedon"]) == (1, "2026-11-24T00:00:09Z")


def test_a_consulted_agent_takes_part_in_the_same_session(stage: Stage) -> None:
    one, two = stage.play([["ring", 0], ["accept", 1], ["consult", 3, 2], ["leave", 6], ["end", 9]])
    assert one["session_id"] == two["session_id"]
    assert (two["mode"], two["called_on"], two["closed_on"], two["expected"]) == ("Consult", at(3), at(6), "keep")


@pytest.mark.parametrize(
    ("agent", "steps"),
    [
        (0, [["sing", 0]]),
        (0, [["ring"]]),
        (0, [["ring", -1]]),
        (0, [["transfer", 1]]),
        (0, [["accept", 0, 1]]),
        (99, [["ring", 0]]),
        ("nobody", [["ring", 0]]),
        (0, "sleep"),
    ],
)
def test_scripts_that_are_not_understood(stage: Stage, agent: int | str, steps: Any) -> None:  # noqa: ANN401 - wrong
    with pytest.raises(ValueError, match=r"."):
        stage.live.start(agent, steps)
    assert stage.live.truth() == []


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def test_a_live_call_leads_to_webhooks_in_real_time(receiver: Receiver) -> None:
    with running_organisation(Options(seed=1)) as running, Visitor(running) as visitor:
        visitor.sign_in()
        endpoint = visitor.made(
            "serviceendpoints", name="ris", url=receiver.url, contract=8, authtype=4, authvalue="the-key"
        )
        for table in ("msdyn_ocsession", "msdyn_sessionevent"):
            for known in visitor.rows("sdkmessagefilters", {"$filter": f"primaryobjecttypecode eq '{table}'"}):
                visitor.made(
                    "sdkmessageprocessingsteps",
                    **{
                        "name": table,
                        "stage": 40,
                        "mode": 1,
                        "sdkmessageid@odata.bind": f"/sdkmessages({known['_sdkmessageid_value']})",
                        "sdkmessagefilterid@odata.bind": f"/sdkmessagefilters({known['sdkmessagefilterid']})",
                        "eventhandler_serviceendpoint@odata.bind": f"/serviceendpoints({endpoint})",
                    },
                )
        visitor.lab("POST", "live", agent=0, steps=[["ring", 0], ["accept", 0.3], ["end", 0.8]])
        until(lambda: visitor.lab("GET", "live")[0]["expected"] == "keep")
        (seat,) = visitor.lab("GET", "live")
        assert seat["user"] == visitor.lab("GET", "agents")[0]["domainname"]
        until(lambda: visitor.lab("GET", "webhooks")["pending"] == 0)
        # created, accepted, closed; assigned, accepted, customer gone, session ended
        assert len(receiver.waits_for(7)) == 7
        facts = [
            facts_of(post.body, post.headers, node=NodeName("main"), received_at=NOW) for post in receiver.received
        ]
        told = [fact.session for fact in facts if fact is not None and fact.session is not None]
        assert {session.id for session in told} == {seat["session_id"]}
        assert any(session.accepted_on for session in told)
        assert any(session.closed_on for session in told)
        ids = {fact.event_id for fact in facts if fact is not None}
        assert ids == set(visitor.lab("GET", "webhooks")["acknowledged_ids"])
