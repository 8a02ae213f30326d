"""What the console answers: the page, the pair, searches, conversations and media."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from capture.console import media
from capture.console.access import SIGN_IN
from capture.console.answer import Answer
from capture.console.desk import Asked
from capture.model.conversation import Agent, Conversation, Session
from capture.model.identity import ConversationId
from capture.model.recording import Recording
from tests.pair import Pair

PAGE = Path(media.__file__).parent / "page"
ROOT = "http://127.0.0.1:7071/api/console"


def ask(pair: Pair, path: str, node: str = "main", headers: dict[str, str] | None = None, **query: str) -> Answer:
    return pair.members[node].node.console.answer(Asked("GET", path, f"{ROOT}/{path}", query, headers or {}))


def read(pair: Pair, path: str, node: str = "main", **query: str) -> Any:  # noqa: ANN401  JSON
    said = ask(pair, path, node, **query)
    assert said.status == 200, said.body
    return json.loads(said.body)


def call(pair: Pair, name: str, agent: str, number: str) -> Recording:
    """A recording whose call is described."""
    now = pair.clock.now()
    recording = pair.publish(conversation=name)
    session = Session(
        f"s-{name}", Agent(f"id of {agent}", agent), accepted_on=now - timedelta(seconds=60), closed_on=now
    )
    pair.source.metadata[ConversationId(name)] = Conversation(
        ConversationId(name), now, finished=True, queue="Billing", from_phone=number, sessions=(session,)
    )
    return recording


@pytest.fixture
def pair() -> Pair:
    pair = Pair()
    pair.turn()
    return pair


def test_the_page_and_all_that_it_names_are_served_with_a_strict_policy(pair: Pair) -> None:
    page = ask(pair, "")
    assert page.media_type.startswith("text/html")
    for path in PAGE.iterdir():
        said = ask(pair, path.name)
        assert said.status == 200
        assert said.body == path.read_bytes()
        assert "default-src 'none'; script-src 'self'" in said.headers["Content-Security-Policy"]
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/", "")
        assert "http:" not in text, "nothing names another host"
        assert "https:" not in text
    assert ask(pair, "../desk.py").status == ask(pair, "console.php").status == 404


def test_nobody_gets_anything_from_another_host(pair: Pair) -> None:
    for path in ("", "console.js", "pair", "search", "conversations/c1", "media/r0001", "recovery"):
        asked = Asked("GET", path, f"https://node.contoso.com/api/console/{path}", {}, {})
        assert pair.members["main"].node.console.answer(asked).status == 401


def test_in_azure_the_page_leads_to_the_sign_in_and_what_it_asks_for_is_refused() -> None:
    azure = {"WEBSITE_SITE_NAME": "capture-main", "WEBSITE_AUTH_ENABLED": "True", "CONSOLE_TENANT_ID": "tenant-1"}
    pair = Pair(settings=azure)
    page = ask(pair, "")
    assert (page.status, page.headers["Location"]) == (302, SIGN_IN)
    assert ask(pair, "pair").status == ask(pair, "console.js").status == 401
    closed = Pair(settings={**azure, "CONSOLE_TENANT_ID": ""})
    assert ask(closed, "").status == 401


def test_a_change_without_the_pages_own_header_is_refused_and_a_missing_part_is_said(pair: Pair) -> None:
    asked = Asked("POST", "recovery", f"{ROOT}/recovery", {}, {}, b"{}")
    console = pair.members["main"].node.console
    assert console.answer(asked).status == 401
    missing = replace(asked, path="elsewhere", headers={"x-capture-console": "1"})
    assert console.answer(missing).status == 404
    more = replace(console, more={"recovery": lambda request: {"got": request.body.decode()}})
    said = more.answer(replace(asked, headers={"x-capture-console": "1"}))
    assert json.loads(said.body) == {"got": "{}"}
    assert more.answer(asked).status == 401


def test_a_request_is_asked_for_listed_and_shown_with_what_it_has_found(pair: Pair) -> None:
    body = json.dumps({"ids": ["no-such-recording"]}).encode()
    node = pair.members["main"].node
    asked = Asked("POST", "recovery", f"{ROOT}/recovery", {}, {"x-capture-console": "1"}, body)
    name = json.loads(node.console.answer(asked).body)["id"]
    pair.turn()
    for _ in range(3):
        node.recover()
    assert name in [each["id"] for each in read(pair, "recovery")]
    (item,) = read(pair, f"recovery/{name}")["items"]
    assert (item["id"], item["outcome"]) == ("no-such-recording", "failed")
    assert ask(pair, "recovery/nobody").status == 404


def test_the_pair_shows_both_nodes_from_either(pair: Pair) -> None:
    for _ in range(4):
        pair.publish()
    pair.turn()
    pair.turn()
    for node in ("main", "peer"):
        seen = read(pair, "pair", node)
        assert seen["node"] == node
        assert seen["active"] == "main"
        assert [each["role"] for each in seen["nodes"]] == ["ACTIVE", "READY"]
        assert [each["archived"] for each in seen["nodes"]] == [2, 2]
        assert [(each["epoch"], each["node"]) for each in seen["reigns"]] == [(1, "main")]
        assert len(seen["hours"]) == 24
        assert sum(hour["main"] + hour["peer"] for hour in seen["hours"]) == 4


def test_the_pair_is_shown_with_the_other_region_down_and_the_failover_is_on_the_line(pair: Pair) -> None:
    pair.accounts["main"].power.down = True
    for _ in range(8):
        pair.turn("peer")
    seen = read(pair, "pair", "peer")
    assert seen["active"] == "peer"
    assert [each["role"] for each in seen["nodes"]] == ["SILENT", "ACTIVE"]
    assert seen["nodes"][0]["queued"] is None
    assert [each["node"] for each in seen["reigns"]] == ["main", "peer"]
    assert "node_silent" in {alarm["name"] for alarm in seen["alarms"]}


def test_a_recording_is_found_on_both_nodes_by_day_agent_number_and_conversation(pair: Pair) -> None:
    recording = call(pair, "talk-1", "Jane Doe", "+49 151 2345678")
    other = call(pair, "talk-2", "Joe Bloggs", "+49 151 9999999")
    pair.turn()
    pair.turn()
    day = f"{recording.created_on:%Y-%m-%d}"
    for node in ("main", "peer"):
        found = [line["recording_id"] for line in read(pair, "search", node, day=day)["findings"]]
        assert found == [recording.id, other.id]
        queries: list[dict[str, str]] = [
            {"agent": "doe"},
            {"number": "0151 234 56 78"},
            {"conversation": "TALK-1", "day": day},
            {"agent": "jane", "number": "45678"},
        ]
        for query in queries:
            (line,) = read(pair, "search", node, **query)["findings"]
            assert line["recording_id"] == recording.id
            assert line["agents"] == ["Jane Doe"]
        (line,) = read(pair, "search", node, conversation="talk-1")["findings"]
        assert line["state"] == "archived"
        assert read(pair, "search", node, agent="jane", number="9999")["findings"] == []


def test_a_removed_recording_is_found_without_anything_personal(pair: Pair) -> None:
    recording = call(pair, "talk-1", "Jane Doe", "+49 151 2345678")
    pair.turn()
    pair.turn()
    said = {"created_on": recording.created_on.isoformat(), "by": "ann", "reason": "a card number is read out"}
    pair.members["peer"].node.removing.run(recording.id, json.dumps(said).encode())
    pair.turn()
    pair.turn()
    day = f"{recording.created_on:%Y-%m-%d}"
    for node in ("main", "peer"):
        assert read(pair, "search", node, agent="jane")["findings"] == []
        assert read(pair, "search", node, number="45678")["findings"] == []
        for query in ({"day": day}, {"conversation": "talk-1", "day": day}, {"conversation": "talk-1"}):
            (line,) = read(pair, "search", node, **query)["findings"]
            assert (line["recording_id"], line["state"], line["agents"]) == (recording.id, "removed", [])
            assert line["from_phone"] is line["to_phone"] is line["customer"] is line["queue"] is None
        played = ask(pair, f"media/{recording.id}", node, at=recording.created_on.isoformat())
        assert played.status == 404
        assert "removed" in str(played.body)


def test_pages_of_several_days_follow_one_another_the_latest_day_first() -> None:
    pair = Pair(settings={"FIRST_LOOKBACK_HOURS": "96"})
    published = [pair.publish(ago=3600 * hours) for hours in (49, 26, 25, 1)]
    for _ in range(3):
        pair.turn()
    today = pair.clock.now()
    first = f"{today - timedelta(days=3):%Y-%m-%d}"
    seen: list[str] = []
    after = ""
    for _ in range(20):
        page = read(pair, "search", day=first, to=f"{today:%Y-%m-%d}", limit="1", after=after)
        seen += [line["recording_id"] for line in page["findings"]]
        after = page["after"] or ""
        if not after:
            break
    latest_day_first = sorted(published, key=lambda each: (-each.created_on.toordinal(), each.created_on))
    assert seen == [each.id for each in latest_day_first]
    assert after == ""


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ({"day": "yesterday"}, "day:"),
        ({"day": "2026-11-22", "to": "2026-11-21"}, "to:"),
        ({"day": "2026-11-01", "to": "2026-12-02"}, "at most 31 days"),
        ({"number": "none"}, "number:"),
        ({"limit": "0"}, "limit:"),
        ({"limit": "many"}, "limit:"),
        ({"after": "nonsense"}, "after:"),
    ],
)
def test_a_search_that_cannot_be_made_says_what_is_wrong(pair: Pair, query: dict[str, str], why: str) -> None:
    said = ask(pair, "search", **query)
    assert said.status == 400
    assert why in json.loads(said.body)["error"]


def test_a_conversation_has_its_agents_times_and_recordings(pair: Pair) -> None:
    recording = call(pair, "talk-1", "Jane Doe", "+49 151 2345678")
    pair.turn()
    pair.turn()
    view = read(pair, "conversations/talk-1", "peer")
    assert view["conversation"]["from_phone"] == "+49 151 2345678"
    assert [session["agent"] for session in view["sessions"]] == ["Jane Doe"]
    (line,) = view["recordings"]
    assert line["id"] == recording.id
    assert line["state"] == "archived"
    assert len(line["sha256"]) == 64
    assert ask(pair, "conversations/nobody-knows").status == 404


def listen(pair: Pair, recording: Recording, wanted: str, node: str = "main") -> Answer:
    at = recording.created_on.isoformat().replace("+00:00", "Z")
    return ask(pair, f"media/{quote(recording.id)}", node, {"range": wanted}, at=at)


@pytest.mark.parametrize("node", ["main", "peer"])
def test_a_recording_is_played_in_pieces_wherever_it_lies_and_that_is_kept_once(pair: Pair, node: str) -> None:
    recordings = [pair.publish() for _ in range(2)]
    pair.turn()
    pair.turn()
    for recording in recordings:
        whole = listen(pair, recording, "bytes=0-", node)
        assert whole.status == 206
        assert whole.body == pair.source.files[recording.id]
        assert whole.headers["Content-Range"] == "bytes 0-1999/2000"
        piece = listen(pair, recording, "bytes=100-199", node)
        assert (piece.body, piece.headers["Content-Range"]) == (whole.body[100:200], "bytes 100-199/2000")
        assert listen(pair, recording, "bytes=-10", node).body == whole.body[-10:]
        beyond = listen(pair, recording, "bytes=2000-", node)
        assert (beyond.status, beyond.headers["Content-Range"]) == (416, "bytes */2000")
        assert listen(pair, recording, "lines=1-2", node).status == 400
    kept = pair.members[node].own.listenings.of_day(pair.clock.now().date(), 10)
    assert [(each.who, each.recording_id) for each in kept] == [("local", each.id) for each in recordings]


def test_a_long_recording_comes_in_pieces_of_two_mebibytes(pair: Pair) -> None:
    content = b"ID3\x04" + bytes(media.PIECE + 10)
    recording = pair.publish(content)
    pair.turn()
    pair.turn()
    first = listen(pair, recording, "bytes=0-")
    assert len(first.body) == media.PIECE
    rest = listen(pair, recording, f"bytes={media.PIECE}-")
    assert first.body + rest.body == content
    whole = listen(pair, recording, "")
    assert (whole.status, whole.body) == (200, content)
    long = pair.publish(b"ID3\x04" + bytes(8 * media.PIECE))
    pair.turn()
    pair.turn()
    assert listen(pair, long, "").status == 413


def test_an_object_that_is_gone_and_a_recording_that_nobody_knows_are_told_apart(pair: Pair) -> None:
    recording = pair.publish()
    pair.turn()
    pair.turn()
    for account in pair.accounts.values():
        account.stores.archive.blobs.clear()
    said = listen(pair, recording, "bytes=0-")
    assert said.status == 404
    assert "the object is gone" in json.loads(said.body)["error"]
    said = ask(pair, "media/unknown", at="2026-11-22T10:00:00Z")
    assert "in the ledger" in json.loads(said.body)["error"]
    assert ask(pair, "media/unknown", at="some time").status == 400
