"""Converted models are made once, and they are kept whole or not at all."""

import errno
import hashlib
import os
import signal
import subprocess
import sys
import threading

import pytest

from imgsort.errors import ConversionError
from imgsort.features.cache.model_store import kept_models, known_or_made, models_folder, stored_or_made

DATA = bytes(range(256)) * 20


pytestmark = pytest.mark.usefixtures("own_folder")


def never():
    pytest.fail("the model is made though it is there")


def obtain(key="key", make=lambda: DATA):
    """Return the model. The test fails if the model cannot be kept."""
    return stored_or_made(key, make, pytest.fail)


def test_made_once():
    """A model is made, kept and found again. Its data and hash are the same each time."""
    made = obtain()
    assert (made.data, made.sha256) == (DATA, hashlib.sha256(DATA).hexdigest())
    again = obtain(make=never)
    assert (again.data, again.sha256) == (made.data, made.sha256)
    assert [file.read_bytes() for file in kept_models()] == [DATA]


def test_each_key_has_its_own():
    """Each key has its own model, whatever characters the key has."""
    keys = ["a", "b", "", "../../escape", "*", "a" * 5000, "ключ\n"]
    for number, key in enumerate(keys):
        obtain(key, lambda number=number: b"%d" % number)
    assert [obtain(key, never).data for key in keys] == [b"%d" % number for number in range(len(keys))]
    assert len(kept_models()) == len(keys)
    assert len(list(models_folder().parent.rglob("*"))) == len(keys) + 1


def test_an_empty_model_is_kept():
    """A model of zero bytes is kept too."""
    assert obtain(make=lambda: b"").data == b""
    assert obtain(make=never).data == b""


@pytest.mark.parametrize("damage", [b"", DATA[:-1], DATA + b"\0", b"\1" + DATA[1:]])
def test_a_damaged_model_is_made_anew(damage):
    """A damaged file is not used. The model is made again, and its file is replaced."""
    obtain()
    (file,) = kept_models()
    file.write_bytes(damage)
    assert obtain().data == DATA
    assert [file.read_bytes() for file in kept_models()] == [DATA]
    assert obtain(make=never).data == DATA


def test_what_is_made_differs_from_the_last_time():
    """After damage, the new model is the one that is found, even if it differs from the old one."""
    obtain()
    kept_models()[0].write_bytes(b"damaged")
    assert obtain(make=lambda: b"newer").data == b"newer"
    assert obtain(make=never).data == b"newer"
    assert len(kept_models()) == 1


def test_a_use_is_remembered():
    """The time of a model's file is the time of its last use. `prune` uses this time."""
    obtain()
    (file,) = kept_models()
    os.utime(file, (1, 1))
    obtain(make=never)
    assert file.stat().st_mtime > 10**9


def test_where_it_cannot_be_kept(own_folder):
    """If a file lies in place of the folder of models, the model is made and used, but not kept.

    One notice names the folder in which the model cannot be kept.
    """
    own_folder.mkdir()
    models_folder().write_bytes(b"in the way")
    for _ in range(2):
        notices = []
        assert stored_or_made("key", lambda: DATA, notices.append).data == DATA
        (notice,) = notices
        assert notice.startswith("the converted model cannot be kept (")
        assert str(models_folder()) in notice
        assert notice.endswith(" and is made again each time. Name a folder for it with IMGSORT_CACHE_DIR.")
    assert models_folder().read_bytes() == b"in the way"
    assert kept_models() == []


def test_a_folder_in_the_models_place(own_folder):
    """A folder in place of the model's file stays, as it cannot be read or replaced.

    The model is made each time, with a notice.
    """
    obtain()
    (file,) = kept_models()
    file.unlink()
    file.mkdir()
    notices = []
    assert stored_or_made("key", lambda: DATA, notices.append).data == DATA
    assert len(notices) == 1
    assert os.listdir(own_folder / "models") == [file.name]


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_where_writing_fails_nothing_is_left():
    """If writing fails, there is a notice, the model is used, and no part of a file is left.

    A limit on the size of files stands for a full disk.
    """
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    notices = []
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        model = stored_or_made("key", lambda: DATA, notices.append)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert model.data == DATA
    assert os.strerror(errno.EFBIG) in notices[0]
    assert list(models_folder().iterdir()) == []
    obtain()
    assert len(kept_models()) == 1


def test_a_failed_conversion_keeps_nothing(own_folder):
    """An error of `make` is passed on. Nothing is kept, not even a folder."""

    def fail():
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        obtain(make=fail)
    assert not own_folder.exists()


def test_only_whole_files_are_seen():
    """While several threads keep and find models, a reader sees only whole files."""
    big = os.urandom(1 << 20)
    seen = set()
    errors = []
    done = threading.Event()

    def watch():
        while not done.is_set():
            seen.update(len(file.read_bytes()) for file in kept_models())

    def work(number):
        try:
            for round_ in range(10):
                assert stored_or_made(f"{number % 2} {round_}", lambda: big, errors.append).data == big
        except BaseException as error:  # noqa: BLE001 (a thread's error must reach the test)
            errors.append(error)

    watcher = threading.Thread(target=watch)
    workers = [threading.Thread(target=work, args=[number]) for number in range(4)]
    for thread in (watcher, *workers):
        thread.start()
    for thread in workers:
        thread.join()
    done.set()
    watcher.join()
    assert errors == []
    assert seen <= {len(big)}
    assert len(kept_models()) == len(list(models_folder().iterdir())) == 20


def test_another_process_finds_it():
    """The key alone identifies the model, in every process."""
    obtain()
    script = "import sys\nfrom imgsort.features.cache.model_store import stored_or_made\n"
    script += "print(stored_or_made('key', sys.exit, sys.exit).sha256)"
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == hashlib.sha256(DATA).hexdigest()


def test_what_is_no_model_is_not_counted():
    """Other files in the folder do not count as models. Without a folder, there are no models."""
    assert kept_models() == []
    models_folder().mkdir(parents=True)
    for name in ("half.part", "readme.txt"):
        (models_folder() / name).write_bytes(b"x")
    assert kept_models() == []


def later(make=lambda: DATA):
    """Return the model, of which nothing is read so far. The test fails if the model cannot be kept."""
    return known_or_made("key", make, pytest.fail)


def test_a_kept_model_is_known_before_it_is_read():
    """The hash comes from the name of the file. The bytes are read when they are asked for, and once."""
    assert later().data == DATA
    (file,) = kept_models()
    os.utime(file, (1, 1))
    model = later(never)
    assert file.stat().st_mtime > 10**9
    content = file.read_bytes()
    file.unlink()
    assert model.sha256 == hashlib.sha256(DATA).hexdigest()
    file.write_bytes(content)
    assert model.data == DATA
    file.unlink()
    assert model.data == DATA


def test_damage_is_noticed_when_a_known_model_is_read():
    """A damaged model is made again. If the new one differs, its features would too: that is an error, once."""
    later()
    (file,) = kept_models()
    file.write_bytes(b"damaged")
    assert later().data == DATA
    file.write_bytes(b"damaged")
    with pytest.raises(ConversionError, match="was damaged, and another model was made"):
        later(lambda: b"newer").data  # noqa: B018 (reading it is the test)
    assert later(never).data == b"newer"
