"""Reads a folder of hard files: `IMGSORT_CORPUS=FOLDER python -m pytest tests/images/test_corpus.py`.

The tests of Pillow hold such a folder (`Tests/images`).
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.support.pictures import encode, gradient

PROJECT = Path(__file__).resolve().parents[2]
MOST_SECONDS, MOST_MIB = 60, 1024
# What imgsort refuses although Pillow loads it, each by a reason that names the policy.
POLICIES = re.compile(
    r"measured values"
    r"|more than --max-pixels"
    r"|more than imgsort decodes of a"
    r"|\d bytes cannot hold"
    r"|cut short: "
    r"|more than \d+ (parts|scans)"
    r"|bad checksum"
)


def outcomes(folder: Path) -> list[dict]:
    """Return what the driver says of each file. Fails if it crashes."""
    command = [sys.executable, "-m", "tests.images.corpus_driver", str(folder)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, timeout=3600, check=False, text=True)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, f"it ended with {done.returncode} at {lines[-1:]}: {done.stderr[-2000:]}"
    return [line for line in lines if "path" in line]


def faults(found: list[dict]) -> list[str]:
    """Return what is wrong: files refused without a policy, slow ones, and those that take too much memory."""
    return [
        f"{one['path']}: {one['reason']}, {one['seconds']:.1f} s, {one['peak_mib']} MiB"
        for one in found
        if (one["whole"] and not POLICIES.search(one["reason"]))
        or one["seconds"] > MOST_SECONDS
        or one["peak_mib"] > MOST_MIB
    ]


@pytest.mark.skipif("IMGSORT_CORPUS" not in os.environ, reason="needs IMGSORT_CORPUS, a folder of hard files")
def test_what_pillow_loads_whole_is_read_or_refused_by_a_policy():
    """Every file that Pillow loads whole is read, or refused by a policy that the reason names."""
    found = outcomes(Path(os.environ["IMGSORT_CORPUS"]))
    assert found
    assert faults(found) == []


def test_the_corpus_test_sees_what_is_wrong(tmp_path):
    """The test of a corpus works: a small one of good and bad files has no faults, and a made-up fault is seen."""
    (tmp_path / "a.png").write_bytes(encode(gradient(), "PNG"))
    (tmp_path / "b.tga").write_bytes(encode(gradient(), "TGA"))
    (tmp_path / "c.tif").write_bytes(encode(Image.new("F", (9, 9)), "TIFF"))
    (tmp_path / "d.jpg").write_bytes(encode(gradient(), "JPEG")[:300])
    found = outcomes(tmp_path)
    assert [one["reason"] is None for one in found] == [True, True, False, False]
    assert found[2]["whole"]
    assert faults(found) == []
    assert faults([{**found[2], "reason": "damaged"}, {**found[0], "peak_mib": 2000}, {**found[0], "seconds": 99}])
