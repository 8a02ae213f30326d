"""The truth about what has been published, as tests and benches compare it with what was captured."""

from datetime import datetime
from typing import Any

from lab.dynamics.media import RecordingFile, sample_names
from lab.dynamics.organisation import Organisation, Publication


def published(organisation: Organisation, *, hashes: bool) -> list[dict[str, Any]]:
    """Return the truth about every recording, in the order of publication."""
    with organisation.lock:
        organisation.settle()
        truths = list(organisation.published.values())
    return [shown(truth, hashes=hashes) for truth in truths]


def attach(
    organisation: Organisation,
    recording_id: str,
    *,
    size_bytes: int | None = None,
    file_name: str = "callRecording.mp3",
    media_type: str = "audio/mpeg",
    sample: str | None = None,
) -> dict[str, Any]:
    """Give a recording a file, or another one; return the truth about it, which is also published."""
    with organisation.lock:
        organisation.settle()
        row = organisation.tables["msdyn_ocrecording"].get(recording_id)
        if row is None:
            raise ValueError(f"there is no recording {recording_id}")
        if sample is not None and sample not in sample_names():
            raise ValueError(f"there is no sample {sample}")
        file_id, spoken = organisation.new_id(), sample or sample_names()[0]
        file = (
            RecordingFile.of_sample(file_id, file_name, spoken, media_type)
            if size_bytes is None
            else RecordingFile(file_id, file_name, media_type, spoken, size_bytes)
        )
        now = organisation.clock()
        created = datetime.fromisoformat(row["createdon"])
        conversation = row.get("_msdyn_liveworkitemid_value")
        truth = organisation.published.setdefault(recording_id, Publication(recording_id, conversation, created, now))
        truth.file_on, truth.file = now, file
        organisation.attach_file(recording_id, file)
    return shown(truth, hashes=True)


def shown(truth: Publication, *, hashes: bool) -> dict[str, Any]:
    """Return the truth about one recording as JSON."""
    file = truth.file
    return {
        "recording_id": truth.recording_id,
        "conversation_id": truth.conversation_id,
        "created_on": stamp(truth.created_on),
        "visible_on": stamp(truth.visible_on),
        "file_on": stamp(truth.file_on),
        "sha256": file.sha256() if file and hashes else None,
        "size": file.size if file else None,
        "file_name": file.name if file else None,
        "media_type": file.media_type if file else None,
    }


def stamp(moment: datetime | None) -> str | None:
    """Spell a time of the lab, with milliseconds."""
    return None if moment is None else moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
