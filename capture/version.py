"""Which release this is: the release script puts its version beside this module, into the package that it deploys."""

from pathlib import Path

_FILE = Path(__file__).with_name("version.txt")


def version(file: Path = _FILE) -> str:
    """Return the version that was released, such as `0.1.0+3f2a9c10d4be`; `development` where there was no release."""
    try:
        return file.read_text(encoding="utf-8").strip() or "development"
    except FileNotFoundError:
        return "development"
