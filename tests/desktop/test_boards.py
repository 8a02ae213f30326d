"""What is wanted is the merge of all boards, whatever they say and in whatever order."""

import itertools
import logging
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from capture.messages import boards
from capture.model import board, session
from capture.model.identity import AgentId, NodeName, SessionId
from desktop_recorder.append_blob import resumed
from desktop_recorder.boards import ArchivedPart, Board, Order, Wanted, merge
from desktop_recorder.errors import Misplaced
from desktop_recorder.journal import Redaction, open_journal
from desktop_recorder.recorder import Recording
from desktop_recorder.spool import Sent


def _order(wanted: Wanted, *archived: ArchivedPart) -> Order:
    return Order(session_id="s", agent_id="a", wanted=wanted, archived_parts=frozenset(archived))


@pytest.mark.parametrize("wanted", list(itertools.permutations(Wanted)))
def test_keep_wins_over_delete_delete_over_stop_and_stop_over_record(wanted: tuple[Wanted, ...]) -> None:
    for length in (1, 2, 3, 4):
        highest = max(wanted[:length], key=[Wanted.RECORD, Wanted.STOP, Wanted.DELETE, Wanted.KEEP].index)
        assert merge([[_order(one)] for one in wanted[:length]])["s:a"].wanted is highest


def test_archived_is_what_anyone_says() -> None:
    one, two = ArchivedPart(part=1, sha256="x"), ArchivedPart(part=2, sha256="y")
    boards = [[_order(Wanted.RECORD, one)], [_order(Wanted.KEEP, two)]]
    for order in (boards, boards[::-1]):
        merged = merge(order)["s:a"]
        assert (merged.wanted, merged.archived_parts) == (Wanted.KEEP, {one, two})


def test_a_board_is_read_as_the_nodes_write_it() -> None:
    when = datetime(2026, 11, 22, 10, tzinfo=UTC)
    parts = frozenset({board.ArchivedPart(1, "x"), board.ArchivedPart(2, "y")})
    order = board.Order(SessionId("s"), AgentId("a"), None, session.Wanted.KEEP, when, when, parts)
    body = boards.to_json(board.Board("pc-1", NodeName("main"), {order.key: order}))
    (read,) = Board.model_validate_json(body).readable()
    assert (read.seat, read.wanted, read.at) == ("s:a", Wanted.KEEP, when)
    assert read.archived_parts == {ArchivedPart(part=1, sha256="x"), ArchivedPart(part=2, sha256="y")}


def test_an_order_that_cannot_be_understood_does_not_hide_the_others() -> None:
    good = {"session_id": "s", "agent_id": "a", "wanted": "record", "at": "2026-11-24T12:00:00Z", "later": 1}
    bad = [None, 7, {**good, "wanted": "sing"}, {**good, "session_id": "../../etc"}, {**good, "agent_id": ""}]
    board = Board.model_validate({"orders": {str(number): one for number, one in enumerate([*bad, good])}})
    assert [order.seat for order in board.readable()] == ["s:a"]


def test_where_a_blob_ends_after_a_lost_answer() -> None:
    unknown = Sent(created=True, offset=100, in_flight=250)
    assert resumed(unknown, Misplaced("412")) == Sent(created=True, offset=250, in_flight=250)
    assert resumed(unknown, Misplaced("412", 180)) == Sent(created=True, offset=180, in_flight=180)
    assert resumed(Sent(created=True, offset=100, in_flight=100), Misplaced("412")) is None


def test_a_signature_that_were_logged_would_be_black() -> None:
    record = logging.LogRecord("x", 20, "x", 1, "GET %s Bearer abc", ("https://a/b?sv=1&sig=xyz%2B&se=2",), None)
    Redaction().filter(record)
    assert record.getMessage() == "GET https://a/b?sv=1&sig=***&se=2 Bearer ***"


def test_nor_is_one_in_a_traceback_nor_the_name_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/kim")
    journal = tmp_path / "log"
    open_journal(journal, "INFO")
    log = logging.getLogger("desktop_recorder")
    log.error("event=unforeseen", exc_info=OSError("GET https://a/b?sig=xyz%2B&se=2 into /home/kim/spool"))
    for handler in list(log.handlers):
        handler.close()
        log.removeHandler(handler)
    said = journal.read_text()
    assert "OSError: GET https://a/b?sig=***&se=2 into ~/spool" in said
    assert "xyz" not in said
    assert "kim" not in said


def test_ffmpegs_words_do_not_name_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/kim")
    output = tmp_path / "spool" / "s_a" / "part-1.mp4"
    output.parent.mkdir(parents=True)
    says = f"import sys; sys.exit('{output}: No space left on device\\n/home/kim/.Xauthority: unreadable')"
    recording = Recording([sys.executable, "-c", says], output)
    assert recording.wait(20)
    assert recording.reason() == "part-1.mp4: No space left on device / ~/.Xauthority: unreadable"
