"""An event is one line, whatever a stranger has put into its fields."""

import pytest

from capture.events import Event, emit
from tests.office import Office, at, ringing


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("plain, with Grüße and a \\ in it", "plain, with Grüße and a \\ in it"),
        ("a\nevent=no_majority node=main", r"a\nevent=no_majority node=main"),
        ("a\r\n\tb", r"a\r\n\tb"),
        ("a\x1b[2Jb\x00c\x7f", r"a\x1b[2Jb\x00c\x7f"),
        ("a\u2028b\u2029c\x85d", r"a\u2028b\u2029c\x85d"),
        ("a\ud800b\u202eb", r"a\ud800b\u202eb"),
    ],
)
def test_a_value_cannot_begin_a_line_of_its_own(caplog: pytest.LogCaptureFixture, value: str, line: str) -> None:
    caplog.set_level("INFO")
    emit(Event.WORK_FAILED, node="main", none=None, why=value)
    (record,) = caplog.records
    assert record.getMessage() == f"event=work_failed node=main why={line}"


def test_what_a_desktop_says_cannot_pretend_to_be_an_event(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    office.hear(ringing())
    body = {"agent_id": "ann", "state": "failed", "at": at(9).isoformat(), "reason": "x\nevent=became_active node=evil"}
    assert office.call("main", "pc-1", "report", body, "s1").status == 202
    lines = [line for record in caplog.records for line in record.getMessage().splitlines()]
    assert any("event=screen_failed" in line for line in lines)
    assert not any(line.startswith("event=became_active") for line in lines)
