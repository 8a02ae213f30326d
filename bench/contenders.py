"""Who takes part in the archive bench. Each contender is a process of its own; nobody knows of another."""

import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.course import Course
from bench.source import Recording
from lab.processes import ROOT

_RCLONE = Path(sys.executable).parent / "rclone"
_SECONDS = 900.0


class ContenderFailedError(Exception):
    """A contender did not do its work; the message ends with what it said."""


@dataclass(frozen=True, slots=True)
class Naive:
    """`requests.get` and `upload_blob` in a loop, or in several at once."""

    threads: int

    @property
    def name(self) -> str:
        """How it is called in the report."""
        return "naive" if self.threads == 1 else f"naive x{self.threads}"

    def run(self, course: Course, container: str) -> float:
        """Archive the load and return the seconds it took."""
        order = {
            "connection_string": course.target.connection_string,
            "container": container,
            "threads": self.threads,
            "warm_up": _by_name(course, course.load.warm_up),
            "files": _by_name(course, course.load.recordings),
        }
        return _timed("bench.naive", order, {})


@dataclass(frozen=True, slots=True)
class Ours:
    """The node's ingest, with as many at once as host.json lets a node take from its queue in one go."""

    at_once: int
    name: str = "ours"

    def run(self, course: Course, container: str) -> float:
        """Archive the load and return the seconds it took."""
        order = {
            "at_once": self.at_once,
            "warm_up": [recording.id for recording in course.load.warm_up],
            "recordings": [recording.id for recording in course.load.recordings],
        }
        return _timed("bench.ours", order, course.settings(container))


@dataclass(frozen=True, slots=True)
class Rclone:
    """`rclone copyurl` from a list of addresses, several at once. Its time is that of the whole process."""

    transfers: int
    folder: Path

    @property
    def name(self) -> str:
        """How it is called in the report."""
        return f"rclone x{self.transfers}"

    def run(self, course: Course, container: str) -> float:
        """Archive the load and return the seconds it took."""
        return self.copy(course, container, course.load.recordings)

    def copy(self, course: Course, container: str, recordings: Sequence[Recording]) -> float:
        """Copy these recordings and return the seconds it took."""
        urls = self.folder / "urls.csv"
        with urls.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows((url, name) for name, url in _by_name(course, recordings).items())
        target = course.target
        account: list[str | Path] = ["--azureblob-account", target.account, "--azureblob-key", target.key]
        # The container is there, so it need not be looked for.
        where = [*account, "--azureblob-endpoint", target.address("Blob"), "--azureblob-no-check-container"]
        command = [_RCLONE, "copyurl", "--urls", urls, f":azureblob:{container}", *where]
        options = ["--transfers", str(self.transfers), "--retries", "1", "--config", os.devnull]
        began = time.perf_counter()
        _said([*command, *options], "", {})
        return time.perf_counter() - began


type Contender = Naive | Ours | Rclone


def _by_name(course: Course, recordings: Sequence[Recording]) -> dict[str, str]:
    return {f"{recording.id}.mp3": course.urls[recording.id] for recording in recordings}


def _timed(module: str, order: Mapping[str, Any], environ: Mapping[str, str]) -> float:
    return float(json.loads(_said([sys.executable, "-m", module], json.dumps(order), environ))["seconds"])


def _said(command: Sequence[str | Path], text: str, environ: Mapping[str, str]) -> str:
    # No proxy may stand between two processes of one machine.
    quiet = {"NO_PROXY": "localhost,127.0.0.1", "no_proxy": "localhost,127.0.0.1"}
    done = subprocess.run(
        command,
        input=text,
        env={**os.environ, **quiet, **environ},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        raise ContenderFailedError(f"{command[0]} ended with exit code {done.returncode}\n{done.stderr[-2000:]}")
    return done.stdout
