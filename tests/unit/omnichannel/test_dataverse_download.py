"""Downloads: by link, by ranges, and everything that can go wrong with either."""

from collections.abc import Callable

import pytest
from conftest import HandClock
from tiny_server import Answer, TinyServer, refuses, says

from capture.errors import CaptureError, Mangled, Permanent, Transient, Unauthorized, Waiting
from capture.model.identity import RecordingId
from capture.omnichannel.organisation import Organisation

ID = RecordingId("0f3c9a52-7a2f-4a6e-9d0e-3b1f1f6f0001")
LINK = "/api/data/v9.2/GetFileSasUrl("
VALUE = f"/api/data/v9.2/msdyn_ocrecordings({ID})/msdyn_recording/$value"
FILE = "/files/one?sig=s3cret"
MIB = 1024 * 1024
AUDIO = bytes(range(256)) * 4096 * 9 + b"end"


def link(file_host: TinyServer, **changes: object) -> Answer:
    result = {"FileName": "call.mp3", "FileSizeInBytes": len(AUDIO), "MimeType": "audio/mpeg"}
    return says({"Result": result | {"SasUrl": file_host.url + FILE} | changes})


def part(number: int, total: int | None = len(AUDIO)) -> Answer:
    start = number * 4 * MIB
    known = {} if total is None else {"x-ms-file-size": str(total)}
    return Answer(206, AUDIO[start : start + 4 * MIB], known | {"x-ms-file-name": "call.mp3", "mimetype": "audio/mpeg"})


def read(organisation: Organisation) -> bytes:
    with organisation.open(ID) as download:
        return b"".join(download.chunks)


@pytest.fixture
def barred(server: TinyServer, file_host: TinyServer) -> None:
    """A tenant that lets nobody use links."""
    server.on(LINK, link(file_host))
    file_host.on(FILE, Answer(401))


def test_download_by_link(organisation: Organisation, server: TinyServer, file_host: TinyServer) -> None:
    server.on(LINK, link(file_host))
    file_host.on(FILE, Answer(200, AUDIO, {"Content-Type": "application/octet-stream"}))
    with organisation.open(ID) as download:
        assert (download.file_name, download.size, download.media_type) == ("call.mp3", len(AUDIO), "audio/mpeg")
        pieces = list(download.chunks)
    assert b"".join(pieces) == AUDIO
    assert max(map(len, pieces)) <= MIB
    asked = next(each for each in server.asked if each.path.startswith(LINK))
    assert asked.method == "GET"
    assert asked.path == (
        f"{LINK}Target=@p1,FileAttributeName='msdyn_recording')?@p1=%7B'@odata.id':'msdyn_ocrecordings({ID})'%7D"
    )
    [fetched] = file_host.asked
    assert fetched.path == FILE
    assert "Authorization" not in fetched.headers
    assert fetched.headers["Accept-Encoding"] == "identity"


def test_every_attempt_has_a_link_of_its_own(
    organisation: Organisation, server: TinyServer, file_host: TinyServer
) -> None:
    server.on(LINK, link(file_host))
    file_host.on(FILE, Answer(403), Answer(200, AUDIO))
    with pytest.raises(Transient):
        read(organisation)
    assert read(organisation) == AUDIO
    assert server.count(LINK) == 2


def test_unread_download_is_closed(organisation: Organisation, server: TinyServer, file_host: TinyServer) -> None:
    server.on(LINK, link(file_host))
    file_host.on(FILE, Answer(200, AUDIO))
    for _ in range(3):
        with organisation.open(ID) as download:
            next(download.chunks)
    assert read(organisation) == AUDIO


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(403, b"<Error/>", {"x-ms-error-code": "AuthenticationFailed"}), Transient),
        (Answer(404), Waiting),
        (Answer(204), Waiting),
        (Answer(429, headers={"Retry-After": "4"}), Transient),
        (Answer(500), Transient),
        (Answer(503), Transient),
        (Answer(302, headers={"Location": "https://elsewhere.example/"}), Mangled),
        (Answer(400), Mangled),
        (Answer(409), Mangled),
        (Answer(reset=True), Transient),
        (Answer(200, AUDIO, cut=3 * MIB), Mangled),
        (Answer(200, AUDIO, cut=0), Mangled),
        (Answer(200, AUDIO, delay=1.5), Transient),
    ],
)
def test_trouble_with_the_file_host(
    organisation: Organisation, server: TinyServer, file_host: TinyServer, answer: Answer, kind: type[CaptureError]
) -> None:
    server.on(LINK, link(file_host))
    file_host.on(FILE, answer)
    with pytest.raises(CaptureError) as caught:
        read(organisation)
    assert type(caught.value) is kind
    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None, "the cause would show the link in a traceback"


