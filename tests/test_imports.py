"""What may import what, and what is not imported until it is needed."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import imgsort

SOURCE = Path(imgsort.__file__).parent
HEAVY = {
    "tensorflow",
    "keras",
    "sklearn",
    "cv2",
    "numpy",
    "PIL",
    "scipy",
    "h5py",
    "pooch",
    "tqdm",
    "filelock",
    "imagehash",
    "pywt",
    "pillow_heif",
    "matplotlib",
    "safetensors",
}

# A folder may import from those named; the modules of OPEN_TO_ALL are for everyone.
MAY_IMPORT = {
    "images": {"images"},
    "grouping": {"grouping"},
    "filing": {"filing"},
    "features": {"features", "images", "grouping"},
    "learning": {"learning", "features", "images", "grouping"},
    "report": {"report"},
    "jobs": {"jobs", "images", "grouping", "filing", "features", "learning", "report"},
    "cli": {"cli", "jobs"},
    "": {"jobs", "cli"},
}
OPEN_TO_ALL = {"errors", "content", "csv_file", "mapped", "name_key", "version"}


def imports_of(file):
    """Yield the dotted names that a source file imports, at its top or in functions."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("file", sorted(SOURCE.rglob("*.py")), ids=lambda file: file.relative_to(SOURCE).as_posix())
def test_imports_flow_one_way(file):
    """errors <- images, grouping, filing <- features <- jobs <- cli; only cli knows Click and tqdm."""
    parts = file.relative_to(SOURCE).parts
    folder = parts[0] if len(parts) > 1 else ""
    for name in imports_of(file):
        top, *rest = name.split(".")
        if top in ("click", "tqdm"):
            assert folder == "cli", f"{name} outside of cli"
        if top != "imgsort" or rest[0] in OPEN_TO_ALL or rest[0] == "__version__":
            continue
        allowed = MAY_IMPORT[folder]
        typing_only = folder == "cli" and file.name in ("output.py", "learn_output.py")
        assert rest[0] in allowed or typing_only, f"{folder or 'the top'} imports {name}"


@pytest.mark.parametrize(
    "statement", ["import imgsort", "import imgsort.cli", "import imgsort.jobs.session.filing, imgsort.cli.terminal"]
)
def test_nothing_heavy_is_imported_before_it_is_needed(statement):
    """Neither the package nor its command line, nor even the jobs, load TensorFlow, OpenCV or their like."""
    script = f"import sys; {statement}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert not HEAVY & set(loaded)


def test_help_loads_nothing_heavy():
    """`imgsort --help` and every command's --help are as light."""
    script = (
        "import sys\nfrom imgsort.cli import main\n"
        "for arguments in (['--help'], ['categorize', '--help'], ['models', '--help']):\n"
        "    try: main(arguments)\n"
        "    except SystemExit: pass\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stderr.split()
    assert not HEAVY & set(loaded)


def test_all_is_what_is_exported():
    """Every public name can be had, and nothing else is named."""
    for name in imgsort.__all__:
        assert getattr(imgsort, name) is not None
    assert set(imgsort._HOMES) == set(imgsort.__all__) - {"__version__"}
    with pytest.raises(AttributeError):
        imgsort.nonsense  # noqa: B018
