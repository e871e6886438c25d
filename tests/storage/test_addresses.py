"""What a person types as an address: what it names, what is refused, and that no secret is repeated."""

from pathlib import Path

import pytest

from imgsort.errors import UsageError
from imgsort.storage.addresses import Address, address_of, local_place, place_of, without_credentials


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("s3://bucket", Address("s3", "bucket")),
        ("s3://bucket/", Address("s3", "bucket")),
        ("S3://bucket/a", Address("s3", "bucket", "a/")),
        ("gs://my.bucket-1/a b/c+d%41#x/", Address("gs", "my.bucket-1", "a b/c+d%41#x/")),
        ("file:///home/me/a%20b", Path("/home/me/a b")),
        ("file://localhost/x", Path("/x")),
        ("photos", Path("photos")),
        ("./s3:/x", Path("s3:/x")),
    ],
)
def test_names(text, place):
    """An address is a bucket and a prefix, taken as it is; a file address is a local path, with %XX decoded."""
    assert place_of(text) == place


@pytest.mark.parametrize(
    "text",
    [
        "http://host/x",
        "s3://",
        "s3:///x",
        "s3://b",
        "s3://bucket//x",
        "s3://bucket/a//b",
        "s3://bucket/a/../b",
        "s3://bucket/./b",
        "s3://bucket/a\nb",
        "s3://bucket/\udcff",
        "s3://buck..et/a",
        "s3://buc ket/a",
        "gs://key:secret@bucket/a",
        "s3://key@bucket/a",
        "file://host/x",
        "file:x",
        "file://x",
        "file:///x?y",
        "file:///x%00",
    ],
)
def test_refuses(text):
    """What cannot be addressed safely is refused. `file:x`, without slashes, is a local name."""
    if text == "file:x":
        assert place_of(text) == Path("file:x")
        return
    with pytest.raises(UsageError):
        place_of(text)


def test_credentials_are_used_and_never_shown():
    """A key and a secret in an address are kept apart: neither its text nor its repr holds them."""
    address = address_of("s3://AKIAKEY:se%2Fcr+et@bucket/a")
    assert (address.credentials.key, address.credentials.secret) == ("AKIAKEY", "se/cr+et")
    for text in (str(address), repr(address), repr(address.credentials), str(address.shown)):
        assert "AKIA" not in text and "cr+et" not in text
    assert address == address.shown and address.shown.credentials is None


@pytest.mark.parametrize(
    "text",
    [
        "s3://AKIAKEY:HUSH/slash@bucket/a",
        "s3://AKIAKEY:HUSH@",
        "s3://AKIAKEY:HUSH@buc ket/x",
        "s3://AKIAKEY:HUSH@bucket/a//b",
        "gs://AKIAKEY:HUSH@bucket/x",
        "https://AKIAKEY:HUSH@host/x",
        "file://AKIAKEY:HUSH@host/x",
        "s3://bucket/x?key=AKIAKEY&secret=HUSH",
        "s3://:HUSH@bucket/a",
    ],
)
def test_no_message_repeats_a_secret(text):
    """Every message about an address that cannot be used leaves out what may be a secret."""
    with pytest.raises(UsageError) as caught:
        place_of(text)
    assert "HUSH" not in str(caught.value) and "AKIAKEY" not in str(caught.value)


def test_a_command_line_is_shown_without_credentials():
    """Of an address in a command line, all that stands before the bucket goes."""
    assert (
        without_credentials("imgsort x 's3://A:b/c@bucket/p' y@z s3://o/p") == "imgsort x 's3://bucket/p' y@z s3://o/p"
    )


def test_what_must_lie_on_this_machine():
    """A path and `file://` are local; an address in a store is an error that names the option and no secret."""
    assert local_place("a b", "--output") == local_place(Path("a b"), "--output") == Path("a b")
    assert local_place("file:///a%20b", "--output") == Path("/a b")
    with pytest.raises(UsageError, match="--features s3://bucket/x/: this must lie on this machine"):
        local_place("s3://key:secret@bucket/x", "--features")
