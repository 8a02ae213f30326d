"""What other programs say: checkov, shellcheck, actionlint, and the Bicep compiler where there is one."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from infra.checks.project import Problem, Project

_CHECKOV_CONFIG = "infra/checks/checkov.yaml"


def checkov(project: Project, program: Path) -> Iterator[Problem]:
    """Checkov's findings. A file that it cannot parse has none of them, so that is a problem of its own."""
    arguments = ["--framework", "bicep", "--directory", "infra", "--config-file", _CHECKOV_CONFIG, "--output", "json"]
    told = _run([str(program), *arguments], project.root)
    try:
        report = json.loads(told.stdout)
    except ValueError:
        yield Problem("checkov", "infra", f"it says nothing that can be read: {told.stderr.strip()[-300:]}")
        return
    results = report["results"]
    for file in results["parsing_errors"]:
        yield Problem("checkov", str(Path(file).name), "checkov cannot parse this file, so it has not looked at it")
    for failed in results["failed_checks"]:
        where = f"{failed['file_path'].lstrip('/')}:{failed['file_line_range'][0]}"
        yield Problem("checkov", where, f"{failed['check_id']} {failed['check_name']} ({failed['resource']})")
    # A few seconds of checks that looked at nothing would be as quiet as a good result.
    if report["summary"]["passed"] < len(project.templates):
        yield Problem("checkov", "infra", f"only {report['summary']['passed']} checks have passed")


def shell(project: Project) -> Iterator[Problem]:
    """`bash -n` of every file of infra/, shellcheck of every program and of what it sources."""
    scripts = sorted((project.root / "infra").rglob("*.sh"))
    for script in scripts:
        told = _run(["bash", "-n", str(script)], project.root)
        if told.returncode != 0:
            yield Problem("shell syntax", script.relative_to(project.root).as_posix(), told.stderr.strip()[:300])
    programs = [str(script) for script in scripts if script.read_text().startswith("#!")]
    if programs:
        shellcheck = str(Path(sys.executable).parent / "shellcheck")
        told = _run(
            [shellcheck, "--external-sources", "--check-sourced", "--format", "gcc", *programs],
            project.root,
        )
        for line in told.stdout.splitlines():
            yield Problem("shellcheck", line.partition(": ")[0], line.partition(": ")[2])
        if told.returncode > 1:
            yield Problem("shellcheck", "infra", told.stderr.strip()[:300])


def actionlint(project: Project, program: str) -> Iterator[Problem]:
    """Run actionlint on every workflow."""
    workflows = sorted((project.root / ".github/workflows").glob("*.y*ml"))
    if workflows:
        told = _run([program, "-no-color", "-oneline", *map(str, workflows)], project.root)
        for line in told.stdout.splitlines():
            yield Problem("actionlint", line.partition(": ")[0], line.partition(": ")[2])
        if told.returncode > 1:
            yield Problem("actionlint", ".github/workflows", told.stderr.strip()[:300])


def compiler() -> Sequence[str] | None:
    """How the Bicep compiler is called here, None when there is none."""
    if (bicep := shutil.which("bicep")) is not None:
        return [bicep, "build"]
    az = shutil.which("az")
    if az is not None and _run([az, "bicep", "version"], Path.cwd()).returncode == 0:
        return [az, "bicep", "build", "--file"]
    return None


def build(project: Project, command: Sequence[str]) -> Iterator[Problem]:
    """Build main.bicep. Warnings are not counted: which ones there are depends on the compiler's version."""
    with_file = [*command, str(project.root / "infra/main.bicep"), "--stdout"]
    told = _run(with_file, project.root)
    for line in told.stderr.splitlines():
        if ") : Error " in line:
            yield Problem("bicep build", line.partition("(")[0], line.partition(") : ")[2])
    if told.returncode != 0 and ") : Error " not in told.stderr:
        yield Problem("bicep build", "main.bicep", told.stderr.strip()[:300])


def _run(command: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=300)  # noqa: S603
