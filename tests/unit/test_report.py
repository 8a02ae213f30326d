"""What a node says of itself in the log, which is all that the alerts have."""

import logging
from datetime import timedelta

import pytest

from tests.pair import Pair


def events(caplog: pytest.LogCaptureFixture, name: str) -> list[dict[str, str]]:
    """The fields of every event of this name that has been logged."""
    lines = [record.getMessage() for record in caplog.records if record.name == "capture"]
    pairs = [dict(part.split("=", 1) for part in line.split(" ") if "=" in part) for line in lines]
    return [fields for fields in pairs if fields["event"] == name]


@pytest.fixture(autouse=True)
def every_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="capture")


def test_both_nodes_report_their_role_epoch_and_lag(caplog: pytest.LogCaptureFixture) -> None:
    pair = Pair()
    pair.turn()
    pair.turn()
    for name in ("main", "peer"):
        pair.members[name].node.report()
    main, peer = events(caplog, "node_reported")
    assert (main["node"], main["role"], main["epoch"], main["peer"]) == ("main", "ACTIVE", "1", "READY")
    assert (peer["node"], peer["role"], peer["peer"]) == ("peer", "READY", "ACTIVE")
    assert int(main["lag_seconds"]) >= 15 * 60
    assert main["outbox_seconds"] == main["unfinished_seconds"] == main["parked"] == "0"
    assert events(caplog, "witness_unreachable") == events(caplog, "secret_expiring") == []


def test_work_that_waits_shows_with_its_age(caplog: pytest.LogCaptureFixture) -> None:
    pair = Pair()
    pair.turn()
    pair.publish_without_file()
    pair.turn()
    pair.clock.advance(100)
    pair.turn("main")
    pair.members["main"].node.report()
    pair.members["peer"].node.report()
    main, peer = events(caplog, "node_reported")
    assert int(main["unfinished_seconds"]) >= 100
    assert peer["unfinished_seconds"] == "0", "what is unfinished is known to the ACTIVE node"


def test_a_silent_peer_and_what_it_could_not_be_told_show(caplog: pytest.LogCaptureFixture) -> None:
    pair = Pair()
    pair.turn()
    pair.accounts["peer"].power.down = True
    pair.publish()
    for _ in range(8):
        pair.turn("main")
    pair.members["main"].node.report()
    (main,) = events(caplog, "node_reported")
    assert main["peer"] == "SILENT"
    assert int(main["outbox_seconds"]) > 0


def test_a_timer_that_does_not_tick_shows_as_unknown(caplog: pytest.LogCaptureFixture) -> None:
    pair = Pair()
    pair.turn()
    pair.clock.advance(20)
    pair.members["main"].node.report()
    assert [each["role"] for each in events(caplog, "node_reported")] == ["UNKNOWN"]


def test_a_witness_that_does_not_answer_is_told_at_every_report(caplog: pytest.LogCaptureFixture) -> None:
    pair = Pair()
    pair.turn()
    pair.accounts["witness"].power.down = True
    for _ in range(2):
        pair.members["main"].node.report()
    assert [each["node"] for each in events(caplog, "witness_unreachable")] == ["main", "main"]
    assert len(events(caplog, "node_reported")) == 2


def test_a_node_without_its_store_says_so_and_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    pair = Pair()
    pair.turn()
    pair.accounts["main"].power.down = True
    pair.members["main"].node.report()
    assert events(caplog, "node_reported") == []
    assert [each["work"] for each in events(caplog, "work_failed")] == ["report"]


@pytest.mark.parametrize(("days", "told"), [(31, []), (30, ["30"]), (-1, ["-1"])])
def test_a_secret_that_ends_within_thirty_days_is_told(
    caplog: pytest.LogCaptureFixture, days: int, told: list[str]
) -> None:
    ends = (Pair().clock.now() + timedelta(days=days)).date()
    pair = Pair({"DYNAMICS_CLIENT_SECRET_EXPIRES": ends.isoformat()})
    pair.turn()
    pair.members["main"].node.report()
    pair.members["main"].node.report()
    assert [each["days"] for each in events(caplog, "secret_expiring")] == told
    pair.clock.advance(6 * 3600)
    pair.members["main"].node.report()
    assert len(events(caplog, "secret_expiring")) == 2 * len(told)
