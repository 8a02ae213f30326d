"""A subscription that is not there: the scripts run against stand-ins of az and curl."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.infra.standins.server import Server

ROOT = Path(__file__).parents[2]
STANDINS = Path(__file__).parent / "standins"
TENANT, SUBSCRIPTION = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
PARAMETERS = f"""\
using 'main.bicep'

param namePrefix = 'capture'
param environmentName = 'prod'
param locationMain = 'westeurope'
param locationPeer = 'northeurope'
param locationWitness = 'swedencentral'
param dynamicsUrl = 'https://contoso.crm4.dynamics.com'
param tenantId = '{TENANT}'
param clientIdMain = readEnvironmentVariable('CLIENT_ID_MAIN', '')
param clientIdPeer = readEnvironmentVariable('CLIENT_ID_PEER', '')
param clientSecretMain = readEnvironmentVariable('CLIENT_SECRET_MAIN', '')
param clientSecretPeer = readEnvironmentVariable('CLIENT_SECRET_PEER', '')
param federatedCredentials = false
param clientSecretExpiresMain = readEnvironmentVariable('CLIENT_SECRET_EXPIRES_MAIN', '')
param clientSecretExpiresPeer = readEnvironmentVariable('CLIENT_SECRET_EXPIRES_PEER', '')
param desktopSecret = readEnvironmentVariable('DESKTOP_SECRET', '')
param lockImmutability = false
param archiveLockedMain = bool(readEnvironmentVariable('ARCHIVE_LOCKED_MAIN', 'false'))
param archiveLockedPeer = bool(readEnvironmentVariable('ARCHIVE_LOCKED_PEER', 'false'))
param fingerprint = readEnvironmentVariable('FINGERPRINT', '')
"""
_PROVIDERS = (
    "App", "Web", "Storage", "KeyVault", "ManagedIdentity", "Cdn", "Network", "Insights", "OperationalInsights",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ended:
    """How a script ended. A killed one has a negative code."""

    code: int
    said: str
    complained: str


def check_out(folder: Path) -> Path:
    """Make a repository with the scripts of this one and code of two versions: `HEAD`, and `HEAD^` before it."""
    shutil.copytree(ROOT / "infra", folder / "infra", ignore=shutil.ignore_patterns("modules", "queries"))
    (folder / "capture").mkdir()
    for name in ("host.json", "requirements.txt", "constraints.txt", "function_app.py", "pyproject.toml"):
        shutil.copy(ROOT / name, folder / name)
    for number in (1, 2):
        (folder / "capture" / "__init__.py").write_text(f'"""Version {number}."""\n')
        git(folder, "init", "-q")
        git(folder, "add", "-A")
        git(folder, "-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-qm", f"Version {number}")
    return folder


def git(folder: Path, *arguments: str) -> None:
    """Run git in a folder, without the settings of whoever runs the tests."""
    environment = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
    subprocess.run(["git", "-C", folder, *arguments], check=True, env=environment)


class Cloud:
    """A world of the stand-ins in a folder, and scripts run in it."""

    def __init__(self, folder: Path, checkout: Path) -> None:
        """Begin with an empty subscription whose providers are registered; `checkout` holds scripts and code."""
        self.folder = folder
        self.checkout = checkout
        self._journal: list[list[str]] = []
        self.after: list[dict[str, Any]] = []
        self.parameters = folder / "main.bicepparam"
        self.parameters.write_text(PARAMETERS)
        self.write(
            {
                "account": {"name": "Contoso", "id": SUBSCRIPTION, "tenantId": TENANT},
                "bicep": True,
                "providers": {f"Microsoft.{name}": "Registered" for name in _PROVIDERS},
                "applications": [],
                "principals": [],
                "deployments": {},
                "quota_exceeded": False,
                "what_if_blind": False,
                "groups": [],
                "locks": {},
                "policies": {},
                "vaults": {},
                "sites": {},
                "dataverse": {"unit": "root-unit", "roles": [], "users": [], "missing_tables": []},
                "clock": 0,
                "active": None,
                "archived": {"total": 0, "main": 0, "peer": 0},
                "seconds_to_start": 20,
                "broken_versions": [],
                "faults": {},
                "ids": 0,
                "secrets": [],
                "changes": [],
                "violations": [],
            }
        )

    def write(self, world: Mapping[str, Any]) -> None:
        self._world = deepcopy(dict(world))

    def read(self) -> dict[str, Any]:
        return deepcopy(self._world)

    def change(self, **values: object) -> None:
        self.write(self.read() | values)

    def journal(self) -> list[list[str]]:
        """All calls since the last `forget`, each with its program first."""
        return list(self._journal)

    def forget(self) -> None:
        """Begin the journal and the list of changes anew."""
        self._journal = []
        self.change(changes=[], violations=[])

    def run(self, script: str, *arguments: str, said: str = "", kill: str = "", **variables: str) -> Ended:
        """Run a script of infra/ with the parameter file; `kill` is the number of a call and "before" or "after"."""
        # Nothing of the environment of the tests but what every process needs: no settings, no az, no proxy.
        environment = {
            "PATH": f"{STANDINS / 'bin'}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "TMPDIR": str(self.folder),
            "LC_ALL": "C.UTF-8",
            "RELEASE_POLL_SECONDS": "0",
            "RELEASE_LOOKS": "8",
        }
        with Server(self._world, kill) as server:
            ended = subprocess.run(
                [self.checkout / "infra" / script, self.parameters, *arguments],
                input=said,
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
                env=environment | variables | {"STANDIN_PORT": str(server.port)},
                start_new_session=True,
                cwd=self.folder,
            )
        self._journal += server.journal
        self.after = server.after
        return Ended(ended.returncode, ended.stdout, ended.stderr)
