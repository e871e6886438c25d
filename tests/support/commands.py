"""Runs the real command in a process of its own: under a shell's redirections, another user, another environment."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.support.pictures import encode, plain
from tests.support.trees import make_tree

# May read everything, as the tests need it of Python, but may write only what belongs to it or to everybody.
_NOBODY = (
    "setpriv --reuid 54321 --regid 54321 --clear-groups --inh-caps +dac_read_search --ambient-caps +dac_read_search"
)


def shell(line: str, folder: Path, **environment: str | None) -> subprocess.CompletedProcess[str]:
    """Run a line of the shell in `folder`; `$imgsort` in it is the command. A variable that is None is unset."""
    command = shlex.join([sys.executable, "-m", "imgsort"])
    variables = {**os.environ, "imgsort": command, **environment}
    variables = {name: value for name, value in variables.items() if value is not None}
    shell_path = shutil.which("bash") or pytest.skip("needs bash")
    return subprocess.run(
        [shell_path, "-c", line],
        cwd=folder,
        env=variables,
        capture_output=True,
        encoding="utf-8",
        errors="surrogateescape",
        check=False,
        timeout=300,
    )


def as_nobody(line: str) -> str:
    """Return a line of the shell that runs `line` as a user without a passwd entry. Skips the test if it cannot."""
    if not hasattr(os, "getuid") or os.getuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("needs root and setpriv, to become a user that has no passwd entry")
    # That user may not write the file in which coverage counts the lines of a process.
    uncounted = " ".join(f"-u {name}" for name in os.environ if name.startswith("COVERAGE_"))
    return f"exec {_NOBODY} env {uncounted} {line}"


def faulty_images(folder: Path, *others: str) -> dict[str, bytes]:
    """Make a folder with a sound image and two blank ones, which `check --move` moves to Rejected; return its tree.

    `others`: names of further blank images.
    """
    noise = np.random.default_rng(0).integers(0, 256, (80, 100, 3), dtype=np.uint8)
    tree = {"good.png": encode(noise, "PNG")}
    tree |= {
        name: plain((number, 0, 0), side=80 + number) for number, name in enumerate(("a.png", "b.png", *others), 1)
    }
    make_tree(folder, tree)
    return tree
