"""The configuration file: what is wrong is told in one line each, and the sample is right."""

import re
import tomllib
from pathlib import Path

import pytest

from desktop_recorder.errors import AlreadyRunning, SettingsError
from desktop_recorder.instance import only_instance
from desktop_recorder.main import main
from desktop_recorder.settings import Settings, load, signed_in_user
from lab.processes import ROOT

GOOD = 'nodes = ["https://main.example/"]\nworkstation = "PC-1"\nuser = "kim"\nkey = "very-secret"\nspool = "here"\n'


def _file(folder: Path, text: str) -> Path:
    path = folder / "recorder.toml"
    path.write_text(text)
    return path


def test_paths_start_at_the_file_and_names_are_in_lower_case(tmp_path: Path) -> None:
    settings = load(_file(tmp_path, GOOD))
    assert (settings.spool, settings.workstation) == (tmp_path / "here", "pc-1")
    assert settings.log_file == tmp_path / "here" / "recorder.log"
    assert settings.nodes == ("https://main.example",)
    assert settings.current_key() == "very-secret"
    assert "very-secret" not in repr(settings)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (GOOD.replace("https", "http"), "nodes = .*must start with https://"),
        (GOOD.replace("main.example/", "main.example/?code=1"), "nodes = .*must be the root of a node"),
        (GOOD.replace('key = "very-secret"', ""), "give either key or key_file"),
        (GOOD + 'key_file = "k"\n', "give either key or key_file"),
        (GOOD + "frame_rate = 0\n", "frame_rate = 0: .*greater than or equal to 1"),
        (GOOD + 'colour = "red"\n', "colour: is not a setting"),
        (GOOD.replace('spool = "here"', ""), "spool: is missing"),
        ("nodes = [", "is not TOML"),
    ],
)
def test_what_is_wrong_is_told_with_its_name(
    text: str, expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--config", str(_file(tmp_path, text))]) == 2
    said = capsys.readouterr().err
    assert re.search(expected, said)
    assert said.count("\n") == 1
    assert "very-secret" not in said


def test_without_a_file_its_name_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--config", str(tmp_path / "none.toml")]) == 2
    assert "none.toml" in capsys.readouterr().err


def test_without_ffmpeg_a_person_is_told_how_to_get_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = _file(tmp_path, GOOD + 'ffmpeg = "no-such-ffmpeg"\nscreen = ":0"\n')
    assert main(["--config", str(path)]) == 4
    assert "ffmpeg = 'no-such-ffmpeg'" in capsys.readouterr().err


def test_a_key_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    settings = load(_file(tmp_path, GOOD.replace('key = "very-secret"', 'key_file = "absent.key"')))
    with pytest.raises(SettingsError, match=r"absent\.key"):
        settings.current_key()


@pytest.mark.parametrize(
    ("says", "expected"),
    [
        ("echo kim@contoso.com", "kim@contoso.com"),
        ("echo 'ERROR: Unable to get User Principal Name (UPN)' >&2; exit 1", "CONTOSO\\kim"),
        ("echo 'nobody @ all'", "CONTOSO\\kim"),
        (None, "CONTOSO\\kim"),
    ],
)
def test_windows_names_its_user_as_dynamics_does_or_else_with_the_domain(
    says: str | None, expected: str, tmp_path: Path
) -> None:
    if says is not None:
        whoami = tmp_path / "System32" / "whoami.exe"
        whoami.parent.mkdir()
        whoami.write_text(f'#!/bin/sh\n[ "$*" = /upn ] || exit 2\n{says}\n')
        whoami.chmod(0o755)
    environ = {"USERDOMAIN": "CONTOSO", "USERNAME": "kim", "SYSTEMROOT": str(tmp_path)}
    assert signed_in_user(environ) == expected


def test_other_systems_name_theirs_with_the_short_name() -> None:
    assert signed_in_user({})


def test_the_lock_is_there_once_and_let_go(tmp_path: Path) -> None:
    with only_instance("pc-1", tmp_path):
        with pytest.raises(AlreadyRunning, match="workstation = 'pc-1'"), only_instance("pc-1", tmp_path):
            pass
        with only_instance("pc-2", tmp_path):
            pass
    with only_instance("pc-1", tmp_path):
        pass


def test_sample_and_documentation_name_every_setting() -> None:
    sample = (ROOT / "desktop" / "recorder.sample.toml").read_text()
    table = (ROOT / "docs" / "desktop.md").read_text()
    for name in Settings.model_fields:
        assert re.search(rf"^(# )?{name} = ", sample, re.MULTILINE), name
        assert f"| `{name}` |" in table, name
    load(ROOT / "desktop" / "recorder.sample.toml")
    everything = re.sub(r"^# (?=\w+ = )", "", sample, flags=re.MULTILINE)
    assert set(tomllib.loads(everything)) == set(Settings.model_fields)
