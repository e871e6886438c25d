import json
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
PEAK_MIB = 700
SECONDS = 16

pytest.importorskip("skimage")
pytest.importorskip("resource", reason="Windows does not say how much memory a process has used")


@pytest.mark.parametrize("seed", [2024])
def test_damaged_files_are_pictures_or_reasons(tmp_path, seed):
    """Each of thousands of damaged files, of every kind, gives a picture or a reason.

    No file causes a crash, another error or a hang, or takes much memory.
    """
    command = [sys.executable, "-m", "tests.images.fuzz_driver", tmp_path, "--seed", seed, "--seconds", SECONDS]
    done = subprocess.run(
        [str(part) for part in command], cwd=PROJECT, capture_output=True, timeout=120, check=False, text=True,
        errors="replace",
    )  # fmt: skip
    assert done.returncode == 0, f"{tmp_path} holds the input, and `--repeat` decodes it: {done.stderr[-3000:]}"
    result = json.loads(done.stdout.splitlines()[-1])
    assert not result["failures"], "\n".join(result["failures"])
    assert result["read"] > 50
    assert result["refused"] > 50
    assert result["slowest_seconds"] < 10
    assert result["peak_mib"] < PEAK_MIB
