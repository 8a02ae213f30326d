"""Calls as Omnichannel leaves them behind: a conversation, and recordings that may come late."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from lab.dynamics.conversations import Conversation
from lab.dynamics.media import RecordingFile, sample_names
from lab.dynamics.organisation import Organisation, Publication, whole_seconds
from lab.dynamics.tables import Row

ODD_NAMES = (
    "Anruf Müller & Söhne #7 (Kopie).mp3",
    "call, recording; part=2.mp3",
    "録音 14:30.mp3",
    "a/b\\c%20d.mp3",
    'quoted "call".mp3',
)


@dataclass(frozen=True, slots=True)
class CallPlan:
    """What one call is like. Delays count from its `createdon`."""

    recordings_per_call: int | None = None
    """None: mostly one, two for about 15 % of the calls (a transfer)."""
    commit_delay_seconds: float = 0
    file_delay_seconds: float | None = 0
    """None: the file never comes."""
    without_recording: bool = False
    size_bytes: int | None = None
    open: bool = False
    close_delay_seconds: float = 10
    created_ago_seconds: float = 0


@dataclass(frozen=True, slots=True)
class PublishedCall:
    """What has been published as one call."""

    conversation_id: str
    recording_ids: tuple[str, ...]


def realistic(plan: CallPlan, organisation: Organisation) -> CallPlan:
    """Return the plan with the lateness of daily life: late commits, late files, calls without recording."""
    chance = organisation.random
    return replace(
        plan,
        commit_delay_seconds=chance.uniform(1, 20) if chance.random() < 0.15 else 0,
        file_delay_seconds=chance.uniform(1, 30) if chance.random() < 0.25 else 0,
        without_recording=chance.random() < 0.05,
    )


def publish(organisation: Organisation, plan: CallPlan) -> PublishedCall:
    """Put one call into the organisation."""
    with organisation.lock:
        organisation.settle()
        created = organisation.clock() - timedelta(seconds=plan.created_ago_seconds)
        parts = plan.recordings_per_call or (2 if organisation.random.random() < 0.15 else 1)
        conversation = Conversation(organisation, created, parts, is_open=plan.open)
        conversation.write()
        if plan.open:
            end = created + timedelta(seconds=plan.close_delay_seconds)
            organisation.at(end, lambda: conversation.close(end))
        recordings = 0 if plan.without_recording else parts
        conversation_id = conversation.conversation_id
        found = (
            record(organisation, plan, conversation_id, conversation.agent(part)["systemuserid"], created, part)
            for part in range(recordings)
        )
        return PublishedCall(conversation.conversation_id, tuple(found))


def record(
    organisation: Organisation, plan: CallPlan, conversation_id: str, owner: str, created_on: datetime, part: int
) -> str:
    """Publish one recording of a conversation, as late as the plan says; the caller holds the lock."""
    recording = organisation.new_id()
    visible = created_on + timedelta(seconds=plan.commit_delay_seconds)
    truth = Publication(recording, conversation_id, created_on, visible)
    organisation.published[recording] = truth
    created = whole_seconds(created_on)
    row: Row = {
        "msdyn_ocrecordingid": recording,
        "msdyn_name": f"Recording {part + 1}",
        "msdyn_recording": None,
        "msdyn_recording_name": None,
        "msdyn_recordingmetadata": None,
        "msdyn_recordingmetadata_name": None,
        "msdyn_mediauri": None,
        "msdyn_applicationid": None,
        "_msdyn_liveworkitemid_value": conversation_id,
        "_msdyn_recordingtarget_value": conversation_id,
        "msdyn_recordingtargetidtype": "msdyn_ocliveworkitem",
        "_msdyn_sourcelanguage_value": None,
        "_ownerid_value": owner,
        "statecode": 0,
        "statuscode": 1,
        "createdon": created,
        "modifiedon": created,
    }
    organisation.at(visible, lambda: organisation.tables.write("msdyn_ocrecording", row))
    if plan.file_delay_seconds is not None:
        truth.file_on = max(visible, created_on + timedelta(seconds=plan.file_delay_seconds))
        file = truth.file = _file(organisation, plan.size_bytes)
        organisation.at(truth.file_on, lambda: organisation.attach_file(recording, file))
    return recording


def _file(organisation: Organisation, size_bytes: int | None) -> RecordingFile:
    chance = organisation.random
    file_id, sample = organisation.new_id(), chance.choice(sample_names())
    name = chance.choice(ODD_NAMES) if chance.random() < 0.1 else "callRecording.mp3"
    if size_bytes is None:
        return RecordingFile.of_sample(file_id, name, sample)
    return RecordingFile(file_id, name, "audio/mpeg", sample, size_bytes)
