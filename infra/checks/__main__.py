"""Run every check and say what each has found: `python -m infra.checks [--checkov PATH]`; ends with 1 on a problem."""

import argparse
import shutil
import sys
from pathlib import Path

from infra.checks import agreement, keeping, modules, network, queries, roles, schema, security, symbols, tools
from infra.checks.project import Check, Problem, Project

CHECKS: dict[str, Check] = {
    "syntax and symbols": symbols.check,
    "modules and parameters": modules.check,
    "types, versions, properties": schema.check,
    "security": security.check,
    "archive and lifecycle": keeping.check,
    "private endpoints": network.check,
    "roles": roles.check,
    "agreement with the product": agreement.check,
    "queries": queries.check,
}


def problems(project: Project) -> list[Problem]:
    """Everything that is wrong, by the checks that need no other program."""
    return [problem for check in CHECKS.values() for problem in check(project)]


def main() -> int:
    """Run all, those of other programs included, and name those that there are not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkov", type=Path, help="the program; without it that check is left out, and this is said")
    checkov = parser.parse_args().checkov
    project = Project(Path(__file__).parents[2])
    found: list[Problem] = []

    def tell(name: str, more: list[Problem]) -> None:
        found.extend(more)
        sys.stdout.write(f"  {name}: {'good' if not more else f'{len(more)} wrong'}\n")

    for name, check in CHECKS.items():
        tell(name, list(check(project)))
    tell("scripts (bash, shellcheck)", list(tools.shell(project)))
    if checkov is not None:
        tell("checkov", list(tools.checkov(project, checkov)))
    else:
        sys.stdout.write("  checkov: not run, no --checkov\n")
    if (actionlint := shutil.which("actionlint")) is not None:
        tell("workflows (actionlint)", list(tools.actionlint(project, actionlint)))
    else:
        sys.stdout.write("  workflows: not checked, there is no actionlint on PATH\n")
    if (compiler := tools.compiler()) is not None:
        tell("bicep build", list(tools.build(project, compiler)))
    else:
        sys.stdout.write("  bicep build: not run, there is no compiler on PATH\n")
    for problem in found:
        sys.stdout.write(f"{problem}\n")
    sys.stdout.write(f"check-infra: {f'{len(found)} problems' if found else 'the templates are as they should be'}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
