"""A file leaves the spool when a board says that these very bytes are archived, and not before."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from desktop_recorder.boards import ArchivedPart, Order, Wanted
from desktop_recorder.reports import finished
from desktop_recorder.settings import Settings
from desktop_recorder.spool import Part
from desktop_recorder.workstation import Workstation

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)


@pytest.fixture
def workstation(tmp_path: Path) -> Workstation:
    """One with two parts in its spool, both delivered and reported."""
    settings = Settings(
        nodes=("https://a",), workstation="pc-1", key="k", user="u", spool=tmp_path, log_file=tmp_path / "log"
    )
    made = Workstation(settings)
    made._spool.add(_order())
    with made._spool.change("s1:ann") as seat:
        for number, digest in ((1, "one"), (2, "two")):
            times = {"begun_at": NOW, "started_at": NOW, "ended_at": NOW, "reported_at": NOW}
            seat.parts.append(Part(number=number, delivered=True, sha256=digest, **times))
    for name in ("part-1.mp4", "part-1.ended", "part-2.mp4"):
        (tmp_path / "s1_ann" / name).write_bytes(b"x")
    return made


def _order(*archived: tuple[int, str]) -> Order:
    parts = frozenset(ArchivedPart(part=part, sha256=digest) for part, digest in archived)
    return Order(session_id="s1", agent_id="ann", wanted=Wanted.KEEP, archived_parts=parts)


def _files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*/part-*"))


def test_what_lies_there_without_a_state_is_kept_when_the_session_is_over(tmp_path: Path) -> None:
    (tmp_path / "s1_ann").mkdir()
    (tmp_path / "s1_ann" / "part-3.mp4").write_bytes(b"x")
    settings = Settings(
        nodes=("https://a",), workstation="pc-1", key="k", user="u", spool=tmp_path, log_file=tmp_path / "log"
    )
    made = Workstation(settings)
    made._take(_order())
    seat = made._spool.read("s1:ann")
    assert seat is not None
    assert [part.number for part in seat.parts] == [3]
    assert (seat.gone_at, seat.reports) == (None, [])


def test_a_part_that_is_only_reported_stays(workstation: Workstation, tmp_path: Path) -> None:
    workstation._settle("s1:ann", _order((1, "one")))
    assert _files(tmp_path) == ["part-2.mp4"]
    assert workstation._spool.here() == ("s1:ann",)
    seat = workstation._spool.read("s1:ann")
    assert seat is not None
    (left,) = seat.parts
    assert finished(seat, left, NOW)["parts"] == 2


def test_so_does_one_of_which_other_bytes_are_archived(workstation: Workstation, tmp_path: Path) -> None:
    workstation._settle("s1:ann", _order((1, "less"), (3, "two")))
    assert _files(tmp_path) == ["part-1.ended", "part-1.mp4", "part-2.mp4"]


def test_with_the_last_part_nothing_is_left(workstation: Workstation, tmp_path: Path) -> None:
    workstation._settle("s1:ann", _order((1, "one"), (2, "two")))
    assert _files(tmp_path) == []
    assert workstation._spool.here() == ()
