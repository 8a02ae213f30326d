"""The workflows take no action that can change under them, hold no secret, and run what a person runs."""

import re
import subprocess
import textwrap
from pathlib import Path

import pytest

from tests.infra.cloud import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def test_there_are_checks_and_a_release() -> None:
    assert [workflow.name for workflow in WORKFLOWS] == ["ci.yml", "release.yml"]


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda workflow: workflow.name)
def test_every_action_is_pinned_by_commit_and_says_its_version(workflow: Path) -> None:
    used = re.findall(r"uses: (.+)", workflow.read_text())
    assert used
    for action in used:
        assert re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action)


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda workflow: workflow.name)
def test_it_holds_no_secret_and_may_read_only(workflow: Path) -> None:
    text = workflow.read_text()
    assert "secrets." not in text
    assert "\npermissions:\n  contents: read\n" in text
    assert text.count("write") == text.count("id-token: write")


def test_only_the_release_signs_in_and_after_the_checks() -> None:
    ci, release = (workflow.read_text() for workflow in WORKFLOWS)
    assert "id-token" not in ci
    checks, job = release.split("\n  release:\n")
    assert "id-token" not in checks
    assert "id-token: write" in job
    assert "needs: checks" in job
    assert "environment: production" in job


@pytest.mark.parametrize("file", [*WORKFLOWS, ROOT / "azure.yaml"], ids=lambda file: file.name)
def test_the_scripts_that_it_runs_are_there(file: Path) -> None:
    called = re.findall(r"(?:infra/[\w.-]+\.sh|\.ci/run)", file.read_text())
    assert called
    for script in called:
        assert (ROOT / script).stat().st_mode & 0o100


def hook(folder: Path, deploy: str) -> tuple[int, str]:
    """Run what azd runs before it makes anything, with another infra/deploy.sh; how it ended, and what azd was told."""
    text = re.search(r"preprovision:.*?run: \|\n(.*?)    windows:", (ROOT / "azure.yaml").read_text(), re.DOTALL)
    assert text is not None
    (folder / "infra").mkdir()
    for name, script in (("infra/deploy.sh", deploy), ("azd", 'echo "$@" >>told')):
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    ended = subprocess.run(
        ["/bin/sh", "-c", textwrap.dedent(text[1])],
        cwd=folder,
        env={"PATH": f"{folder}:/usr/bin:/bin"},
        capture_output=True,
        check=False,
    )
    told = folder / "told"
    return ended.returncode, told.read_text() if told.exists() else ""


def test_azd_is_told_what_the_parameter_file_reads(tmp_path: Path) -> None:
    told = {"CLIENT_ID_MAIN": "m", "CLIENT_SECRET_EXPIRES_MAIN": "2027-11-25", "ARCHIVE_LOCKED_PEER": "true"}
    said = "; ".join(["echo subscription Contoso", *(f"echo {name}={value}" for name, value in told.items())])
    assert hook(tmp_path, said) == (0, "".join(f"env set {name} {value}\n" for name, value in told.items()))


def test_azd_stops_when_there_are_no_registrations(tmp_path: Path) -> None:
    assert hook(tmp_path, "exit 1") == (1, "")
