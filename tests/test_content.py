import errno
import hashlib
import os
import subprocess
import sys
import threading
import time

import pytest

from imgsort import content
from imgsort.content import content_hash, file_content_hash, open_regular, read_head, read_regular

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pipes in folders and links need a privilege")
LARGE = 10 * 1024**2


@pytest.fixture
def file(tmp_path):
    (tmp_path / "a").write_bytes(b"some bytes" * 1000)
    return tmp_path / "a"


@pytest.fixture
def pipe(monkeypatch):
    """Replace the file with the reading end of a pipe. The fixture gives the writing end."""
    reading, writing = os.pipe()
    monkeypatch.setattr(content, "open_regular", lambda _: os.dup(reading))
    yield writing
    for descriptor in (reading, writing):
        try:
            os.close(descriptor)
        except OSError:
            assert descriptor == writing  # the test has closed it


def file_threads() -> int:
    return sum(thread.name == "imgsort-file" for thread in threading.enumerate())


def wait_for(condition) -> bool:
    deadline = time.monotonic() + 10
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()


def test_the_bytes_and_their_hash(file):
    """A file is read whole. Its hash is the same from its bytes and from the file itself."""
    data = read_regular(file, LARGE)
    assert data == b"some bytes" * 1000
    assert content_hash(data) == file_content_hash(file) == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("size", [0, 1, 2**17 - 1, 2**17, 2**17 + 1, 3 * 2**17, 3 * 1024**2 + 5])
def test_every_size_comes_whole(tmp_path, size):
    """No byte is lost, whatever the size of the file. Some of the sizes are close to the size of a chunk."""
    (tmp_path / "a").write_bytes(os.urandom(size))
    assert read_regular(tmp_path / "a", LARGE) == (tmp_path / "a").read_bytes()


def test_a_file_over_the_limit_is_efbig(file):
    """A file larger than the limit is refused with errno EFBIG. A file as large as the limit is read."""
    with pytest.raises(OSError, match="larger than") as caught:
        read_regular(file, 9_999)
    assert caught.value.errno == errno.EFBIG
    assert len(read_regular(file, 10_000)) == 10_000


@posix
def test_a_file_that_grows_over_the_limit_is_efbig(pipe, tmp_path):
    """A file that grows while it is read is refused at the limit, before it fills the memory."""
    os.write(pipe, b"x" * 101)
    with pytest.raises(OSError, match="larger than") as caught:
        read_regular(tmp_path / "any", 100, stall_seconds=5)
    assert caught.value.errno == errno.EFBIG


@posix
def test_nothing_at_all_is_a_stall_after_the_time_given(pipe, tmp_path):
    """If nothing ever comes, the read ends after the stall time, not after twice that time."""
    start = time.monotonic()
    with pytest.raises(TimeoutError):
        read_regular(tmp_path / "any", LARGE, stall_seconds=1)
    assert time.monotonic() - start < 1.9


def test_no_file_no_hash(tmp_path):
    """Reading a missing file raises FileNotFoundError, and its hash is None."""
    with pytest.raises(FileNotFoundError):
        read_regular(tmp_path / "none", LARGE)
    assert file_content_hash(tmp_path / "none") is None


@posix
def test_only_a_regular_file_is_opened(tmp_path, file):
    """Pipes, links and folders are refused, and no descriptor stays open.

    A pipe is not waited for, and a link is not followed.
    """
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(file)
    before = len(os.listdir("/dev/fd"))
    for name in ("pipe", "link", "."):
        with pytest.raises(OSError):
            open_regular(tmp_path / name)
        with pytest.raises(OSError):
            read_regular(tmp_path / name, LARGE)
        assert file_content_hash(tmp_path / name) is None
    assert len(os.listdir("/dev/fd")) == before


