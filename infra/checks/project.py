"""The files that the checks look at, under one root: so that a test can look at a copy with a mistake in it."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from infra.checks.template import Declaration, Template, read


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: where, and what to do about it."""

    check: str
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.check}: {self.what}"


type Check = Callable[["Project"], Iterable[Problem]]


@dataclass(frozen=True)
class Project:
    """The root of the repository, or of a copy of what the checks read."""

    root: Path

    @cached_property
    def templates(self) -> Mapping[str, Template]:
        """Every .bicep file by its name, such as `modules/storage.bicep`."""
        infra = self.root / "infra"
        return {
            (name := path.relative_to(infra).as_posix()): read(name, path.read_text())
            for path in sorted(infra.rglob("*.bicep"))
        }

    def called(self, template: Template, module: Declaration) -> Template | None:
        """The file that a module names, None when there is no such file."""
        return self.templates.get(template.beside(module.of))

    @property
    def main(self) -> Template:
        """What is deployed."""
        return self.templates["main.bicep"]

    @cached_property
    def parameter_files(self) -> list[Template]:
        """Every .bicepparam file."""
        return [read(path.name, path.read_text()) for path in sorted((self.root / "infra").glob("*.bicepparam"))]

    @cached_property
    def queries(self) -> Mapping[str, str]:
        """Every query by its name."""
        return {path.name: path.read_text() for path in sorted((self.root / "infra/queries").glob("*.kql"))}

    def text(self, path: str) -> str:
        """A file of the repository."""
        return (self.root / path).read_text()

    def json(self, path: str) -> Any:  # noqa: ANN401 - what stands in it
        """A JSON file of the repository."""
        return json.loads(self.text(path))
