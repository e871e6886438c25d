"""An address in an object store is never taken for the name of a folder or a file."""

import os

import pytest
from click.testing import CliRunner

from imgsort.cli import main

SIGNED = "s3://SOMEKEY:SOMEHUSH@bucket/photos"


@pytest.mark.parametrize(
    "line",
    [
        "find @ --in folder",
        "find picture.jpg --in @",
        "find picture.jpg --in folder --csv @",
        "audit @",
        "audit folder --csv @",
        "train @ --output new.keras",
        "train folder --output @",
        "evaluate classifier.keras @",
        "evaluate @ folder",
        "compare @",
        "compare folder --output @",
        "watch @ --classifier classifier.keras",
        "watch folder --classifier @",
        "check @",
        "check folder --csv @",
        "review @",
        "review --plan @",
        "report @",
        "report folder --output @",
        "explain @ --classifier classifier.keras",
        "export classifier.keras --output @",
        "classify folder --classifier @",
        "classify @ picture.jpg --classifier classifier.keras",
        "classify @ --classifier classifier.keras --report new.html",
        "classify @ --classifier classifier.keras --csv @",
        "categorize @ --update",
        "categorize @ --report new.html",
        "categorize @ --features @",
        "categorize @ --plan @",
        "categorize @ --weights @",
        "categorize @ --sidecar @",
        "categorize @ --copy --output folder",
        "categorize @ --symlink --output @",
        "categorize folder --output @",
        "outliers folder --copy --output @",
        "embed folder --output @",
        "apply @",
        "undo @ --journal @",
        "undo folder --journal folder",
        "history @ --journal @",
        "categorize folder @",
        "@ folder",
    ],
)
def test_is_refused_where_it_cannot_be_used(line, tmp_path, monkeypatch):
    """Every command says in one sentence that an address cannot be used there: no secret, no file, no request."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "folder").mkdir()
    for name in ("picture.jpg", "classifier.keras"):
        (tmp_path / name).write_bytes(b"nothing")
    before = sorted(os.listdir(tmp_path))
    done = CliRunner().invoke(main, [*line.replace("@", SIGNED).split()])
    assert done.exit_code == 2, (done.output, done.exception)
    assert "SOMEHUSH" not in done.output and "SOMEKEY" not in done.output
    assert "bucket/photos" in done.output or "folder: --journal" in done.output
    assert sorted(os.listdir(tmp_path)) == before and not os.listdir(tmp_path / "folder")


def test_a_file_address_is_a_path_everywhere(tmp_path):
    """`file://` names a path of this machine in every command, not only where an address may stand."""
    (tmp_path / "a b").mkdir()
    done = CliRunner().invoke(main, ["check", f"file://{tmp_path}/a%20b", "--json"])
    assert done.exit_code == 1 and f"{tmp_path}/a b: there are no images" in done.output
