"""Speak the sample calls and encode them as mono mp3.

The files beside this script are its output and are committed, so the lab needs neither tool to run. To make
them again (after changing a dialogue, say), install `espeak-ng` and `ffmpeg` and run

    python -m lab.samples.make_samples

Every file is MPEG-2 layer III, mono, 24 kHz, constant 64 kbit/s, without ID3 tag, without Xing frame and
without bit reservoir. So every frame is exactly 192 bytes and stands alone: a recording of any length can be
made by repeating the file, and cut at any multiple of 192. The bit rate is the one Dynamics recordings have
(Microsoft Learn gives about 10 MB for a 20-minute call, "Configure transcripts and recordings for voice").
"""

import io
import shutil
import subprocess
import sys
import wave
from pathlib import Path

from lab.samples.dialogues import DIALOGUES, Line

FOLDER = Path(__file__).parent
SAMPLE_RATE = 22050  # what espeak-ng produces
PAUSE_SECONDS = 0.45
VOICES = {"agent": ("en-gb-x-rp+f3", "165"), "caller": ("en-us+m3", "150")}


def main() -> None:
    """Write one mp3 per dialogue into this folder and print its size."""
    for name, dialogue in DIALOGUES.items():
        target = FOLDER / f"{name}.mp3"
        encode(spoken(dialogue), target)
        sys.stdout.write(f"{target.name} {target.stat().st_size}\n")


def spoken(dialogue: list[Line]) -> bytes:
    """Return the whole dialogue as one WAV, with a breath between the speakers."""
    pause = b"\0\0" * int(SAMPLE_RATE * PAUSE_SECONDS)
    whole = io.BytesIO()
    with wave.open(whole, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(SAMPLE_RATE)
        for speaker, text in dialogue:
            out.writeframes(utterance(speaker, text) + pause)
    return whole.getvalue()


def utterance(speaker: str, text: str) -> bytes:
    """Return one spoken line as 16-bit samples."""
    voice, words_per_minute = VOICES[speaker]
    command = [program("espeak-ng"), "-v", voice, "-s", words_per_minute, "--stdout", text]
    wav = subprocess.run(command, check=True, capture_output=True).stdout
    # espeak-ng cannot know the length when it writes to a pipe and leaves a false one in the header
    return wav[44 : len(wav) - len(wav) % 2]


def encode(wav: bytes, target: Path) -> None:
    """Encode a WAV as bare mp3 frames of constant size."""
    command = [
        program("ffmpeg"), "-y", "-loglevel", "error", "-i", "pipe:0", "-ac", "1", "-ar", "24000",
        "-codec:a", "libmp3lame", "-b:a", "64k", "-reservoir", "0",
        "-write_xing", "0", "-id3v2_version", "0", "-map_metadata", "-1", str(target),
    ]  # fmt: skip
    subprocess.run(command, check=True, input=wav)


def program(name: str) -> str:
    """Return the path of a program, or say what is missing."""
    found = shutil.which(name)
    if found is None:
        message = f"{name} is needed to speak the samples again; the committed files work without it"
        raise SystemExit(message)
    return found


if __name__ == "__main__":
    main()
