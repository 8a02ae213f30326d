"""What is kept for people: the catalogue, the reigns and the listenings."""

from dataclasses import replace
from datetime import date

import pytest

from capture.model.catalogue import Finding, Word, as_name, as_number
from capture.model.identity import ConversationId, Epoch, NodeName, RecordingId
from capture.model.reign import Reign
from capture.ports import Listening
from tests.contract.values import ODD_IDS, after
from tests.contract.worlds import World

DAY = after(0).date()
LINE = Finding(
    RecordingId("r1"),
    after(0),
    ConversationId("c1"),
    node=NodeName("main"),
    media_type="audio/mpeg",
    size=3_000_000_000,
    agents=("Jane Doe", "Ana María ~ Ruiz"),
    queue="Billing",
    customer="O'Neill",
    from_phone="+49 151 2345678",
    to_phone="+1 800 555 0100",
)


def found(world: World, word: tuple[Word, str] | None = None, day: date = DAY) -> list[str]:
    return [line.recording_id for line in world.main.catalogue.search(day, word, 100).findings]


def test_a_line_is_found_by_its_day_and_comes_back_whole(world: World) -> None:
    world.main.catalogue.add(LINE)
    assert world.main.catalogue.search(DAY, None, 10).findings == (LINE,)
    assert found(world, day=after(-86400).date()) == []


@pytest.mark.parametrize("name", ["jane", "Jane  DOE", "doe", "j", "ana maría ~ r", "ruiz", "~"])
def test_a_line_is_found_by_the_beginning_of_any_part_of_an_agents_name(world: World, name: str) -> None:
    world.main.catalogue.add(LINE)
    assert set(found(world, (Word.AGENT, as_name(name)))) == {"r1"}
    assert found(world, (Word.AGENT, as_name("oe"))) == []


@pytest.mark.parametrize("number", ["+491512345678", "0151 2345678", "345678", "800 555-0100"])
def test_a_line_is_found_by_the_end_of_a_number(world: World, number: str) -> None:
    world.main.catalogue.add(LINE)
    assert found(world, (Word.NUMBER, as_number(number))) == ["r1"]
    assert found(world, (Word.NUMBER, as_number("0151 234567"))) == []


@pytest.mark.parametrize("name", ODD_IDS)
def test_odd_ids_are_found_by_their_conversation(world: World, name: str) -> None:
    line = replace(LINE, recording_id=RecordingId(name), conversation_id=ConversationId(name))
    world.main.catalogue.add(line)
    assert found(world, (Word.CONVERSATION, name.lower())) == [name]


def test_pages_follow_one_another_without_loss(world: World) -> None:
    for number in range(7):
        name = RecordingId(f"r{number}")
        world.main.catalogue.add(replace(LINE, recording_id=name, created_on=after(number)))
    seen: list[str] = []
    after_key: str | None = None
    for _ in range(4):
        page = world.main.catalogue.search(DAY, (Word.AGENT, "jane"), 2, after_key)
        seen += [line.recording_id for line in page.findings]
        after_key = page.after
    assert seen == [f"r{number}" for number in range(7)]
    assert after_key is None


def test_what_is_archived_stays_so_and_a_description_is_not_lost(world: World) -> None:
    catalogue = world.main.catalogue
    parked = Finding(LINE.recording_id, LINE.created_on, LINE.conversation_id, state="parked", agents=("Jane Doe",))
    catalogue.add(parked)
    assert [line.state for line in catalogue.search(DAY, (Word.AGENT, "jane"), 9).findings] == ["parked"]
    catalogue.add(replace(LINE, agents=(), queue=None, customer=None, from_phone=None, to_phone=None))
    (line,) = catalogue.search(DAY, (Word.AGENT, "jane"), 9).findings
    assert (line.state, line.node, line.agents) == ("archived", "main", ("Jane Doe",))
    catalogue.add(parked)
    (line,) = catalogue.search(DAY, (Word.AGENT, "jane"), 9).findings
    assert (line.state, line.node) == ("archived", "main")


def test_a_removed_line_is_found_by_day_and_conversation_alone_with_nothing_personal(world: World) -> None:
    catalogue = world.main.catalogue
    catalogue.add(replace(LINE, agents=("An Earlier Agent",)))
    catalogue.add(LINE)
    other = replace(LINE, recording_id=RecordingId("r2"))
    catalogue.add(other)
    removed = Finding(LINE.recording_id, LINE.created_on, LINE.conversation_id, state="removed")
    catalogue.add(removed)
    catalogue.add(removed)
    assert catalogue.search(DAY, None, 9).findings == (removed, other)
    assert catalogue.search(DAY, (Word.CONVERSATION, "c1"), 9).findings == (removed, other)
    for word in ((Word.AGENT, "jane"), (Word.AGENT, "ruiz"), (Word.NUMBER, as_number("2345678"))):
        assert found(world, word) == ["r2"]
    assert found(world, (Word.AGENT, "earlier")) == []
    # What was found out before the removal may be told after it.
    catalogue.add(Finding(LINE.recording_id, LINE.created_on, LINE.conversation_id, state="parked", agents=("Jane",)))
    assert catalogue.search(DAY, (Word.CONVERSATION, "c1"), 9).findings == (removed, other)


def test_the_latest_reigns_come_first_and_the_first_word_about_one_holds(world: World) -> None:
    reigns = world.main.reigns
    assert reigns.latest(5) == []
    for epoch, node in ((1, "main"), (2, "peer"), (11, "main"), (2, "main")):
        reigns.note(Reign(Epoch(epoch), NodeName(node), after(epoch)))
    assert reigns.latest(5) == [
        Reign(Epoch(11), NodeName("main"), after(11)),
        Reign(Epoch(2), NodeName("peer"), after(2)),
        Reign(Epoch(1), NodeName("main"), after(1)),
    ]
    assert len(reigns.latest(2)) == 2


def test_of_many_reigns_the_oldest_go(world: World) -> None:
    for epoch in range(1, 504):
        world.main.reigns.note(Reign(Epoch(epoch), NodeName("main"), after(epoch)))
    latest = world.main.reigns.latest(1000)
    assert len(latest) == 500
    assert (latest[0].epoch, latest[-1].epoch) == (503, 4)


def test_a_person_who_listens_is_noted_once_in_ten_minutes(world: World) -> None:
    start = after(0).replace(hour=10, minute=0, second=0, microsecond=0)
    one = Listening(start, "id of Jane", "Jane", RecordingId("r1"))
    listenings = world.main.listenings
    assert listenings.note(one)
    assert not listenings.note(replace(one, at=start.replace(minute=9)))
    assert listenings.note(replace(one, at=start.replace(minute=10)))
    assert listenings.note(replace(one, who="id of Joe"))
    listed = listenings.of_day(start.date(), 10)
    assert [(each.who, each.at.minute) for each in listed] == [("id of Jane", 0), ("id of Joe", 0), ("id of Jane", 10)]
    assert listenings.of_day(after(-86400).date(), 10) == []
