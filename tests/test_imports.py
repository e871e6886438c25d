"""Which module may import which, and which libraries are imported only when they are needed."""

import ast
import subprocess
import sys
from collections import Counter
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
    "imagecodecs",
    "rawpy",
    "matplotlib",
    "safetensors",
    "starlette",
    "uvicorn",
    "s3fs",
    "fsspec",
    "botocore",
    "gcsfs",
    "pyarrow",
    "ray",
    "watchdog",
}

# A folder may import from itself and from the folders listed here. Every folder may import the modules of OPEN_TO_ALL.
MAY_IMPORT = {
    "sidecar_names": set(),
    "images": set(),
    "grouping": set(),
    "filing": {"storage"},
    "storage": set(),
    "report": set(),
    "features": {"images", "grouping", "filing"},
    "learning": {"features", "images", "grouping"},
    "engines": {"features", "images"},
    "jobs": {"images", "grouping", "filing", "features", "learning", "engines", "report", "storage"},
    "review": {"jobs", "features", "report", "filing", "learning", "grouping", "images"},
    "cli": {"jobs", "review"},
    "": {"jobs", "cli"},
}
OPEN_TO_ALL = {
    "errors",
    "content",
    "csv_file",
    "homes",
    "mapped",
    "name_key",
    "portable_text",
    "sidecar_names",
    "temporary",
    "version",
}

# The rooms (subfolders) of each folder, in the order in which data flows. A room may import from itself and from the
# rooms before it. "." stands for the modules that lie directly in the folder. A module with a place of its own in the
# order is listed by its name.
ROOMS = {
    "images": "checked_heads kinds stream finding decoding thumbnail judging",
    "images/decoding": "letterbox parts walks tiff_directories readers extras header decoded decoders colours .",
    "images/finding": "leaving_out .",
    "features": "keras_home keras_backend cache weights models runtimes seen dataset .",
    "features/runtimes": "interface conversion .",
    "features/weights": "weights_file formats fetching unreachable .",
    "grouping": ". graph streams categories outliers",
    "filing": "paths shortcomings planning journal moving objects",
    "filing/journal": ". locking",
    "filing/moving": "one_file .",
    "learning": "data audit network result",
    "engines": "ray .",
    "engines/ray": "connection .",
    "jobs": ". session scale upkeep organize learn look watch",
    "jobs/organize": "steps .",
    "jobs/learn": "auditing steps .",
    "jobs/look": "finding find pages .",
    "jobs/watch": "inbox .",
    "review": "sorting keeping proposal planned looks work session actions first_page serving review",
    "cli": "streams output options terminal ending running commands .",
}


def imports_of(file):
    """Yield the dotted names that a source file imports, at its top or in functions."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


FILES = sorted(SOURCE.rglob("*.py"))


def named(file):
    return file.relative_to(SOURCE).as_posix()


@pytest.mark.parametrize("file", FILES, ids=named)
def test_imports_flow_one_way(file):
    """Imports go in one direction, and only cli imports Click.

    errors <- images, grouping, storage <- filing, report <- features <- learning <- jobs <- cli.
    """
    parts = file.relative_to(SOURCE).parts
    folder = parts[0] if len(parts) > 1 else ""
    for name in imports_of(file):
        top, *rest = name.split(".")
        if top in ("click", "tqdm"):
            assert folder == "cli", f"{name} outside of cli"
        if top != "imgsort" or rest[0] in OPEN_TO_ALL or rest[0] == "__version__":
            continue
        typing_only = parts[:2] == ("cli", "output")
        assert rest[0] in MAY_IMPORT[folder] | {folder} or typing_only, f"{folder or 'the top'} imports {name}"


@pytest.mark.parametrize("folder", ROOMS)
def test_imports_flow_one_way_between_rooms(folder):
    """Within a folder, no room imports from a later room.

    For example, the journal knows nothing about moves, and the models know no runtime.
    """
    order = ROOMS[folder].split()

    def room_of(parts):
        """Return the position of a module in `order`, from its path below the folder."""
        return order.index(parts[0] if parts and parts[0] in order else ".")

    for file in sorted((SOURCE / folder).rglob("*.py")):
        parts = file.relative_to(SOURCE / folder).with_suffix("").parts
        if parts == ("__init__",) and folder != "cli":
            continue
        for name in imports_of(file):
            prefix = f"imgsort.{folder.replace('/', '.')}."
            if name.startswith(prefix):
                imported = tuple(name.removeprefix(prefix).split("."))
                assert room_of(imported) <= room_of(parts), f"{named(file)} imports {name}"


def test_every_room_has_its_place():
    """Every room is an existing folder, and every folder that contains folders has its order in ROOMS."""
    for folder, order in ROOMS.items():
        rooms = {path.name for path in (SOURCE / folder).iterdir() if (path / "__init__.py").exists()}
        assert rooms <= set(order.split())
        assert all(room == "." or room in rooms or (SOURCE / folder / f"{room}.py").exists() for room in order.split())
    with_rooms = {path.parent.parent.relative_to(SOURCE).as_posix() for path in SOURCE.glob("*/**/__init__.py")}
    assert with_rooms - {"."} == set(ROOMS)


def test_no_folder_and_no_file_is_too_large_to_see_through():
    """A folder has at most ten modules, and a file has at most 250 lines.

    More modules need a room of their own, and more lines need a file of their own.
    """
    modules = Counter(file.parent for file in FILES if file.name != "__init__.py")
    assert {named(folder): count for folder, count in modules.items() if count > 10} == {}
    lines = {named(file): len(file.read_text(encoding="utf-8").splitlines()) for file in FILES}
    assert {file: count for file, count in lines.items() if count > 250} == {}


def test_every_file_says_first_what_it_is_for():
    """Every source file begins with a docstring."""
    assert [named(file) for file in FILES if not ast.get_docstring(ast.parse(file.read_text(encoding="utf-8")))] == []


@pytest.mark.parametrize(
    "statement", ["import imgsort", "import imgsort.cli", "import imgsort.jobs.session.filing, imgsort.cli.terminal"]
)
def test_nothing_heavy_is_imported_before_it_is_needed(statement):
    """Importing the package, the command line or the jobs loads no heavy library.

    Examples of heavy libraries are TensorFlow and OpenCV.
    """
    script = f"import sys; {statement}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert not HEAVY & set(loaded)


def test_help_loads_nothing_heavy():
    """`imgsort --help` and the --help of each command load no heavy library either."""
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
    """`__all__` lists exactly the public names, and each of them exists."""
    for name in imgsort.__all__:
        assert getattr(imgsort, name) is not None
    assert set(imgsort._HOMES) == set(imgsort.__all__) - {"__version__"}
    with pytest.raises(AttributeError):
        imgsort.nonsense  # noqa: B018
