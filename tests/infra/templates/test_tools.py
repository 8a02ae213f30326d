"""What other programs say is passed on, their silence included. Stand-ins say what a test wants."""

import json
from pathlib import Path

import pytest

from infra.checks import tools
from infra.checks.project import Project

FINDING = {
    "check_id": "CKV_AZURE_3",
    "check_name": "Ensure that 'supportsHttpsTrafficOnly' is set to 'true'",
    "resource": "Microsoft.Storage/storageAccounts.account",
    "file_path": "/modules/witness.bicep",
    "file_line_range": [9, 31],
}


def program(folder: Path, *lines: str) -> Path:
    """A program that runs these lines of bash."""
    made = folder / "program"
    made.write_text("\n".join(["#!/bin/bash", *lines]))
    made.chmod(0o755)
    return made


def checkov_says(folder: Path, *, failed: list[object], broken: list[str], passed: int) -> Path:
    """The shape of checkov 3.3.30's report."""
    results = {"passed_checks": [], "failed_checks": failed, "skipped_checks": [], "parsing_errors": broken}
    (folder / "report.json").write_text(json.dumps({"results": results, "summary": {"passed": passed}}))
    return program(folder, f"cat {folder}/report.json", "exit 1")


def test_checkov_with_nothing_to_say_is_good(copy: Path) -> None:
    assert list(tools.checkov(Project(copy), checkov_says(copy, failed=[], broken=[], passed=60))) == []


def test_a_finding_of_checkov_is_told_with_its_place(copy: Path) -> None:
    (problem,) = tools.checkov(Project(copy), checkov_says(copy, failed=[FINDING], broken=[], passed=60))
    assert str(problem).startswith("modules/witness.bicep:9: checkov: CKV_AZURE_3 Ensure that")


def test_a_file_that_checkov_cannot_parse_is_a_failure(copy: Path) -> None:
    says = checkov_says(copy, failed=[], broken=["/x/infra/modules/network.bicep"], passed=60)
    (problem,) = tools.checkov(Project(copy), says)
    assert (problem.where, problem.what) == (
        "network.bicep",
        "checkov cannot parse this file, so it has not looked at it",
    )


def test_a_checkov_that_has_looked_at_nothing_is_a_failure(copy: Path) -> None:
    (problem,) = tools.checkov(Project(copy), checkov_says(copy, failed=[], broken=[], passed=0))
    assert problem.what == "only 0 checks have passed"


def test_a_checkov_that_breaks_is_a_failure(copy: Path) -> None:
    (problem,) = tools.checkov(Project(copy), program(copy, "echo no such option >&2", "exit 2"))
    assert problem.what == "it says nothing that can be read: no such option"


@pytest.mark.parametrize(
    ("script", "caught"),
    [
        ("if true; then echo yes\n", {"shell syntax", "shellcheck"}),
        ("set -euo pipefail\nname=$1\necho $name\n", {"shellcheck"}),
        ('set -euo pipefail\necho "$1"\n', set()),
    ],
)
def test_scripts_are_checked_by_bash_and_shellcheck(copy: Path, script: str, caught: set[str]) -> None:
    (copy / "infra/new.sh").write_text(f"#!/usr/bin/env bash\n{script}")
    assert {problem.check for problem in tools.shell(Project(copy))} == caught


def test_what_actionlint_finds_is_told(copy: Path) -> None:
    workflows = copy / ".github/workflows"
    workflows.mkdir(parents=True)
    (workflows / "ci.yml").write_text("on: push\n")
    says = program(copy, "echo \".github/workflows/ci.yml:1:1: 'jobs' section is missing\"", "exit 1")
    (problem,) = tools.actionlint(Project(copy), str(says))
    assert str(problem) == ".github/workflows/ci.yml:1:1: actionlint: 'jobs' section is missing"


def test_errors_of_the_compiler_are_told_and_warnings_are_not(copy: Path) -> None:
    says = program(
        copy,
        'echo "/x/infra/main.bicep(3,5) : Error BCP057: The name \\"rg\\" does not exist." >&2',
        'echo "/x/infra/main.bicep(9,1) : Warning no-unused-params: it is not used." >&2',
        "exit 1",
    )
    found = [problem.what for problem in tools.build(Project(copy), [str(says)])]
    assert found == ['Error BCP057: The name "rg" does not exist.']


def test_a_compiler_that_breaks_is_a_failure(copy: Path) -> None:
    (problem,) = tools.build(Project(copy), [str(program(copy, "echo out of memory >&2", "exit 137"))])
    assert problem.what == "out of memory"
    assert list(tools.build(Project(copy), [str(program(copy, "exit 0"))])) == []
