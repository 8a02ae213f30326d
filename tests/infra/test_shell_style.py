"""The scripts are in the house's style: they parse, shellcheck has nothing to say, and each tells how it is used."""

import shutil
import subprocess

import pytest

from tests.infra.cloud import ROOT

SCRIPTS = sorted(ROOT.glob("infra/*.sh"))
PARTS = sorted(ROOT.glob("infra/shell/*.sh"))


def test_there_are_scripts() -> None:
    assert {"deploy.sh", "what-if.sh", "release.sh", "destroy.sh", "entra.sh"} <= {script.name for script in SCRIPTS}
    assert PARTS


@pytest.mark.parametrize("script", [*SCRIPTS, *PARTS], ids=lambda script: script.name)
def test_it_parses(script: object) -> None:
    subprocess.run(["bash", "-n", str(script)], check=True)


def test_shellcheck_has_nothing_to_say() -> None:
    program = shutil.which("shellcheck")
    assert program is not None, "install shellcheck (Debian: apt-get install shellcheck)"
    stubs = sorted((ROOT / "tests" / "infra" / "standins" / "bin").glob("az"))
    checked = subprocess.run(
        [program, "--external-sources", "--severity=style", *SCRIPTS, *stubs],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert checked.stdout == ""
    assert checked.returncode == 0


def test_shellcheck_reads_the_parts_as_well(tmp_path: object) -> None:
    program = shutil.which("shellcheck")
    assert program is not None
    broken = "# shellcheck shell=bash\nf() { echo $1; }\n"
    checked = subprocess.run([program, "-"], input=broken, capture_output=True, text=True, check=False)
    assert "SC2086" in checked.stdout


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_it_says_how_it_is_used(script: object) -> None:
    asked = subprocess.run([str(script), "--help"], capture_output=True, text=True, check=False)
    assert asked.returncode == 0
    assert asked.stdout.startswith("usage: infra/")
    wrong = subprocess.run([str(script)], capture_output=True, text=True, check=False)
    assert wrong.returncode == 2
    assert wrong.stderr.startswith("usage: infra/")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_it_stops_at_the_first_failure(script: object) -> None:
    with open(str(script)) as file:
        assert "\nset -euo pipefail\n" in file.read()
