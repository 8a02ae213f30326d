"""A child of the lab comes up or says why, and goes whatever it thinks of it."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lab.processes import ROOT, Child, NotStartedError, free_port

STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"


def _python(code: str, log: Path) -> Child:
    return Child("child", [sys.executable, "-c", code], log)


def _gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    # Ended, but its parent has not asked for it yet: a container without an init leaves orphans like that.
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z"


def test_the_line_that_says_ready_is_waited_for(tmp_path: Path) -> None:
    child = _python("import time; print('ready port=123', flush=True); time.sleep(60)", tmp_path / "log")
    assert child.wait_for_line(r"^ready port=(\d+)", 10)[1] == "123"
    assert child.stop(5)
    assert _gone(child.pid)


def test_a_child_that_ends_too_early_shows_the_end_of_its_log(tmp_path: Path) -> None:
    child = _python("print('no such setting'); raise SystemExit(3)", tmp_path / "log")
    with pytest.raises(NotStartedError, match=r"exit code 3(.|\n)*no such setting"):
        child.wait_for_line("ready", 10)
    child.stop(1)


def test_a_child_that_is_never_ready_is_not_waited_for_without_end(tmp_path: Path) -> None:
    child = _python("import time; time.sleep(60)", tmp_path / "log")
    with pytest.raises(NotStartedError, match="was not ready within"):
        child.wait_for_line("ready", 0.2)
    child.kill()


def test_a_restarted_child_is_not_ready_because_of_what_its_former_self_said(tmp_path: Path) -> None:
    first = _python("print('ready')", tmp_path / "log")
    first.wait_for_line("ready", 10)
    first.stop(5)
    second = _python("pass", tmp_path / "log")
    with pytest.raises(NotStartedError):
        second.wait_for_line("ready", 10)
    second.stop(1)


def test_a_stubborn_child_is_killed(tmp_path: Path) -> None:
    child = _python(STUBBORN, tmp_path / "log")
    child.wait_for_line("up", 10)
    assert not child.stop(0.2), "it did not go by itself"
    assert _gone(child.pid)


def test_the_children_of_a_child_go_with_it(tmp_path: Path) -> None:
    code = f"import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', {STUBBORN!r}]); print(p.pid); p.wait()"
    child = Child("child", [sys.executable, "-u", "-c", code], tmp_path / "log")
    grandchild = int(child.wait_for_line(r"^(\d+)", 10)[1])
    child.wait_for_line("up", 10)
    child.stop(5)
    deadline = time.monotonic() + 5
    while not _gone(grandchild) and time.monotonic() < deadline:
        time.sleep(0.02)  # nobody but init waits for it
    assert _gone(grandchild)


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="only util-linux ties a child to its parent's life")
def test_a_killed_lab_leaves_no_child_behind(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from lab.processes import Child\n"
        "child = Child('child', [sys.executable, '-c', 'import time; print(1, flush=True); time.sleep(60)'],"
        f" Path({str(tmp_path / 'log')!r}))\n"
        "child.wait_for_line('1', 10); print(child.pid, flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as lab:  # noqa: S603 - this very Python
        assert lab.stdout is not None
        pid = int(lab.stdout.readline())
        lab.send_signal(signal.SIGKILL)
        lab.wait()
    deadline = time.monotonic() + 5
    while not _gone(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert _gone(pid)


def test_a_free_port_lies_outside_what_systems_give_to_outgoing_connections() -> None:
    assert all(20_000 <= free_port() <= 32_000 for _ in range(20))
