"""What the pages say is so: every command, every option, every output that they show."""

import csv
import importlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import imgsort
from imgsort.cli import main

PROJECT = Path(__file__).resolve().parents[1]
README = PROJECT / "README.md"
PAGES = [README, PROJECT / "CONTRIBUTING.md", *sorted((PROJECT / "docs").glob("*.md"))]
ids = {"ids": lambda page: page.name}


def text_of(name):
    return (PROJECT / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def tools():
    """Import a module of the folder `tools` by its name."""
    sys.path.insert(0, str(PROJECT / "tools"))
    yield importlib.import_module
    sys.path.remove(str(PROJECT / "tools"))


def commands(group=main, prefix=""):
    """Yield the name and the Click command of every command, those of groups too."""
    for name, command in group.commands.items():
        yield f"{prefix}{name}", command
        if isinstance(command, click.Group):
            yield from commands(command, f"{prefix}{name} ")


def test_generated_parts_are_up_to_date():
    """cog has nothing to change: the page of commands shows every --help as it is, and the tree of errors too."""
    command = [sys.executable, "-m", "cogapp", "--check", "docs/commands.md", "docs/exit-codes.md"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, "run `make docs`"


def test_every_command_and_option_is_on_the_page_of_commands():
    """Each command has a section with all its options and arguments."""
    sections = dict(re.findall(r"^## `(imgsort.*?)`\n(.*?)(?=^## |\Z)", text_of("docs/commands.md"), re.M | re.S))
    assert set(sections) == {"imgsort", *(f"imgsort {name}" for name, _ in commands())}
    for name, command in commands():
        for parameter in command.params:
            names = (
                parameter.opts
                if isinstance(parameter, click.Option)
                else [parameter.make_metavar(click.Context(command))]
            )
            for option in names:
                assert option in sections[f"imgsort {name}"], f"{name}: {option}"


def test_help_lists_commands_in_sections_and_says_how_to_complete():
    """The two main commands come first; every command is in one section; a line tells of shell completion."""
    shown = CliRunner().invoke(main, ["--help"], terminal_width=100).stdout
    titles = re.findall(r"^(\w[\w ]*):$", shown, re.M)
    assert titles == ["Options", *main.sections]
    assert list(main.list_commands(click.Context(main)))[:2] == ["categorize", "outliers"]
    assert sorted(name for names in main.sections.values() for name in names) == sorted(main.commands)
    assert "_IMGSORT_COMPLETE=bash_source imgsort" in shown
    assert "_IMGSORT_COMPLETE=zsh_source imgsort" in text_of("docs/install.md")


def test_the_readme_is_short():
    """At most 200 lines, and no command's help."""
    lines = text_of("README.md").splitlines()
    assert len(lines) <= 200
    assert not any(line.startswith("Usage: ") for line in lines)


def test_every_output_is_what_the_command_prints(tools, tmp_path, cache_folder):
    """Every block with commands names a stage; each command of it runs there and prints what the page shows."""
    console = tools("console")
    assert {page.name: console.unmarked_blocks(page) for page in console.PAGES if console.unmarked_blocks(page)} == {}
    wrong = [
        f"{block.page.name}: $ {shown.line}\n--- shown\n{shown.output}\n--- printed\n{truth.output}"
        for block, shown, truth in console.differences(tmp_path)
    ]
    assert not wrong, "run `make pages`\n" + "\n".join(wrong)


@pytest.mark.usefixtures("with_real_weights")
def test_every_output_of_vgg16_is_what_the_command_prints(tools, tmp_path):
    """The blocks of vgg16 show what the commands print with its real weights."""
    console = tools("console")
    found = [
        (shown.line, shown.output, truth.output) for _, shown, truth in console.differences(tmp_path, real_weights=True)
    ]
    assert not found, "run `make pages`"


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("a 0.764 b", "a 0.77 b", True),
        ("a 0.764 b", "a 0.9 b", False),
        ("12 files", "13 files", False),
        ("…\nend", "one\ntwo\nend", True),
        ("start\n…", "start", True),
        ("…\nend", "one\ntwo", False),
        ("x, … bytes", "x, 12 kilo bytes", True),
        ("run 20261125-081936-593", "run 20200101-000000-000", True),
        ("one", "one\ntwo", False),
        ("in 7.9 s; more", "in 12.1 s; more", True),
    ],
)
def test_what_counts_as_the_same_output(tools, shown, printed, same):
    """Words and whole numbers must agree; other numbers nearly; times, ids and what `…` stands for need not."""
    assert tools("console").is_as_shown(shown, printed) is same


def test_the_python_block_runs(photos, tmp_path, monkeypatch, capsys):
    """The Python of docs/python.md runs as it is in a folder with `photos`, and `sorted`: some of them by class."""
    monkeypatch.chdir(tmp_path)
    for row in list(csv.DictReader((photos / "labels.csv").read_text().splitlines()))[:60]:
        if not row["photograph"].startswith("odd"):
            (tmp_path / "sorted" / row["photograph"]).mkdir(parents=True, exist_ok=True)
            shutil.copy2(photos / row["file"], tmp_path / "sorted" / row["photograph"])
    block = re.search(r"```python\n(.*?)```", text_of("docs/python.md"), re.DOTALL).group(1)
    exec(compile(block, "python.md", "exec"), {})
    assert "(100, 1280) IMG_0001.jpg" in capsys.readouterr().out


