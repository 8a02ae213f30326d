"""docs/runbook.md is walked through with the stand-ins: every command prints what stands below it."""

import re

from tests.infra.cloud import ROOT, Cloud

PAGE = (ROOT / "docs" / "runbook.md").read_text()
STEP = re.compile(r"(?:<!-- (.+?) -->\n)?```console\n(.+?)```", re.DOTALL)


def without_fingerprint(text: str) -> str:
    """What a commit adds to a version differs with every commit."""
    return re.sub(r"\+[0-9a-f]{12}", "+<commit>", text)


def printed(cloud: Cloud, command: str) -> str:
    variables, script, arguments, said = re.fullmatch(
        r"((?:[A-Z_]+=\S+ )*)infra/(\S+) infra/prod\.bicepparam ?([^<]*?)(?: <<< \$'(.*)')?", command
    ).groups()  # type: ignore[union-attr]
    given = dict(each.split("=", 1) for each in variables.split())
    ended = cloud.run(script, *arguments.split(), said=(said or "").replace("\\n", "\n"), **given)
    return without_fingerprint(ended.said + ended.complained)


def test_a_newcomer_sees_what_the_runbook_says(cloud: Cloud) -> None:
    steps = STEP.findall(PAGE)
    assert len(steps) >= 6
    for before, block in steps:
        if before == "a call ends":
            cloud.change(archived={"total": 1, "main": 0, "peer": 1})
        if before == "the next version":
            world = cloud.read()
            for site in world["sites"].values():
                site["code"] = "0.0.9+000000000000"
            cloud.write(world)
        command, _, expected = block.partition("\n")
        assert command.startswith("$ ")
        assert printed(cloud, command[2:]) == expected


def test_every_script_is_in_the_runbook() -> None:
    for script in ROOT.glob("infra/*.sh"):
        assert f"infra/{script.name}" in PAGE
