"""Lets `imgsort watch` file real files under hard conditions, and checks that none is lost and none filed twice.

    python benchmarks/watch_stress.py CLASSIFIER [--burst 5000] [--kills 20] [--arrivals 100]

CLASSIFIER is a file that `imgsort train` wrote. The script draws small JPEGs, all of them different, and starts the
real command in a process of its own for each part:

latency   single files arrive every half second: the time from the end of the copy until the file is in its folder
burst     many files are copied at once; slowly written, renamed and deleted ones are among them; every batch is undone
kills     the command is killed (`kill -9`) at random moments while files arrive, and started again
crashes   the command is killed at the Nth call that changes something, in turn while it moves and copies, and started
          again; needs a C compiler
polling   as burst, with a hundredth of the files and --poll
memory    the size of the process after each of 50 batches

After each part every image must be filed once, or lie in the inbox with a reason. The script prints what it measured,
and ends with 1 if anything was lost, repeated or left.
"""

import argparse
import json
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

import imgsort
from imgsort.content import file_content_hash

SETTLE_SECONDS = 0.5
LONGEST_SECONDS = 900.0


def draw(folder: Path, count: int, seed: int) -> list[Path]:
    """Draw `count` different JPEGs of 32 px."""
    folder.mkdir(parents=True)
    generator = np.random.default_rng(seed)
    files = []
    for number in range(count):
        pixels = generator.integers(0, 256, (4, 4, 3), dtype=np.uint8)
        file = folder / f"p{number:05}.jpg"
        Image.fromarray(pixels).resize((32, 32)).save(file, quality=90)
        with file.open("ab") as handle:  # different even if two pictures are alike
            handle.write(number.to_bytes(4, "big"))
        files.append(file)
    return files


class Watched:
    """The real command, at work in `root`: `in` is its inbox, `out` its output."""

    def __init__(self, root: Path, classifier: Path, *options: str, **environment: str) -> None:
        self.inbox, self.output = root / "in", root / "out"
        self.inbox.mkdir(exist_ok=True)
        command = [sys.executable, "-m", "imgsort", "watch", str(self.inbox), "--classifier", str(classifier)]
        command += ["--output", str(self.output), f"--settle={SETTLE_SECONDS}", "--json", *options]
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115
        variables = {**os.environ, **environment}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.errors, text=True, env=variables)
        self.results: list[dict] = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self.process.stdout:
            self.results.append(json.loads(line))

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(120)

    def counted(self) -> int:
        """Return how many files the results so far name as filed."""
        return sum(result["counts"]["moves"] for result in list(self.results))

    def filed(self) -> list[Path]:
        return [path for path in self.output.rglob("*") if path.is_file() and ".imgsort" not in path.parts]

    def waiting(self) -> list[Path]:
        return [path for path in self.inbox.iterdir() if path.is_file() and not path.name.startswith(".")]

    def said(self) -> str:
        self.errors.seek(0)
        return self.errors.read().decode()


def until(is_so: Callable[[], bool], seconds: float = LONGEST_SECONDS) -> bool:
    """Wait until something is so. Return whether it became so."""
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def problems(expected: list[Path], watched: Watched, *, left: int = 0) -> list[str]:
    """Return what is wrong: an image that is lost, or there twice, or more of them in the inbox than `left`."""
    now = Counter(file_content_hash(path) for path in [*watched.filed(), *watched.waiting()])
    wanted = Counter(file_content_hash(path) for path in expected)
    found = []
    if wanted - now:
        found.append(f"{sum((wanted - now).values())} images are lost")
    if now - wanted:
        found.append(f"{sum((now - wanted).values())} images are there twice")
    if len(watched.waiting()) != left:
        found.append(f"{len(watched.waiting())} files in the inbox, and {left} expected; {watched.said()[-500:]}")
    return found


def latency(root: Path, classifier: Path, count: int) -> list[str]:
    files = draw(root / "made", count, 1)
    watched = Watched(root, classifier)
    shutil.copy(files[0], watched.inbox)  # loads the model
    until(lambda: len(watched.filed()) == 1)
    seconds = []
    for number, file in enumerate(files[1:], 2):
        shutil.copy(file, watched.inbox)
        start = time.monotonic()
        until(lambda number=number: len(watched.filed()) == number)
        seconds.append(time.monotonic() - start)
        time.sleep(random.uniform(0, 0.5))
    code = watched.end()
    print(
        f"latency: {count - 1} single files, --settle {SETTLE_SECONDS}: median {statistics.median(seconds):.2f} s from "
        f"arrival to filed, of which {SETTLE_SECONDS} s at rest; slowest {max(seconds):.2f} s; exit code {code}"
    )
    return problems(files, watched) + ([] if code == 0 else [f"exit code {code}"])


