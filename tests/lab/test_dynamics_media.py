"""Recording files: every slice of them is the same bytes as in the whole."""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.dynamics.media import CHUNK, FRAME, SMALLEST, RecordingFile, sample_names


def file(size: int, file_id: str = "f1") -> RecordingFile:
    return RecordingFile(file_id, "callRecording.mp3", "audio/mpeg", sample_names()[0], size)


def content(recording: RecordingFile) -> bytes:
    return b"".join(recording.slices(0, recording.size))


@settings(max_examples=60, deadline=None)
@given(data=st.data(), size=st.integers(SMALLEST, 3 * CHUNK))
def test_a_slice_is_part_of_the_whole(data: st.DataObject, size: int) -> None:
    recording = file(size)
    start = data.draw(st.integers(0, size))
    end = data.draw(st.integers(start, size))
    whole = content(recording)
    assert len(whole) == size
    assert b"".join(recording.slices(start, end)) == whole[start:end]
    assert recording.sha256() == hashlib.sha256(whole).hexdigest()


def test_it_is_an_id3_tag_followed_by_whole_frames() -> None:
    whole = content(file(100_003))
    assert whole[:3] == b"ID3"
    tag = 10 + sum((whole[6 + place] & 0x7F) << shift for place, shift in enumerate((21, 14, 7, 0)))
    assert (len(whole) - tag) % FRAME == 0
    assert whole[tag : tag + 2] == b"\xff\xf3"


def test_two_recordings_of_one_sample_differ() -> None:
    assert file(50_000, "one").sha256() != file(50_000, "two").sha256()


def test_half_a_gigabyte_is_served_in_large_views() -> None:
    pieces = list(file(512 << 20).slices(0, 512 << 20))
    assert sum(len(piece) for piece in pieces) == 512 << 20
    assert len(pieces) < 600
    assert all(isinstance(piece, memoryview) for piece in pieces[1:])


def test_a_file_too_small_for_its_tag_is_refused() -> None:
    with pytest.raises(ValueError, match="at least"):
        file(100)