def test_a_cut_is_mended_only_by_the_rest_of_the_same_file(
    organisation: Organisation, server: TinyServer, file_host: TinyServer
) -> None:
    """A host that answers the range with the whole file, or another file, does not get its bytes appended."""
    server.on(LINK, link(file_host))
    file_host.on(FILE, Answer(200, AUDIO, {"ETag": '"1"'}, cut=3 * MIB), Answer(200, AUDIO, {"ETag": '"1"'}))
    with pytest.raises(Mangled):
        read(organisation)
    assert file_host.asked[-1].headers["Range"] == f"bytes={3 * MIB}-"
    assert file_host.asked[-1].headers["If-Match"] == '"1"'


def test_connection_reset_in_the_body_is_transient(
    organisation: Organisation, server: TinyServer, file_host: TinyServer
) -> None:
    server.on(LINK, link(file_host))
    file_host.on(FILE, Answer(200, AUDIO, cut=0, reset=True))
    with pytest.raises(Transient) as caught:
        read(organisation)
    assert not isinstance(caught.value, Mangled)


def test_body_without_a_length_just_ends(organisation: Organisation, server: TinyServer, file_host: TinyServer) -> None:
    """Nothing but the size that Dynamics said can tell that it is short: the reader compares."""
    server.on(LINK, link(file_host))
    file_host.on(FILE, Answer(200, AUDIO, {"Content-Length": ""}, cut=MIB))
    with organisation.open(ID) as download:
        assert download.size == len(AUDIO)
        assert len(b"".join(download.chunks)) == MIB


@pytest.mark.parametrize("size", [None, "", "many", -1])
def test_size_that_is_not_said_is_taken_from_the_file_host(
    organisation: Organisation, server: TinyServer, file_host: TinyServer, size: object
) -> None:
    server.on(LINK, link(file_host, FileSizeInBytes=size, FileName=None, MimeType=None))
    file_host.on(FILE, Answer(200, b"1234", {"Content-Type": "audio/x"}))
    with organisation.open(ID) as download:
        assert (download.file_name, download.size, download.media_type) == (None, 4, "audio/x")


@pytest.mark.parametrize(
    "url", ["http://files.example/x?sig=s3cret", "ftp://localhost/s3cret", "https:///s3cret", "//x/s3cret", "https://["]
)
def test_link_that_is_not_https_is_not_followed(
    organisation: Organisation, server: TinyServer, file_host: TinyServer, url: str
) -> None:
    server.on(LINK, link(file_host, SasUrl=url))
    with pytest.raises(Permanent) as caught:
        read(organisation)
    assert "s3cret" not in str(caught.value)


def test_file_host_that_is_not_there_shows_no_link(
    organisation: Organisation, server: TinyServer, file_host: TinyServer
) -> None:
    server.on(LINK, link(file_host, SasUrl="https://localhost:1/x?sig=s3cret"))
    with pytest.raises(Transient) as caught:
        read(organisation)
    assert "s3cret" not in str(caught.value)
    assert caught.value.__suppress_context__


# --- No links --------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("barred")
def test_barred_links_fall_back_to_ranges(organisation: Organisation, server: TinyServer) -> None:
    server.on(VALUE, part(0), part(1), part(2))
    with organisation.open(ID) as download:
        assert (download.file_name, download.size, download.media_type) == ("call.mp3", len(AUDIO), "audio/mpeg")
        assert b"".join(download.chunks) == AUDIO
    ranges = [each.headers["Range"] for each in server.asked if each.path == VALUE]
    assert ranges == ["bytes=0-4194303", "bytes=4194304-8388607", "bytes=8388608-12582911"]


@pytest.mark.usefixtures("barred")
def test_barred_links_are_not_asked_for_again_for_a_while(
    organisation: Organisation, server: TinyServer, clock: HandClock
) -> None:
    server.on(VALUE, Answer(200, AUDIO, {"x-ms-file-size": str(len(AUDIO))}))
    for _ in range(3):
        assert read(organisation) == AUDIO
    assert server.count(LINK) == 1
    clock.seconds += 601
    read(organisation)
    assert server.count(LINK) == 2


@pytest.mark.parametrize(
    "answer",
    [refuses(400, "0x80048d19"), refuses(403, message="Not with a key of one's own"), says({"Result": {"SasUrl": ""}})],
)
def test_refused_links_fall_back_to_ranges(organisation: Organisation, server: TinyServer, answer: Answer) -> None:
    server.on(LINK, answer)
    server.on(VALUE, part(0), part(1), part(2))
    assert read(organisation) == AUDIO


def test_address_that_is_barred_by_storage_itself(
    organisation: Organisation, server: TinyServer, file_host: TinyServer
) -> None:
    server.on(LINK, link(file_host))
    file_host.on(FILE, Answer(403, headers={"x-ms-error-code": "AuthorizationSourceIPMismatch"}))
    server.on(VALUE, Answer(200, AUDIO))
    assert read(organisation) == AUDIO