def slowly(source: Path, target: Path) -> None:
    """Copy a file in pieces, with pauses that are longer than the command waits."""
    data = source.read_bytes()
    with target.open("wb") as handle:
        for start in range(0, len(data), len(data) // 3 + 1):
            handle.write(data[start : start + len(data) // 3 + 1])
            handle.flush()
            time.sleep(SETTLE_SECONDS * 1.5)


def burst(root: Path, classifier: Path, count: int, *options: str) -> list[str]:
    files = draw(root / "made", count, 2)
    watched = Watched(root, classifier, *options)
    deleted, expected = files[:10], files[10:]
    slow, renamed, plain = expected[:5], expected[5:15], expected[15:]
    threads = [threading.Thread(target=slowly, args=(file, watched.inbox / file.name)) for file in slow]
    start = time.monotonic()
    for thread in threads:
        thread.start()
    for file in renamed:
        shutil.copy(file, watched.inbox / f"{file.name}.part")
    for file in deleted:
        shutil.copy(file, watched.inbox)
        (watched.inbox / file.name).unlink()
    for file in plain:
        shutil.copy(file, watched.inbox)
    copied = time.monotonic() - start
    for file in renamed:
        (watched.inbox / f"{file.name}.part").rename(watched.inbox / file.name)
    for thread in threads:
        thread.join()
    until(lambda: watched.counted() >= len(expected))
    seconds = time.monotonic() - start
    found = problems(expected, watched)
    batches = len(watched.results)
    began = time.monotonic()
    for result in reversed(list(watched.results)):
        imgsort.undo(watched.output, result["run"])
    undone = time.monotonic() - began
    time.sleep(4 * SETTLE_SECONDS)  # what came back must stay
    if len(watched.results) != batches or watched.filed():
        found.append(f"taken again after an undo: {len(watched.filed())}")
    code = watched.end()
    found += problems(expected, watched, left=len(expected))
    print(
        f"burst {' '.join(options)}: {len(expected)} files copied in {copied:.1f} s, filed after {seconds:.1f} s in "
        f"{batches} batches; undone in {undone:.1f} s; exit code {code}"
    )
    return found + ([] if code == 0 else [f"exit code {code}"])


def kills(root: Path, classifier: Path, count: int) -> list[str]:
    files = draw(root / "made", 40 * count, 3)
    moments = []
    for number in range(count):
        watched = Watched(root, classifier, "--max-batch=15")
        for file in files[40 * number : 40 * (number + 1)]:
            shutil.copy(file, watched.inbox)
        before = len(watched.filed())
        until(lambda watched=watched, before=before: len(watched.filed()) > before, 60)
        time.sleep(random.uniform(0, 0.4))
        watched.end(signal.SIGKILL)
        moments.append(len(watched.waiting()))
    watched = Watched(root, classifier)
    until(lambda: not watched.waiting(), 120)
    code = watched.end()
    print(f"kills: {count} at random moments, {len(files)} files, with {moments} files still in the inbox")
    return problems(files, watched) + ([] if code == 0 else [f"exit code {code}"])


def crashes(root: Path, classifier: Path, count: int) -> list[str]:
    """Kill the command at exact moments, by a library that counts its calls; images have sidecars here."""
    shim = root / "shim.so"
    source = Path(__file__).resolve().parents[1] / "tests/support/share_shim.c"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", shim, source, "-ldl"], check=True)
    files = draw(root / "made", 12, 5)
    for file in files[:4]:
        file.with_suffix(".xmp").write_bytes(b"a note on " + file.name.encode())
    files += [file.with_suffix(".xmp") for file in files[:4]]
    found, moments = [], []
    for number in range(count):
        place = root / str(number)
        (place / "in").mkdir(parents=True)
        for file in files:
            shutil.copy(file, place / "in")
        options = ["--once", "--max-batch=5", *(["--copy"] if number % 2 else [])]
        moment = random.randint(1, 170)
        killing = {"LD_PRELOAD": str(shim), "SHIM_AT": str(place), "SHIM_KILL": str(moment)}
        moments.append((moment, Watched(place, classifier, *options, **killing).process.wait(120)))
        for _ in range(2):
            watched = Watched(place, classifier, *options)
            watched.process.wait(120)
        names = Counter(path.name for path in watched.filed())
        if names != Counter(file.name for file in files) or len(watched.waiting()) != (len(files) if number % 2 else 0):
            found.append(f"killed at call {moment}: {dict(names)} and {len(watched.waiting())} in the inbox")
    print(
        f"crashes: {sum(code == -signal.SIGKILL for _, code in moments)} of {count}, at calls {[m for m, _ in moments]}"
    )
    return found


def memory(root: Path, classifier: Path, batches: int = 50) -> list[str]:
    files = draw(root / "made", 20 * batches, 4)
    watched = Watched(root, classifier)
    sizes = []
    for number in range(batches):
        for file in files[20 * number : 20 * (number + 1)]:
            shutil.copy(file, watched.inbox)
        until(lambda number=number: len(watched.filed()) == 20 * (number + 1))
        sizes.append(_resident_mb(watched.process.pid))
    code = watched.end()
    print(f"memory: {sizes[0]:.0f} MB after the first batch, {sizes[9]:.0f} after 10, {sizes[-1]:.0f} after {batches}")
    return problems(files, watched) + ([] if code == 0 else [f"exit code {code}"])


def _resident_mb(process: int) -> float:
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("classifier", type=Path)
    parser.add_argument("--burst", type=int, default=5000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--arrivals", type=int, default=100)
    parser.add_argument(
        "--part", action="append", choices=["latency", "burst", "kills", "crashes", "polling", "memory"]
    )
    given = parser.parse_args()
    parts = {
        "latency": lambda root: latency(root, given.classifier, given.arrivals),
        "burst": lambda root: burst(root, given.classifier, given.burst),
        "kills": lambda root: kills(root, given.classifier, given.kills),
        "crashes": lambda root: crashes(root, given.classifier, given.kills),
        "polling": lambda root: burst(root, given.classifier, max(given.burst // 100, 30), "--poll=0.2"),
        "memory": lambda root: memory(root, given.classifier),
    }
    wrong = []
    for name in given.part or parts:
        with tempfile.TemporaryDirectory() as folder:
            wrong += [f"{name}: {problem}" for problem in parts[name](Path(folder))]
    print("\n".join(wrong) or "nothing lost, nothing repeated, nothing left")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
