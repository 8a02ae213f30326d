"""The committed samples are what the lab takes them for: bare mono mp3 frames of one size."""

from pathlib import Path

import pytest

from lab.dynamics.media import FRAME, SAMPLES
from lab.samples.dialogues import DIALOGUES

FILES = sorted(SAMPLES.glob("*.mp3"))
MPEG2_LAYER3_BITRATES = {8: 64_000}
MPEG2_SAMPLE_RATES = {1: 24_000}
MONO = 3


def test_there_is_one_file_per_dialogue() -> None:
    assert {path.stem for path in FILES} == set(DIALOGUES)


def test_all_together_take_less_than_three_megabytes() -> None:
    assert sum(path.stat().st_size for path in FILES) < 3 << 20


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_frame_is_mono_layer_three_of_constant_size(path: Path) -> None:
    data = path.read_bytes()
    assert len(data) % FRAME == 0
    for start in range(0, len(data), FRAME):
        header = int.from_bytes(data[start : start + 4])
        assert header >> 21 == 0x7FF, "frame sync"
        assert header >> 19 & 3 == 2, "MPEG-2"
        assert header >> 17 & 3 == 1, "layer III"
        bit_rate = MPEG2_LAYER3_BITRATES[header >> 12 & 15]
        sample_rate = MPEG2_SAMPLE_RATES[header >> 10 & 3]
        assert 72 * bit_rate // sample_rate + (header >> 9 & 1) == FRAME
        assert header >> 6 & 3 == MONO


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_frame_borrows_bits_from_the_one_before(path: Path) -> None:
    data = path.read_bytes()
    # main_data_begin is the first byte of the side information; a CRC of two bytes stands before it if announced
    for start in range(0, len(data), FRAME):
        protected = not data[start + 1] & 1
        assert data[start + (6 if protected else 4)] == 0


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_call_lasts_between_twenty_seconds_and_a_minute(path: Path) -> None:
    assert 20 <= path.stat().st_size * 8 / 64_000 <= 60
