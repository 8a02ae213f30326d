"""Did a contender really do it? A bench that measures nothing must fail."""

from collections.abc import Iterator, Mapping, Sequence

from azure.storage.blob import ContainerClient
from azure.storage.queue import QueueClient

from bench.contenders import ContenderFailedError
from bench.course import Course
from bench.source import Recording
from lab.stored import read_ledger


def verify(course: Course, container: str, *, with_ledger: bool) -> None:
    """Compare the container with the truth: ContenderFailedError when one recording is missing or has another length.

    With `with_ledger` also the documents beside the recordings, the ledger's hashes, and the notifications.
    """
    with ContainerClient.from_connection_string(course.target.connection_string, container) as client:
        sizes = {blob.name.rpartition("/")[2]: blob.size for blob in client.list_blobs()}
    problems = list(wrong_blobs(course.load.recordings, sizes))
    if with_ledger:
        problems += _wrong_facts(course, sizes)
    if problems:
        raise ContenderFailedError(f"{container}: {len(problems)} problems, the first: {problems[0]}")


def wrong_blobs(recordings: Sequence[Recording], sizes: Mapping[str, int]) -> Iterator[str]:
    """Say which recordings are not there in full; `sizes` are by file name."""
    for recording in recordings:
        size = sizes.get(f"{recording.id}.mp3")
        if size != recording.size:
            yield f"{recording.id} has {size} bytes instead of {recording.size}"


def _wrong_facts(course: Course, sizes: Mapping[str, int]) -> Iterator[str]:
    known = {row.recording_id: row.copies for row in read_ledger(course.target.connection_string)}
    for recording in course.load.recordings:
        hashes = [copy["sha256"] for copy in known.get(recording.id, ())]
        if hashes != [recording.sha256]:
            yield f"{recording.id}: the ledger says {hashes}, the truth is {recording.sha256}"
        if not sizes.get(f"{recording.id}.json"):
            yield f"{recording.id} has no document beside it"
    with QueueClient.from_connection_string(course.storage["peer"].connection_string, "watermark") as queue:
        told = queue.get_queue_properties().approximate_message_count or 0
    done = len(course.load.recordings) + len(course.load.warm_up)
    if told != done:
        yield f"{told} notifications for {done} recordings"
