"""The bench's parts: everybody archives a little load, and whoever did not is found out."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from azure.storage.blob import ContainerClient

from bench.archive import Speeds, rotated
from bench.backlog import Drain
from bench.backlog import figures as backlog_figures
from bench.contenders import Contender, ContenderFailedError, Naive, Ours, Rclone
from bench.course import Course, Load, fresh_course
from bench.figures import TARGETS, figures
from bench.source import Source
from bench.verify import verify

_SIZE = 64 * 1024


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Course]:
    folder = tmp_path_factory.mktemp("bench")
    with Source(folder) as source:
        load = Load("64 KiB", source.publish(3, _SIZE), source.publish(1, _SIZE))
        with fresh_course(source, load, folder) as running:
            yield running


@pytest.mark.parametrize("contender", [Ours(2), Naive(1), Naive(2)], ids=lambda one: one.name)
def test_a_contender_archives_everything(course: Course, contender: Contender) -> None:
    with course.container("all-of-it") as container:
        assert contender.run(course, container) > 0
        verify(course, container, with_ledger=isinstance(contender, Ours))


def test_what_is_missing_or_short_is_found_out(course: Course, tmp_path: Path) -> None:
    first, second, _ = course.load.recordings
    with course.container("not-all-of-it") as container:
        Rclone(4, tmp_path).run(course, container)
        verify(course, container, with_ledger=False)
        with ContainerClient.from_connection_string(course.target.connection_string, container) as client:
            client.delete_blob(f"{first.id}.mp3")
            client.upload_blob(f"{second.id}.mp3", b"short", overwrite=True)
        with pytest.raises(ContenderFailedError, match="2 problems"):
            verify(course, container, with_ledger=False)


def test_a_contender_that_fails_fails_the_bench(course: Course) -> None:
    with pytest.raises(ContenderFailedError, match="ended with exit code"):
        Naive(1).run(course, "no-such-container")


def test_everybody_begins_once() -> None:
    names = ["a", "b", "c"]
    assert [rotated(names, turn)[0] for turn in range(4)] == ["a", "b", "c", "a"]
    assert all(sorted(rotated(names, turn)) == names for turn in range(4))


def test_the_report_has_its_keys_measured_or_not() -> None:
    speeds = Speeds("4 MiB")
    for name, reached in {"ours": (90, 120, 100), "naive": (60, 60, 80), "naive x4": (99, 99, 99)}.items():
        speeds.by_contender[name] = list(reached)
    speeds.by_contender |= {"rclone x4": [100.0, 100, 100], "rclone x8": [50.0, 300, 80]}
    report = figures([speeds], rss_growth_mib=None, calls=1.0839)
    assert json.loads(json.dumps(report)) == {
        "ratio_naive_4": 1.5,
        "ratio_naive_32": None,
        "ratio_rclone_4": 1.0,
        "ratio_rclone_32": None,
        "rss_growth_mib": None,
        "dataverse_calls_per_recording": 1.084,
        "backlog_cost_ratio": None,
        "backlog_wrong": None,
        "recovery_dataverse_calls": None,
        "recovery_memory_mib": None,
        "console_longest_first_paint_seconds": None,
        "console_longest_search_seconds": None,
        "mib_s": {
            "ours": {"4 MiB": 100.0},
            "naive": {"4 MiB": 60.0},
            "naive x4": {"4 MiB": 99.0},
            "rclone x4": {"4 MiB": 100.0},
            "rclone x8": {"4 MiB": 80.0},
        },
    }
    assert {target.key for target in TARGETS} <= report.keys()
    met = [False, False, True, True, False, False, False, True, True, False, False]
    assert [target.met(1.2) for target in TARGETS] == met


def test_the_pace_of_a_backlog_is_measured_without_its_start() -> None:
    steady = Drain(100, ((0.0, 0), (10.0, 0), (12.0, 10), (20.0, 50), (30.0, 100)), wrong=0)
    slower = Drain(200, ((0.0, 0), (10.0, 0), (12.0, 20), (48.0, 200)), wrong=0)
    assert steady.seconds_a_recording == pytest.approx(0.2)
    assert steady.rates(2) == pytest.approx([5.0, 5.0])
    report = backlog_figures([steady, slower], parts=2)
    assert report["backlog_cost_ratio"] == 1.0
    assert report["backlog_wrong"] == 0
