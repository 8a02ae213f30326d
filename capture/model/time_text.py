"""How a time is written for whoever reads an answer of the product."""

from datetime import UTC, datetime


def text_of(when: datetime, *, precise: bool = False) -> str:
    """Write a time in UTC in ISO 8601, to the second or, where it names something, as it is."""
    text = when.astimezone(UTC).isoformat(timespec="auto" if precise else "seconds")
    return text.replace("+00:00", "Z")
