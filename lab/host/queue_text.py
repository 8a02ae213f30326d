"""What stands in a queue message and what a function is given of it."""

import base64
import binascii

from azure.storage.queue import QueueMessage

from lab.host.worker import Datum


class UndecodableError(Exception):
    """The text is not what host.json's messageEncoding says."""


def encode(body: bytes, encoding: str) -> str:
    """The text to store for a body."""
    return base64.b64encode(body).decode() if encoding == "base64" else body.decode()


def decode(text: str, encoding: str) -> Datum:
    """The value for the function: text where the body is UTF-8, else bytes."""
    if encoding == "none":
        return Datum(text, "string")
    try:
        body = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise UndecodableError(f"not base64: {error}") from error
    try:
        return Datum(body.decode(), "string")
    except UnicodeDecodeError:
        return Datum(body, "bytes")


def trigger_metadata(message: QueueMessage) -> dict[str, Datum]:
    """The fields beside the body, under the names that the Python worker reads."""
    times = {
        "InsertionTime": message.inserted_on,
        "ExpirationTime": message.expires_on,
        "NextVisibleTime": message.next_visible_on,
    }
    return {
        "Id": Datum(message.id, "string"),
        "PopReceipt": Datum(message.pop_receipt, "string"),
        "DequeueCount": Datum(message.dequeue_count, "int"),
    } | {name: Datum(moment.isoformat(), "string") for name, moment in times.items() if moment is not None}