def keys_in(value):
    """Yield the keys of a JSON value and of all values in it."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from keys_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from keys_in(inner)


def test_every_field_of_json_is_explained(few_photos, small, inbox, tmp_path):
    """Each field that the commands print is on the page: those of lists and of objects in them too."""
    (few_photos / "empty.jpg").write_bytes(b"")
    (few_photos / "IMG_0001.xmp").write_bytes(b"x")
    lite = ["--model", "efficientnet-lite0", "--size", "64"]
    folder, sorted_, classifier = str(few_photos), str(tmp_path / "sorted"), str(small.classifier)
    shutil.copytree(small.collection, sorted_)
    image = str(next(inbox[0].glob("*.jpg")))
    cnn = ["--model", "cnn", "--size", "32", "--epochs", "1"]
    page = text_of("docs/json.md")
    for line in (
        ["categorize", folder, "--clusters", "auto", "--max-clusters", "3", *lite],
        ["outliers", folder, "--method", "knn", "--max", "2", *lite],
        ["check", folder],
        ["find", f"{folder}/IMG_0001.jpg", "--in", folder, *lite],
        ["history", folder],
        ["undo", folder],
        ["audit", sorted_, *lite],
        ["train", sorted_, "--audit", "--output", str(tmp_path / "new.keras"), *cnn],
        ["evaluate", classifier, sorted_],
        ["compare", sorted_, "--models", "cnn", *cnn[2:]],
        ["classify", str(inbox[0]), "--classifier", classifier, "--dry-run"],
        ["classify", image, "--classifier", classifier],
        ["explain", image, "--classifier", classifier, "--output", str(tmp_path / "x.png")],
        ["export", classifier, "--format", "tflite", "--output", str(tmp_path / "x.tflite")],
        ["models", "list"],
        ["models", "pull", "efficientnet-lite0"],
        ["cache", "info"],
        ["undo", folder, "nonsense"],
    ):
        printed = json.loads(CliRunner().invoke(main, [*line, "--json"]).stdout)
        assert [key for key in keys_in(printed) if f"`{key}`" not in page and f'"{key}"' not in page] == [], line[0]


def test_every_exit_code_is_explained():
    """The page has a row for the exit code of each error."""
    page = text_of("docs/exit-codes.md")
    codes = {error.exit_code for error in vars(imgsort.errors).values() if isinstance(error, type)}
    assert {int(code) for code in re.findall(r"^\| (\d+) \|", page, re.M)} == codes | {0}


def test_the_reference_has_all_that_is_exported():
    """Each public function and class stands in docs/api.md, where mkdocstrings finds it."""
    named = {line.removeprefix("::: ") for line in text_of("docs/api.md").splitlines() if line.startswith("::: ")}
    exported = {f"{home}.{name}" for name, home in imgsort._HOMES.items()}
    assert exported <= named


def test_the_picture_of_the_house_shows_the_rooms_there_are(tools, tmp_path):
    """The picture says in its text what it shows: that is how the source is now."""
    from PIL import Image

    house = tools("draw_house")
    with Image.open(PROJECT / "docs" / "house.png") as picture:
        assert picture.info["Description"] == house.described(), "run `make docs`"
    house.draw(tmp_path / "house.png")
    assert (tmp_path / "house.png").stat().st_size > 10_000


@pytest.mark.parametrize("page", PAGES, **ids)
def test_links_lead_somewhere(page):
    """Every relative link and picture is there."""
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert target.startswith("https://") or (page.parent / target).exists(), target


@pytest.mark.skipif(not (PROJECT / "src").is_dir(), reason="needs the source")
def test_the_site_builds_strictly(tmp_path):
    """MkDocs builds every page and finds no dead link, nor a name that the reference cannot show."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "find_outliers" in (tmp_path / "site" / "api" / "index.html").read_text(encoding="utf-8")


def tracked_files():
    """Yield the path and the bytes of each file of the project that git knows."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    for file in filter(None, listed.split("\0")):
        if (PROJECT / file).is_file():
            yield file, (PROJECT / file).read_bytes()


@pytest.mark.skipif(not (PROJECT / ".git").exists(), reason="needs the checkout")
class TestEveryFile:
    def test_no_path_of_a_machine_is_in_the_project(self):
        """Neither a home folder nor this checkout's own place stands in any file of the project."""
        here = str(PROJECT).encode()
        assert [file for file, data in tracked_files() if here in data] == []

    def test_nobody_is_told_to_install_another_projects_package(self):
        """The name on the public package index is not ours: every page, message and remedy installs a checkout."""
        wrong = re.compile(rb"pip3? install (-\S+ )*[\"']?imgsort|[\"'`]imgsort\[")
        found = {file: wrong.findall(data) for file, data in tracked_files() if file != "tests/test_docs.py"}
        assert {file: hits for file, hits in found.items() if hits} == {}


@pytest.mark.skipif(shutil.which("make") is None or os.name == "nt", reason="needs make and a shell")
def test_make_names_the_remedy_where_no_python_will_do(tmp_path):
    """Without a Python of the right version `make` says which are, and how to name one."""
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(PROJECT / name, tmp_path)
    command = ["make", "PYTHON=", "test"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "3.11, 3.12 or 3.13" in done.stderr
