"""The organisation as a process: it says when it is ready, keeps its authority and ends when told to."""

import contextlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import requests

ROOT = Path(__file__).parent.parent.parent


@contextlib.contextmanager
def organisation(folder: Path, *flags: str) -> Iterator[tuple[subprocess.Popen[str], int, int]]:
    process = subprocess.Popen(  # noqa: S603 - this very interpreter
        [sys.executable, "-m", "lab.dynamics", "--certificates", str(folder), *flags],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    with process:
        try:
            assert process.stdout is not None
            ready = re.fullmatch(r"ready https=(\d+) http=(\d+)\n", process.stdout.readline())
            assert ready is not None
            yield process, int(ready[1]), int(ready[2])
        finally:
            process.terminate()


def test_it_serves_from_its_first_line_on_and_stops_at_once(tmp_path: Path) -> None:
    flags = ("--client", "node:secret", "--rate", "200", "--size-bytes", "2000")
    with organisation(tmp_path, *flags) as (process, https, http), requests.Session() as session:
        session.trust_env, session.verify = False, str(tmp_path / "bundle.pem")
        form = {
            "grant_type": "client_credentials",
            "client_id": "node",
            "client_secret": "secret",
            "scope": "x/.default",
        }
        token = session.post(f"https://127.0.0.1:{https}/t/oauth2/v2.0/token", data=form, timeout=10)
        assert token.json()["token_type"] == "Bearer"
        time.sleep(0.3)
        published = session.get(f"http://127.0.0.1:{http}/lab/published", timeout=10).json()
        assert {item["size"] for item in published} == {2000}
        begun = time.monotonic()
        process.terminate()
        assert process.wait(5) == 0
        assert time.monotonic() - begun < 2
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_an_authority_that_is_there_is_kept(tmp_path: Path) -> None:
    with organisation(tmp_path):
        first = (tmp_path / "ca.pem").read_bytes()
    with organisation(tmp_path) as (_, https, _), requests.Session() as session:
        session.trust_env, session.verify = False, str(tmp_path / "ca.pem")
        assert (tmp_path / "ca.pem").read_bytes() == first
        address = f"https://localhost:{https}/t/v2.0/.well-known/openid-configuration"
        assert session.get(address, timeout=10).status_code == 200