@pytest.mark.parametrize("answer", [Answer(204), refuses(404, "0x80040217", "does not exist")])
@pytest.mark.parametrize("refusal", [refuses(400), refuses(404, "0x80040217")])
def test_no_file_is_waiting_and_says_nothing_about_links(
    organisation: Organisation, server: TinyServer, file_host: TinyServer, answer: Answer, refusal: Answer
) -> None:
    server.on(LINK, refusal, link(file_host))
    server.on(VALUE, answer)
    file_host.on(FILE, Answer(200, AUDIO))
    with pytest.raises(Waiting, match="no file yet"):
        read(organisation)
    assert read(organisation) == AUDIO


def test_missing_privilege_is_no_reason_to_fall_back(organisation: Organisation, server: TinyServer) -> None:
    server.on(LINK, refuses(403, "0x80040220", "is missing prvReadmsdyn_ocrecording privilege"))
    with pytest.raises(Unauthorized, match="prvReadmsdyn_ocrecording"):
        read(organisation)
    assert server.count(VALUE) == 0


@pytest.mark.usefixtures("barred")
@pytest.mark.parametrize(
    ("parts", "kind"),
    [
        ([part(0), Answer(206, b"", {"x-ms-file-size": str(len(AUDIO))})], Mangled),
        ([part(0), part(1, total=5)], Mangled),
        ([part(0), Answer(200, AUDIO)], Mangled),
        ([part(0), refuses(404)], Waiting),
        ([part(0), Answer(503)], Transient),
        ([part(0), refuses(429, Retry_After="3")], Waiting),
        ([Answer(206, AUDIO[: 4 * MIB], {"x-ms-file-size": str(len(AUDIO))}, cut=MIB)], Mangled),
    ],
)
def test_trouble_between_ranges(
    organisation: Organisation, server: TinyServer, parts: list[Answer], kind: type[CaptureError]
) -> None:
    server.on(VALUE, *parts)
    with pytest.raises(CaptureError) as caught:
        read(organisation)
    assert type(caught.value) is kind


@pytest.mark.usefixtures("barred")
def test_token_that_ends_between_ranges_is_renewed(organisation: Organisation, server: TinyServer) -> None:
    server.on(VALUE, part(0), Answer(401), part(1), part(2))
    assert read(organisation) == AUDIO


@pytest.mark.usefixtures("barred")
def test_ranges_without_a_total_end_with_the_first_that_is_not_full(
    organisation: Organisation, server: TinyServer
) -> None:
    server.on(VALUE, part(0, None), part(1, None), part(2, None))
    assert read(organisation) == AUDIO


@pytest.mark.usefixtures("barred")
def test_ranges_that_are_shorter_than_asked_are_followed(organisation: Organisation, server: TinyServer) -> None:
    total = {"x-ms-file-size": "10"}
    server.on(VALUE, Answer(206, b"01234", total), Answer(206, b"567", total), Answer(206, b"89", total))
    assert read(organisation) == b"0123456789"


@pytest.mark.usefixtures("barred")
def test_ranges_that_are_refused_leave_the_whole_file(organisation: Organisation, server: TinyServer) -> None:
    server.on(VALUE, refuses(400, "0x80090017"), Answer(200, AUDIO))
    assert read(organisation) == AUDIO
    assert ["Range" in each.headers for each in server.asked if each.path == VALUE] == [True, False]


@pytest.mark.usefixtures("barred")
def test_download_by_ranges_can_be_given_up(organisation: Organisation, server: TinyServer) -> None:
    server.on(VALUE, part(0), part(1), part(0), part(1), part(2))
    with organisation.open(ID) as download:
        for _ in range(5):
            next(download.chunks)
    assert next(download.chunks, None) is None
    assert read(organisation) == AUDIO


def test_link_stands_in_no_log(
    organisation: Organisation, server: TinyServer, file_host: TinyServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    server.on(LINK, link(file_host))
    file_host.on(FILE, Answer(200, AUDIO))
    read(organisation)
    assert "s3cret" not in caplog.text
    assert "token-1" not in caplog.text


def test_netrc_adds_no_credentials(
    another: Callable[[], Organisation],
    server: TinyServer,
    file_host: TinyServer,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: object,
) -> None:
    netrc = f"{tmp_path}/netrc"
    with open(netrc, "w") as file:  # noqa: PTH123 - one line of a test
        file.write("machine localhost login somebody password something\n")
    monkeypatch.setenv("NETRC", netrc)
    server.on(LINK, link(file_host))
    file_host.on(FILE, Answer(200, AUDIO))
    assert read(another()) == AUDIO
    assert server.asked[-1].headers["Authorization"].startswith("Bearer ")
    assert "Authorization" not in file_host.asked[0].headers
