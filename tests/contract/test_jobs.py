"""The jobs: written in batches, ordered by the recordings' age, found when due."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from capture.model.identity import RecordingId
from capture.model.recording import JobState
from tests.contract.values import MAIN, ODD_IDS, PEER, after, job
from tests.contract.worlds import World


def test_without_jobs_there_is_nothing(world: World) -> None:
    assert world.main.jobs.oldest() is None
    assert world.main.jobs.outstanding() == {}
    assert world.main.jobs.due(after(0), 10, JobState.PENDING) == []
    world.main.jobs.put([])
    world.main.jobs.remove(RecordingId("r"), after(0))


def test_many_jobs_at_once(world: World) -> None:
    nodes = (MAIN, PEER, None)
    jobs = [job(f"r{n:03d}", at=n, due=250 - n, node=nodes[n % 3]) for n in reversed(range(250))]
    world.main.jobs.put(jobs)
    assert world.main.jobs.oldest() == after(0)
    assert world.main.jobs.outstanding() == {MAIN: 84, PEER: 83, None: 83}
    assert len(world.main.jobs.known(after(0), after(249))) == 250
    assert world.main.jobs.known(after(10), after(11)) == {"r010", "r011"}
    pending = [each for each in reversed(jobs) if each.state is JobState.PENDING]
    assigned = [each for each in reversed(jobs) if each.state is JobState.ASSIGNED]
    assert world.main.jobs.due(after(250), 1000, JobState.PENDING) == pending
    assert world.main.jobs.due(after(250), 1000, JobState.ASSIGNED) == assigned
    assert world.main.jobs.due(after(5), 1000, JobState.ASSIGNED) == [each for each in assigned if each.due <= after(5)]
    assert world.main.jobs.due(after(250), 7, JobState.ASSIGNED) == assigned[:7]
    assert world.main.jobs.given_to(PEER, 1000) == [each for each in assigned if each.node == PEER]
    assert world.main.jobs.given_to(PEER, 3) == [each for each in assigned if each.node == PEER][:3]


def test_a_job_is_replaced_whole(world: World) -> None:
    world.main.jobs.put([job("r", node=MAIN)])
    later = replace(job("r", due=60), attempt=2)
    world.main.jobs.put([later])
    assert world.main.jobs.outstanding() == {None: 1}
    assert world.main.jobs.due(after(59), 10, JobState.PENDING) == []
    assert world.main.jobs.due(after(60), 10, JobState.PENDING) == [later]


def test_the_last_of_two_in_one_batch_stays(world: World) -> None:
    world.main.jobs.put([job("r", node=MAIN), job("other"), job("r", node=PEER)])
    assert world.main.jobs.outstanding() == {PEER: 1, None: 1}


def test_a_finished_job_is_forgotten(world: World) -> None:
    world.main.jobs.put([job("r1", at=1), job("r2", at=2)])
    world.main.jobs.remove(RecordingId("r1"), after(1))
    world.main.jobs.remove(RecordingId("r1"), after(1))
    assert world.main.jobs.oldest() == after(2)
    assert world.main.jobs.known(after(0), after(9)) == {"r2"}


def test_recordings_of_one_moment_are_ordered_by_id(world: World) -> None:
    world.main.jobs.put([job("c"), job("a"), job("b")])
    assert [found.recording.id for found in world.main.jobs.due(after(0), 10, JobState.PENDING)] == ["a", "b", "c"]


def test_large_jobs_are_split_over_transactions(world: World) -> None:
    names = [f"{n} Ünïcödé 📞".ljust(20_000, "ü") for n in range(120)]
    jobs = [
        replace(job(f"r{n:03d}"), recording=replace(job(f"r{n:03d}").recording, file_name=names[n])) for n in range(120)
    ]
    world.main.jobs.put(jobs)
    assert world.main.jobs.due(after(0), 1000, JobState.PENDING) == jobs


@pytest.mark.parametrize("name", ODD_IDS)
def test_odd_ids(world: World, name: str) -> None:
    world.main.jobs.put([job(name), job("other")])
    assert world.main.jobs.known(after(0), after(0)) == {name, "other"}
    world.main.jobs.remove(RecordingId(name), after(0))
    assert world.main.jobs.known(after(0), after(0)) == {"other"}


def test_writers_do_not_disturb_each_other(world: World) -> None:
    batches = [[job(f"r{batch}-{n}", at=batch) for n in range(20)] for batch in range(8)]
    with ThreadPoolExecutor(max_workers=8) as pool:
        list(pool.map(world.main.jobs.put, batches))
    assert world.main.jobs.outstanding() == {None: 160}


def test_more_than_a_page_is_read_to_its_end(world: World) -> None:
    world.main.jobs.put([job(f"r{n:04d}", at=n) for n in range(1050)])
    assert world.main.jobs.outstanding() == {None: 1050}
    assert len(world.main.jobs.known(after(0), after(2000))) == 1050
    assert len(world.main.jobs.due(after(0), 5000, JobState.PENDING)) == 1050
    assert len(world.main.jobs.due(after(0), 1020, JobState.PENDING)) == 1020
