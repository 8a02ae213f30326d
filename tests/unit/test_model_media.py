"""Names and headers are claims; the bytes decide."""

import pytest

from capture.model import media


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        (b"ID3\x04\x00\x00", media.MP3),
        (b"\xff\xfb\x90\x00", media.MP3),
        (b"\xff\xf3\x40\xc0", media.MP3),
        (b"\xff\xf1\x50\x80", media.AAC),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", media.WAV),
        (b"\x00\x00\x00\x20ftypM4A ", media.MP4),
        (b"OggS\x00\x02", media.OGG),
        (b"fLaC\x00", media.FLAC),
        (b"#!AMR\n", media.AMR),
        (b"\x1a\x45\xdf\xa3\x01", media.WEBM),
        (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6", media.WMA),
    ],
)
def test_known_media_are_recognised(first: bytes, expected: media.MediaType) -> None:
    assert media.sniff(first) == expected


@pytest.mark.parametrize(
    "first", [b"", b"\xff", b"\xff\xff\xff\xff", b"RIFF\x24\x00\x00\x00AVI ", b"MZ\x90\x00", b"<html>"]
)
def test_what_proves_nothing_is_not_guessed(first: bytes) -> None:
    assert media.sniff(first) is None


@pytest.mark.parametrize("first", [b'{"error":1}', b" \r\n<html>", b"\xef\xbb\xbf<?xml", b"[1]"])
def test_error_pages_are_told_from_media(first: bytes) -> None:
    assert media.looks_like_text(first)


@pytest.mark.parametrize("first", [b"ID3\x04", b"\xff\xfb\x90", b""])
def test_media_is_not_taken_for_an_error_page(first: bytes) -> None:
    assert not media.looks_like_text(first)
