"""The webhook side: what is answered with 202 is kept, and what is kept is applied."""

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from capture.console.answer import Answer, answer
from capture.errors import Permanent
from capture.messages import RowRef, ScreenFact, screen_facts
from capture.model.conversation import Agent
from capture.model.identity import AgentId
from capture.model.session import Mark, MarkKind
from capture.screen.background import Bounded, at_once
from tests.office import SECRET, Office, at
from tests.pair import Pair

PAYLOADS = Path(__file__).parents[1] / "payloads"
CREATE = (PAYLOADS / "session-create.json").read_bytes()


def _ignore(_: object) -> None:
    """Wait for it, whatever it is."""


def never(_: Callable[[], None]) -> None:
    """Be killed before the background work begins."""


def ris(office: Office, body: bytes, headers: dict[str, str] | None = None, *, header: bool = False) -> Answer:
    receiver = office.pair.members["main"].node.ris
    take = receiver.by_header if header else receiver.receive
    return answer(lambda: take(body, headers or {}), status=202)


@pytest.fixture
def office() -> Office:
    made = Office(Pair({"DESKTOP_SECRET": SECRET, "RIS_HEADER_SECRET": "new", "RIS_HEADER_SECRET_PREVIOUS": "old"}))
    owner = json.loads(screen_facts.to_json(heard(made)[0]))["session"]["owner"]["value"]
    made.pair.source.agents[AgentId(owner)] = Agent(owner, email="ann@contoso.com")
    made.sign_in("pc-1", "ann@contoso.com")
    return made


def heard(office: Office) -> list[ScreenFact]:
    node = office.pair.members["main"].node
    return list(node.ris.parse(CREATE, {}, node.name, office.pair.clock.now()))


def test_it_is_kept_and_applied_at_once(office: Office) -> None:
    said = ris(office, CREATE)
    assert (said.status, json.loads(said.body)) == (202, {"kept": 1})
    assert list(office.wanted("main").values()) == ["record"]
    assert office.pair.accounts["main"].stores.screens.bodies() == []
    office.work()
    assert list(office.wanted("peer").values()) == ["record"]


def test_a_node_killed_between_answer_and_applying_loses_nothing(office: Office) -> None:
    office.pair.background = never
    office.pair.start("main")
    assert ris(office, CREATE).status == 202
    office.pair.background = at_once
    office.pair.start("main")
    office.work()
    assert office.wanted("main") == {}
    office.pair.clock.advance(10)
    office.work()
    assert list(office.wanted("main").values()) == list(office.wanted("peer").values()) == ["record"]


def test_what_cannot_be_applied_now_is_applied_by_the_queue(office: Office) -> None:
    office.pair.accounts["main"].stores.sessions.fail_next("merge")
    assert ris(office, CREATE).status == 202
    assert office.wanted("main") == {}
    office.pair.clock.advance(10)
    office.work()
    assert list(office.wanted("main").values()) == ["record"]


def test_how_long_it_takes_to_keep_it_is_logged(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    receiver = office.pair.members["main"].node.ris
    slow = replace(receiver, ready=lambda: office.pair.clock.advance(0.25))
    with caplog.at_level("INFO", logger="capture"):
        slow.receive(CREATE, {})
    kept = [record.getMessage() for record in caplog.records if "event=screen_event_kept" in record.getMessage()]
    assert [line.rpartition(" ")[2] for line in kept] == ["ms=250"]


def test_what_cannot_be_kept_is_answered_with_try_again(office: Office) -> None:
    office.pair.accounts["main"].stores.screens.fail_next("hold")
    assert ris(office, CREATE).status == 503
    office.pair.accounts["main"].stores.screens.fail_next("hold", error=Permanent("unexpected answer"))
    assert ris(office, CREATE).status == 503
    assert office.wanted("main") == {}


def test_what_is_no_webhook_is_refused_with_a_reason(office: Office) -> None:
    said = ris(office, b"[]")
    assert said.status == 400
    assert json.loads(said.body)["error"]
    assert ris(office, b"x" * 1048577).status == 413


def test_other_tables_are_accepted_ignored_and_counted(office: Office) -> None:
    body = json.dumps({**json.loads(CREATE), "PrimaryEntityName": "account"}).encode()
    assert json.loads(ris(office, body).body) == {"kept": 0}
    assert office.pair.members["main"].node.status.read()["screens"]["ignored"] == 1
    assert office.pair.accounts["main"].stores.screens.bodies() == []


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"x-ris-secret": "new"}, 202),
        ({"X-RIS-Secret": "old"}, 202),
        ({"x-ris-secret": "neu"}, 401),
        ({"x-ris-secret": "ünïcödé"}, 401),
        ({"x-ris-secret": ""}, 401),
        ({}, 401),
    ],
)
def test_the_header_secret_and_the_one_before_it(office: Office, headers: dict[str, str], status: int) -> None:
    assert ris(office, CREATE, headers, header=True).status == status


def test_the_header_way_is_off_without_a_secret() -> None:
    assert ris(Office(), CREATE, {"x-ris-secret": ""}, header=True).status == 401


def test_a_session_too_large_for_a_message_is_read_back(office: Office) -> None:
    (fact,) = heard(office)
    assert fact.session is not None
    marks = tuple(Mark(MarkKind.HOLD, f"{number:036}", at(number), at(number)) for number in range(800))
    office.pair.background = never
    receiver = office.pair.start("main").node.ris
    large = replace(fact, session=replace(fact.session, marks=marks))
    assert replace(receiver, parse=lambda *_: [large]).receive(b"", {}) == {"kept": 1}
    (body,) = office.pair.accounts["main"].stores.screens.bodies()
    assert screen_facts.from_json(body).read_back == RowRef(None, fact.session.id)


def test_the_background_takes_no_more_than_it_can_hold() -> None:
    done: list[int] = []
    waiting = Bounded(threads=1, most=2)
    gate = threading.Event()
    waiting(lambda: _ignore(gate.wait(5)))
    waiting(lambda: done.append(1))
    waiting(lambda: done.append(2))
    gate.set()
    waiting._pool.shutdown(wait=True)
    assert done == [1]
    waiting(lambda: done.append(3))
    assert done == [1]


def test_a_refused_sender_is_logged_for_the_alert(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    assert ris(office, CREATE, {"x-ris-secret": "guess"}, header=True).status == 401
    (line,) = [record.getMessage() for record in caplog.records if "stranger_refused" in record.getMessage()]
    assert line.startswith("event=stranger_refused node=main why=")
    assert "guess" not in line