@posix
def test_a_read_that_stalls_is_given_up(pipe, tmp_path, file, monkeypatch):
    """A read that stalls ends after the stall time. The next file is read as usual."""
    start = time.monotonic()
    with pytest.raises(TimeoutError, match=r"nothing could be read from it for 0\.2 seconds"):
        read_regular(tmp_path / "any", LARGE, stall_seconds=0.2)
    assert time.monotonic() - start < 2
    monkeypatch.setattr(content, "open_regular", open_regular)
    assert len(read_regular(file, LARGE)) == 10_000
    os.close(pipe)  # lets the abandoned reader thread end


def test_a_head_is_read_and_no_more(tmp_path, file):
    """`read_head` returns the first bytes of a file of any size, or all bytes of a shorter file."""
    assert read_head(file, 8) == b"some byt"
    (tmp_path / "short").write_bytes(b"ab")
    assert read_head(tmp_path / "short", 8) == b"ab"


@posix
def test_a_head_that_stalls_is_given_up(pipe, tmp_path):
    """Reading the first bytes of a file has a stall time, like reading the whole file."""
    with pytest.raises(TimeoutError):
        read_head(tmp_path / "any", 8, stall_seconds=0.1)
    os.close(pipe)


@posix
def test_slow_is_not_stalled(pipe, tmp_path):
    """A read may take any time, as long as bytes keep coming."""

    def deliver() -> None:
        for _ in range(8):
            os.write(pipe, b"x")
            time.sleep(0.15)
        os.close(pipe)

    writer = threading.Thread(target=deliver)
    writer.start()
    assert read_regular(tmp_path / "any", LARGE, stall_seconds=0.5) == b"x" * 8
    writer.join()


@posix
def test_a_stalled_read_does_not_hold_up_the_exit(tmp_path):
    """A program that gave up on a read exits at once, although the read still hangs."""
    program = """
import os
from imgsort import content
reading, writing = os.pipe()
content.open_regular = lambda _: os.dup(reading)
try:
    content.read_regular("any", 100, stall_seconds=0.1)
except TimeoutError:
    print("given up")
"""
    start = time.monotonic()
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "given up\n", "")
    assert time.monotonic() - start < 10


@posix
def test_many_threads_leave_nothing_behind(file):
    """Five thousand reads in 24 threads, good and bad, leave no thread and no descriptor behind."""
    before, descriptors = file_threads(), len(os.listdir("/dev/fd"))

    def read_some() -> None:
        for _ in range(70):
            assert len(read_regular(file, LARGE)) == 10_000
            with pytest.raises(OSError):
                read_regular(file, 1)
            with pytest.raises(FileNotFoundError):
                read_regular(file.with_name("none"), LARGE)

    threads = [threading.Thread(target=read_some) for _ in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert wait_for(lambda: file_threads() <= before)
    assert len(os.listdir("/dev/fd")) == descriptors


@posix
def test_readers_left_behind_end_when_their_read_does(pipe, tmp_path):
    """If a read was given up, its thread ends as soon as the system ends the read."""
    before = file_threads()
    for _ in range(3):
        with pytest.raises(TimeoutError):
            read_regular(tmp_path / "any", LARGE, stall_seconds=0.05)
    assert file_threads() >= 3
    os.close(pipe)
    assert wait_for(lambda: file_threads() <= before)


def test_any_error_of_a_read_is_raised_where_it_was_asked_for(file, monkeypatch):
    """Errors of the reading thread are raised in the calling thread.

    Examples are a lack of memory, and a name that contains a zero byte.
    """

    def fails(_: object) -> int:
        raise MemoryError

    monkeypatch.setattr(content, "open_regular", fails)
    with pytest.raises(MemoryError):
        read_regular(file, LARGE, stall_seconds=5)
    monkeypatch.setattr(content, "open_regular", open_regular)
    with pytest.raises(ValueError, match="null"):
        read_regular("a\0b", LARGE, stall_seconds=5)
    assert len(read_regular(file, LARGE)) == 10_000
