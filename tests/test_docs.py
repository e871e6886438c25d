"""What the README says is so."""

import csv
import importlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from imgsort.cli import main

PROJECT = Path(__file__).resolve().parents[1]
README = (PROJECT / "README.md").read_text(encoding="utf-8")


def test_the_options_are_those_of_help():
    """cog finds nothing to change: every command's --help stands in the README as it is."""
    command = [sys.executable, "-m", "cogapp", "--check", "README.md"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, "run `make docs`"


def test_every_command_has_its_section():
    """A command that is not in the README fails here."""

    def commands(group, prefix=""):
        for name, command in group.commands.items():
            if isinstance(command, click.Group):
                yield from commands(command, f"{prefix}{name} ")
            else:
                yield f"{prefix}{name}"

    assert set(re.findall(r"^### `imgsort (.*)`$", README, re.MULTILINE)) == set(commands(main))


def test_the_first_screens_output_is_real(photos):
    """The folders and counts on the first screen are what the demo prints, and the outliers too."""
    shown = re.search(r"```console\n(.*?)```", README, re.DOTALL).group(1)
    first = CliRunner().invoke(main, ["categorize", str(photos)]).stdout.splitlines()[:8]
    assert "\n".join(first) in shown
    knn = ["--method", "knn", "--threshold", "auto"]
    second = CliRunner().invoke(main, ["outliers", str(photos), *knn]).stdout
    files = {line.split()[0] for line in second.splitlines() if line.startswith("category_1/")}
    assert files == set(re.findall(r"^(category_1/IMG_\S+)", shown, re.MULTILINE))


def test_the_output_of_better_groups_is_real(photos, tmp_path):
    """The categories with their names and counts, what --update files, and its plan's first line are as shown."""
    shown = "\n".join(re.findall(r"```console\n(.*?)```", README, re.DOTALL))
    (photos / "labels.csv").unlink()
    later = sorted(photos.iterdir())[4::5]
    for file in later:
        shutil.move(file, tmp_path)
    options = ["--model", "efficientnet-lite0", "--clusters", "auto", "--names", "--quality", "high", "-q"]
    first = CliRunner().invoke(main, ["categorize", str(photos), *options]).stdout.splitlines()
    assert "\n".join(first[-11:-1]) in shown
    for file in later:
        shutil.move(tmp_path / file.name, photos)
    second = CliRunner().invoke(main, ["categorize", str(photos), "--update", "-q"]).stdout.splitlines()
    assert "\n".join(second[:-1]) in shown


def test_the_output_of_learning_is_real(tmp_path, monkeypatch):
    """How the classes were divided, and where `classify` files what is in the inbox, is as shown."""
    shown = "\n".join(re.findall(r"```console\n(.*?)```", README, re.DOTALL))
    monkeypatch.syspath_prepend(PROJECT / "examples")
    importlib.import_module("learn_photos").lay_out(tmp_path)
    monkeypatch.chdir(tmp_path)
    train = CliRunner().invoke(main, ["train", "sorted", "--output", "photos.keras", "-q"]).stdout
    assert train.partition("\n\n")[0] in shown
    classify = ["classify", "inbox", "--classifier", "photos.keras", "--output", "sorted", "-q"]
    assert CliRunner().invoke(main, classify).stdout in shown


def test_the_python_block_runs(photos, tmp_path, monkeypatch, capsys):
    """The README's Python runs as it is in a folder with `photos`, and `sorted`: some of them by what they are."""
    monkeypatch.chdir(tmp_path)
    for row in list(csv.DictReader((photos / "labels.csv").read_text().splitlines()))[:60]:
        if not row["photograph"].startswith("odd"):
            (tmp_path / "sorted" / row["photograph"]).mkdir(parents=True, exist_ok=True)
            shutil.copy2(photos / row["file"], tmp_path / "sorted" / row["photograph"])
    block = re.search(r"```python\n(.*?)```", README, re.DOTALL).group(1)
    exec(compile(block, "README.md", "exec"), {})
    assert "(100, 1280) IMG_0001.jpg" in capsys.readouterr().out


def test_links_lead_somewhere():
    """Every relative link and picture is there."""
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert target.startswith("https://") or (PROJECT / target).exists(), target


@pytest.mark.skipif(not (PROJECT / ".git").exists(), reason="needs the checkout")
def test_no_path_of_a_machine_is_in_the_project():
    """Neither a home folder nor this checkout's own place stands in any file of the project."""
    files = subprocess.run(["git", "ls-files"], cwd=PROJECT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    here = str(PROJECT)
    for file in filter(None, files):
        data = (PROJECT / file).read_bytes() if (PROJECT / file).is_file() else b""
        assert here.encode() not in data, file


@pytest.mark.skipif(shutil.which("make") is None or os.name == "nt", reason="needs make and a shell")
def test_make_names_the_remedy_where_no_python_will_do(tmp_path):
    """Without a Python of the right version `make` says which are, and how to name one."""
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(PROJECT / name, tmp_path)
    command = ["make", "PYTHON=", "test"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "3.11, 3.12 or 3.13" in done.stderr
