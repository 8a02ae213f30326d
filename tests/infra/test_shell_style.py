"""The scripts are in the house's style: they parse, shellcheck has nothing to say, and each tells how it is used."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.infra.cloud import ROOT

SCRIPTS = sorted(ROOT.glob("infra/*.sh"))
PARTS = sorted(ROOT.glob("infra/shell/*.sh"))


def test_there_are_scripts() -> None:
    assert {"deploy.sh", "what-if.sh", "release.sh", "destroy.sh", "entra.sh"} <= {script.name for script in SCRIPTS}
    assert PARTS


@pytest.mark.parametrize("script", [*SCRIPTS, *PARTS], ids=lambda script: script.name)
def test_it_parses(script: Path) -> None:
    subprocess.run(["bash", "-n", str(script)], check=True)


def complaints(root: Path) -> str:
    program = shutil.which("shellcheck")
    assert program is not None, "install shellcheck (Debian and Ubuntu: apt-get install shellcheck)"
    command = [program, "--external-sources", "--check-sourced", "--severity=style"]
    files = sorted(root.glob("infra/*.sh"))
    assert files
    return subprocess.run([*command, *files], cwd=root, capture_output=True, text=True, check=False).stdout


def test_shellcheck_has_nothing_to_say() -> None:
    assert complaints(ROOT) == ""


def test_shellcheck_sees_a_mistake_in_a_part(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "infra", tmp_path / "infra")
    with (tmp_path / "infra" / "shell" / "say.sh").open("a") as file:
        file.write("mistaken() {\n    rm $1/thing\n}\n")
    assert "SC2086" in complaints(tmp_path)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_it_says_how_it_is_used(script: Path) -> None:
    asked = subprocess.run([str(script), "--help"], capture_output=True, text=True, check=False)
    assert asked.returncode == 0
    assert asked.stdout.startswith("usage: infra/")
    wrong = subprocess.run([str(script)], capture_output=True, text=True, check=False)
    assert wrong.returncode == 2
    assert wrong.stderr.startswith("usage: infra/")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_it_stops_at_the_first_failure(script: Path) -> None:
    assert "\nset -euo pipefail\n" in script.read_text()
