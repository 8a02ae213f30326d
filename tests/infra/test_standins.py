"""The stand-in of az knows what the real one knows, and nothing else."""

import re

import pytest

from tests.infra.cloud import ROOT, Cloud
from tests.infra.standins import az
from tests.infra.standins.world import Refused


@pytest.mark.parametrize(
    ("call", "why"),
    [
        ("group remove --name g", "misspelled"),
        ("group delete --name g --sure", "unrecognized arguments: --sure"),
        ("group delete --yes", "required: --name"),
        ("functionapp deployment source config-zip --name f", "required: --src"),
        ("deployment sub create --name d", "required: --location"),
        ("account show --name", "expected one argument"),
    ],
)
def test_an_unknown_command_or_flag_is_refused(cloud: Cloud, call: str, why: str) -> None:
    with pytest.raises(Refused, match=re.escape(why)):
        az.act(cloud.read(), call.split(), "", {})


def test_every_az_command_in_the_scripts_is_known() -> None:
    called = set()
    for script in [*ROOT.glob("infra/*.sh"), *ROOT.glob("infra/shell/*.sh")]:
        text = re.sub(r"\\\n\s*", " ", script.read_text())
        called |= set(re.findall(r'(?:\baz|ask_azure|of_site "\$\w+") ((?:[a-z]+[a-z-]* )*[a-z-]+) --', text))
    assert len(called) > 15
    assert called <= set(az.KNOWN) | {"login", "account set"}
