"""One bucket of a real S3 server: odd keys, pages, conditions, and a server that is busy now and then."""

import itertools
import pickle

import pytest

from imgsort.errors import MissingPackageError, StorageError
from imgsort.storage import buckets
from imgsort.storage.addresses import address_of
from imgsort.storage.conditions import probed
from imgsort.storage.objects import Conditions, Missing, Unmet
from imgsort.storage.store import Store
from tests.support.s3_proxy import CUT

# Not in moto, though in S3: keys with a line break.
ODD = [
    "a b.jpg",
    "a+b.jpg",
    "50%.jpg",
    "%41.jpg",
    "a#b.jpg",
    "a?versionId=1.jpg",
    "a&amp;<b>.jpg",
    "caf\u00e9.jpg",
    "cafe\u0301.jpg",
    "\u65e5\u672c.jpg",
    "\U0001f600.jpg",
    "tab\t.jpg",
    "bell\x07.jpg",
    "x;y=z,'q'\"w\".jpg",
    "*[x]{y}.jpg",
    "back\\slash.jpg",
    " space .jpg ",
    "x:y.jpg",
    "~.jpg",
    "=cmd.jpg",
]


def store_at(bucket, prefix="p"):
    return Store.at(address_of(bucket.address(prefix)))


def test_odd_keys_are_listed_and_read(bucket):
    """Every key comes back as it is, and its object is read, copied and removed by it."""
    bucket.put({f"p/{key}": key.encode() for key in ODD})
    store = store_at(bucket)
    listed = {found.key: found for found in store.list()}
    assert set(listed) == set(ODD)
    for key in ODD:
        assert store.read(key, 100, listed[key].mark) == key.encode()
        store.bucket.copy_through(bucket.name, f"p/{key}", listed[key].mark, f"q/{key}", is_free=True)
        store.bucket.copy(bucket.name, f"p/{key}", listed[key].mark, f"r/{key}", is_free=True)
        store.bucket.remove(f"p/{key}", listed[key].mark)
    assert bucket.tree() == {f"{prefix}/{key}": key.encode() for key in ODD for prefix in "qr"}


def test_lists_more_than_a_page(bucket):
    """A listing goes on after its first page, and a folder is one name of its own."""
    bucket.put(
        {f"p/{number}.jpg": b"x" for number in range(7)} | {"p/sub/a.jpg": b"x", "p/tub/b": b"x", "pp.jpg": b"x"}
    )
    bucket.behaviour.page = 3
    store = store_at(bucket)
    assert [found.key for found in store.list()] == [f"{number}.jpg" for number in range(7)]
    assert len(list(store.list(recursive=True))) == 9
    assert store.folders() == ("sub", "tub")


def test_conditions_hold(bucket):
    """Nothing is overwritten, and what was changed is neither read, nor copied, nor removed by its old mark."""
    store = store_at(bucket)
    bucket.put({"p/a": b"one"})
    old = store.bucket.head("p/a").mark
    bucket.put({"p/a": b"two"})
    with pytest.raises(Unmet):
        store.bucket.put("p/a", b"three", is_free=True)
    with pytest.raises(Unmet):
        store.read("a", 100, old)
    with pytest.raises(Unmet):
        store.bucket.copy_through(bucket.name, "p/a", old, "p/b", is_free=True)
    with pytest.raises(Unmet):
        store.bucket.remove("p/a", old)
    with pytest.raises(Missing):
        store.read("none", 100)
    with pytest.raises(OSError, match="larger"):
        store.read("a", 2)
    assert bucket.tree() == {"p/a": b"two"}


def test_a_changed_object_has_another_stamp(bucket):
    """Two objects of one key and size that are written within a second have different times."""
    store = store_at(bucket)
    bucket.put({"p/a": b"one"})
    first = store.bucket.head("p/a")
    bucket.put({"p/a": b"two"})
    second = store.bucket.head("p/a")
    assert first.size == second.size and first.mtime_ns != second.mtime_ns


@pytest.mark.parametrize(
    ("behaviour", "found"),
    [
        ({}, Conditions(copy=False, put=True, remove=True)),
        ({"knows_copy_conditions": True}, Conditions(copy=True, put=True, remove=True)),
        ({"ignores_conditions": True}, Conditions(copy=False, put=False, remove=False)),
        ({"busy": 2}, Conditions(copy=False, put=True, remove=True)),
    ],
)
def test_finds_out_what_a_store_honours(bucket, behaviour, found):
    """The probe tells the three kinds of stores apart, leaves nothing, and is not fooled by a busy server."""
    vars(bucket.behaviour).update(behaviour)
    assert probed(store_at(bucket).bucket, bucket.name, "p/.imgsort/") == found
    assert bucket.tree() == {}


def test_a_busy_server_is_asked_again(bucket):
    """With a server that answers 500 or 503 to every third request, everything comes through."""
    tree = {f"p/{number}.jpg": bytes([number]) for number in range(20)}
    bucket.put(tree)
    bucket.behaviour.busy = 3
    store = store_at(bucket)
    assert {f"p/{found.key}": store.read(found.key, 10, found.mark) for found in store.list()} == tree


@pytest.mark.parametrize("answer", [CUT, 429])
def test_a_connection_that_breaks(bucket, answer):
    """A request whose connection breaks, or that came too soon, is made again."""
    numbers = itertools.count()
    bucket.behaviour.before = lambda method, path: answer if next(numbers) % 3 == 0 else None
    store = store_at(bucket)
    store.bucket.put("p/a", b"one", is_free=True)
    assert [store.read(found.key, 10) for found in store.list()] == [b"one"]


@pytest.mark.parametrize("answer", [b"<html></html>", b"no XML", b"<a><IsTruncated>true</IsTruncated></a>"])
def test_nonsense_is_no_empty_listing(bucket, answer):
    """What does not speak S3 is an error, and not a prefix without objects."""
    bucket.behaviour.before = lambda method, path: answer
    with pytest.raises(StorageError, match=bucket.name):
        list(store_at(bucket).list())


def test_an_endpoint_that_is_no_address(bucket, monkeypatch):
    """An endpoint without http:// is an error that names it."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "localhost:9000")
    with pytest.raises(StorageError, match="localhost:9000"):
        list(store_at(bucket).list())


def test_a_store_that_is_not_there(bucket, monkeypatch):
    """Where no store answers, the error names the variable of the endpoint."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(StorageError, match="AWS_ENDPOINT_URL"):
        list(store_at(bucket).list())


def test_a_store_can_be_pickled(bucket):
    """A worker on another machine gets the store, and opens it itself."""
    bucket.put({"p/a": b"one"})
    store = store_at(bucket)
    assert store.read("a", 10) == b"one"
    assert pickle.loads(pickle.dumps(store)).read("a", 10) == b"one"


def test_a_bucket_that_is_not_there(bucket):
    """An unknown bucket is an error that names it."""
    with pytest.raises(StorageError, match="no-such-bucket"):
        list(Store.at(address_of("s3://no-such-bucket/p")).list())


def test_a_missing_package_is_named(monkeypatch):
    """Without s3fs the message names the extra that brings it."""
    monkeypatch.setattr(buckets, "find_spec", lambda name: None)
    with pytest.raises(MissingPackageError, match=r"\[s3\]"):
        Store.at(address_of("s3://bucket/p"))
