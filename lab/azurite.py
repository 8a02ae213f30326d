"""One storage emulator: a simulated region's storage account, in memory, on ports that the system gives."""

import base64
import hashlib
import re
import shutil
from pathlib import Path
from typing import Self

from lab.part import Part
from lab.processes import ROOT, Child, NotStartedError

SCRIPT = ROOT / "node_modules" / "azurite" / "dist" / "src" / "azurite.js"
PRELOAD = ROOT / "lab" / "azurite_preload.cjs"
SERVICES = ("Blob", "Queue", "Table")
_LISTENING = re.compile(r"Azurite (Blob|Queue|Table) service is successfully listening at http://127\.0\.0\.1:(\d+)")
_SECONDS_TO_START = 60.0


class Azurite(Part):
    """A running emulator with one account. Every region has an account name of its own.

    With the same name on two emulators, a copy from one to the other would silently copy the local blob of that name.
    """

    def __init__(self, account: str, folder: Path) -> None:
        """Start the process; `wait` returns when it listens. Its log goes to `folder`."""
        node = shutil.which("node")
        if node is None or not SCRIPT.exists():
            raise NotStartedError("Azurite is not installed: run `make setup` (it needs Node.js)")
        self.account = account
        self.key = base64.b64encode(hashlib.sha256(account.encode()).digest()).decode()
        folder.mkdir(parents=True, exist_ok=True)
        ports = [argument for service in SERVICES for argument in (f"--{service.lower()}Port", "0")]
        self.process = Child(
            f"storage {account}",
            # Current SDKs ask for an API version that the emulator does not know yet; it also calls out unless told.
            [
                node,
                "--require",
                PRELOAD,
                SCRIPT,
                *ports,
                "--inMemoryPersistence",
                "--silent",
                "--skipApiVersionCheck",
                "--disableTelemetry",
            ],
            folder / f"azurite-{account}.log",
            folder=folder,
            environ={"AZURITE_ACCOUNTS": f"{account}:{self.key}"},
        )
        self._ports: dict[str, int] = {}

    def wait(self) -> Self:
        """Return when all three services listen; NotStartedError when they do not."""
        self._ports = self.process.wait_for(self._listening, _SECONDS_TO_START)
        return self

    def address(self, service: str) -> str:
        """Address of the account at one service: Blob, Queue or Table."""
        return f"http://127.0.0.1:{self._ports[service]}/{self.account}"

    @property
    def connection_string(self) -> str:
        """What the node, the SDKs and Storage Explorer take."""
        endpoints = "".join(f"{service}Endpoint={self.address(service)};" for service in SERVICES)
        return f"DefaultEndpointsProtocol=http;AccountName={self.account};AccountKey={self.key};{endpoints}"

    def _up(self) -> Self:
        return self.wait()

    def stop(self) -> None:
        """End the emulator; what it held is gone."""
        self.process.stop(5)

    def _listening(self) -> dict[str, int] | None:
        ports = {service: int(port) for service, port in _LISTENING.findall(self.process.said())}
        return ports if len(ports) == len(SERVICES) else None
