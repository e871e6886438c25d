"""The examples run as they are."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


def test_make_photos_makes_the_same_hundred(demo_photos):
    """The folder has 100 pictures, of eight photographs and of four odd ones, and their labels."""
    folder, labels = demo_photos
    assert len(labels) == len(list(folder.glob("*.jpg"))) == 100
    assert len({name for name in labels.values() if not name.startswith("odd")}) == 8
    assert len((folder / "labels.csv").read_text().splitlines()) == 101


def test_make_picture_draws_a_row_a_folder(few_photos, tmp_path):
    """The contact sheet has one row of pictures for each category folder."""
    from PIL import Image

    for number, file in enumerate(sorted(few_photos.iterdir())):
        (few_photos / f"category_{number % 3}").mkdir(exist_ok=True)
        file.rename(few_photos / f"category_{number % 3}" / file.name)
    command = [sys.executable, EXAMPLES / "make_picture.py", few_photos, tmp_path / "sheet.jpg"]
    subprocess.run(command, check=True, capture_output=True)
    with Image.open(tmp_path / "sheet.jpg") as sheet:
        assert sheet.height == 3 * 102 + 6


def test_an_unbalanced_folder_is_sorted_as_the_readme_says(tmp_path):
    """High quality gives each of the five kinds a category, plain does not, and the picture shows both."""
    from PIL import Image

    command = [sys.executable, EXAMPLES / "sort_unbalanced.py", tmp_path / "both.jpg"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    plain, high = done.stdout.partition("--quality high")[::2]
    assert [line.split(": ")[1] for line in high.splitlines()[1:]] == [
        *("90 motorcycle", "45 china", "22 coffee", "12 rocket", "9 flower")
    ]
    assert plain.count("motorcycle") > 1
    with Image.open(tmp_path / "both.jpg") as picture:
        assert picture.width > picture.height


@pytest.mark.skipif(shutil.which("sh") is None, reason="needs a shell")
def test_the_batch_script_sorts_and_reports(few_photos):
    """The script runs `categorize`, then `outliers` on the same folder, and reads the JSON of each.

    If a command fails, the script ends with the exit code of that command.
    """
    environment = {**os.environ, "PYTHON": sys.executable}
    command = ["sh", EXAMPLES / "batch_sort.sh"]
    options = ["--model", "efficientnet-lite0", "--size", "64"]
    done = subprocess.run(
        [*command, few_photos, *options], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert first == "categorize: 12 of 12 images moved, 0 unreadable, model efficientnet-lite0"
    assert second.startswith("outliers: ")
    failed = subprocess.run([*command, few_photos / "no"], env=environment, capture_output=True, text=True, check=False)
    assert failed.returncode == 1
    assert "no such folder" in failed.stdout


def home_with_imgsort(folder):
    """Make a home folder whose checkout of imgsort is this one."""
    program = folder / "imgsort/.venv/bin/imgsort"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m imgsort "$@"\n')
    program.chmod(0o755)
    return folder


@pytest.mark.skipif(shutil.which("sh") is None, reason="needs a shell")
def test_the_line_for_cron_files_what_is_there(trained, inbox, tmp_path):
    """It has five fields for the time, and a command that the shell runs as it is."""
    home = home_with_imgsort(tmp_path / "home")
    shutil.copytree(inbox[0], home / "Pictures/inbox")
    shutil.copy(trained.classifier, home / "Pictures/photos.keras")
    lines = (EXAMPLES / "imgsort-watch.cron").read_text().splitlines()
    (line,) = [line for line in lines if line and not line.startswith("#")]
    *times, command = line.split(maxsplit=5)
    assert all(re.fullmatch(r"[\d*/,-]+", time) for time in times)
    assert "%" not in command  # cron ends the command there
    subprocess.run(["sh", "-c", command], env={**os.environ, "HOME": str(home)}, check=True, timeout=120)
    assert "24 files moved to" in (home / "imgsort-watch.log").read_text()
    assert list((home / "Pictures/inbox").glob("*.jpg")) == []


def test_the_unit_of_systemd_is_sound(tmp_path):
    """Its command is one that imgsort takes, and systemd finds nothing wrong with it."""
    from imgsort.cli import main

    text = (EXAMPLES / "imgsort-watch.service").read_text()
    (command,) = re.findall(r"^ExecStart=(.*)$", text, re.M)
    program, name, *arguments = command.replace("%h", str(home_with_imgsort(tmp_path))).split()
    assert os.access(program, os.X_OK)
    given = main.commands[name].make_context(name, arguments).params
    assert given["inbox"] == tmp_path / "Pictures/inbox"
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs systemd, to check the unit")
    unit = tmp_path / "imgsort-watch.service"
    unit.write_text(text.replace("%h", str(tmp_path)))
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)}
    checked = subprocess.run(
        ["systemd-analyze", "--user", "verify", unit], env=environment, capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stderr) == (0, "")
