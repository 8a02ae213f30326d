"""Health says whether the node can accept work, status what it knows."""

import json
from pathlib import Path

from capture.console.health import Health
from capture.errors import Transient
from capture.messages import screen_facts
from capture.version import version
from tests.office import Office, accepted, ringing
from tests.pair import Pair
from tests.stores.clock import FakeClock


def test_a_ready_node_is_as_healthy_as_the_active_one() -> None:
    pair = Pair()
    pair.turn()
    assert pair.members["peer"].role == "READY"
    assert pair.members["peer"].node.health.problems() == {}


def test_a_node_without_its_store_is_not_healthy_and_says_what_is_wrong() -> None:
    pair = Pair()
    pair.accounts["main"].power.down = True
    assert set(pair.members["main"].node.health.problems()) == {"blobs", "queue", "table"}


def test_the_loss_of_the_peer_is_no_illness() -> None:
    pair = Pair()
    pair.accounts["peer"].power.down = pair.accounts["witness"].power.down = True
    assert pair.members["main"].node.health.problems() == {}


def test_the_answer_is_good_for_a_few_seconds() -> None:
    clock = FakeClock()
    asked: list[float] = []

    def check() -> None:
        asked.append(clock.monotonic())
        raise Transient("down")

    health = Health({"queue": check}, clock)
    for _ in range(10):
        assert health.problems() == {"queue": "down"}
        clock.advance(1)
    assert asked == [0, 3, 6, 9]


def test_status_has_all_that_an_operator_asks_for() -> None:
    pair = Pair()
    pair.turn()
    for _ in range(6):
        pair.publish()
    pair.publish_without_file()
    pair.turn()
    pair.turn()
    status = json.loads(json.dumps(pair.members["main"].node.status.read()))
    assert status["version"] == "development"
    assert status["node"] == "main"
    assert status["role"] == "ACTIVE"
    assert status["epoch"] == 1
    assert status["peer"]["node"] == "peer"
    assert status["peer"]["role"] == "READY"
    assert status["peer"]["last_heartbeat"].endswith("Z")
    assert status["low_watermark"].endswith("Z")
    assert status["lag_seconds"] >= 15 * 60
    assert status["outstanding"] == {"pending": 1, "assigned": {}, "queued": 0}
    assert status["archived"] == {"total": 6, "main": 3, "peer": 3}
    assert status["second_copies"] == status["parked"] == 0
    assert status["outbox"] == {"waiting": 0, "oldest_seconds": 0}
    assert status["preferred_by_person"] is None
    assert status["last_error"] is None


def test_status_shows_a_silent_peer_and_the_last_error() -> None:
    pair = Pair()
    pair.turn()
    pair.source.listing_failures.append(Transient("Dynamics cannot be reached"))
    for _ in range(5):
        pair.turn("main")
    status = pair.members["main"].node.status.read()
    assert status["peer"]["role"] == "SILENT"
    assert status["last_error"]["text"] == "Dynamics cannot be reached"


def test_status_shows_what_the_peer_was_not_told_of_screens(office: Office) -> None:
    node = office.pair.members["main"].node
    assert node.status.read()["screen_outbox"] == {"waiting": 0, "oldest_seconds": 0}
    office.pair.accounts["peer"].power.down = True
    for fact in (ringing(), accepted()):
        node.screen(screen_facts.to_json(office.fact(fact)))
    office.pair.clock.advance(7)
    status = node.status.read()
    assert status["screen_outbox"] == {"waiting": 2, "oldest_seconds": 7}
    assert status["outbox"] == {"waiting": 0, "oldest_seconds": 0}


def test_a_node_whose_timer_does_not_tick_is_unknown_and_not_active() -> None:
    pair = Pair()
    pair.turn()
    pair.clock.advance(20)
    assert pair.members["main"].node.status.read()["role"] == "UNKNOWN"


def test_the_version_is_what_the_release_wrote_into_the_package(tmp_path: Path) -> None:
    released = tmp_path / "version.txt"
    released.write_text("0.1.0+3f2a9c10d4be\n")
    assert version(released) == "0.1.0+3f2a9c10d4be"
    assert version(tmp_path / "absent.txt") == "development"
