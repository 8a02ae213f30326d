"""Which host runs the nodes, and what Core Tools find in a node's folder."""

import json
from pathlib import Path

import pytest

from lab.core_tools import chosen_host, core_tools, launch
from lab.processes import ROOT, NotStartedError

NOT_INSTALLED = Path("/nowhere/func")


def _func(folder: Path, script: str) -> dict[str, str]:
    """Put a `func` on PATH."""
    program = folder / "func"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return {"PATH": f"{folder}:/usr/bin:/bin"}


def test_core_tools_that_run_are_taken(tmp_path: Path) -> None:
    environ = _func(tmp_path, "echo 4.15.1")
    assert chosen_host(environ, NOT_INSTALLED) == tmp_path / "func"


@pytest.mark.parametrize("script", ["echo 'not downloaded' >&2; exit 1", "echo 3.0.1", "echo something else"])
def test_core_tools_that_do_not_run_or_are_too_old_are_left_aside(tmp_path: Path, script: str) -> None:
    environ = _func(tmp_path, script)
    assert core_tools(environ, NOT_INSTALLED) is None
    assert chosen_host(environ, NOT_INSTALLED) is None


def test_what_npm_installed_goes_before_path(tmp_path: Path) -> None:
    installed = tmp_path / "npm"
    installed.mkdir()
    _func(installed, "echo 4.15.1")
    assert core_tools(_func(tmp_path, "echo 4.0.1"), installed / "func") == installed / "func"


def test_the_stand_in_can_be_forced(tmp_path: Path) -> None:
    assert chosen_host(_func(tmp_path, "echo 4.15.1") | {"HOST": "standin"}, NOT_INSTALLED) is None


def test_core_tools_that_are_demanded_and_missing_are_an_error_that_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotStartedError, match="HOST=func"):
        chosen_host({"PATH": str(tmp_path), "HOST": "func"}, NOT_INSTALLED)


def test_a_host_name_in_the_environment_means_nothing(tmp_path: Path) -> None:
    assert chosen_host({"PATH": str(tmp_path), "HOST": "my-laptop"}, NOT_INSTALLED) is None


def test_core_tools_get_a_folder_that_looks_like_the_app(tmp_path: Path) -> None:
    settings = {"IsEncrypted": False, "Values": {"NODE_NAME": "main"}}
    start = launch(Path("/opt/func"), tmp_path / "main", 7071, settings)
    assert start.command == ["/opt/func", "start", "--port", "7071"]
    assert start.folder == tmp_path / "main" / "app"
    assert json.loads((start.folder / "local.settings.json").read_text()) == settings
    for name in ("function_app.py", "host.json", "capture"):
        assert (start.folder / name).resolve() == ROOT / name
    launch(Path("/opt/func"), tmp_path / "main", 7071, settings)  # a second start finds the links in place


def test_the_stand_in_gets_the_repository_and_a_settings_file(tmp_path: Path) -> None:
    start = launch(None, tmp_path / "main", 7071, {"Values": {}})
    assert start.folder == ROOT
    file = tmp_path / "main" / "settings.json"
    assert start.command[1:] == ["-m", "lab.host", "--root", str(ROOT), "--port", "7071", "--settings", str(file)]
    assert file.stat().st_mode & 0o077 == 0, "nobody else may read the keys"
