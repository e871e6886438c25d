"""Every benchmark fits the source as it is now."""

import subprocess
import sys
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


def test_every_benchmark_can_be_imported():
    """Each script finds all that it takes from the source and from the other scripts."""
    names = [file.stem for file in sorted(BENCHMARKS.glob("*.py"))]
    assert "speed" in names
    script = (
        "import importlib, sys\nfor name in sys.argv[1:]:\n    importlib.import_module(name)\nprint(len(sys.argv) - 1)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *names], cwd=BENCHMARKS, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == str(len(names)), done.stderr[-2000:]
