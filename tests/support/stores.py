"""Plans and commands for tests of object stores. No model looks at the images: the folders are given."""

import json
import subprocess
import sys

from click.testing import CliRunner

from imgsort.cli import main
from imgsort.jobs.listener import Listener
from imgsort.jobs.session.objects import open_objects, plan_objects
from imgsort.jobs.session.placing import place
from imgsort.jobs.settings import FilingSettings
from imgsort.storage.addresses import address_of

SOURCE = {
    "in/a.jpg": b"one",
    "in/a.xmp": b"about one",
    "in/b c+d.jpg": b"two",
    "in/%41.jpg": b"three",
    "in/n.txt": b"no",
}
COPIED = {"x/a.jpg": b"one", "x/a.xmp": b"about one", "y/b c+d.jpg": b"two", "y/%41.jpg": b"three"}


def folder_of(path):
    return "x" if path == "a.jpg" else "y"


def write_plan(bucket, path, folder_of, prefix="in", output="out", **settings):
    """Write the plan `path` that copies each image below `prefix` to the folder that `folder_of` gives its path."""
    settings = FilingSettings(output=bucket.address(output), plan=path, **settings)
    objects, _ = open_objects(address_of(bucket.address(prefix)), settings, Listener())
    images = objects.images_of(objects.listing.listing.files)
    placements = []
    for number, file in enumerate(images.files):
        with images.bytes_of(number) as (_, content):
            placements.append(place(file, content, folder_of(file.path)))
    return plan_objects(objects, placements, settings, shared=frozenset({"Outlayers"}))


def command(*arguments, code=0):
    """Run a command with --json, check its exit code and return its object."""
    done = CliRunner().invoke(main, [*map(str, arguments), "--json"])
    assert done.exit_code == code, (done.exit_code, done.output, done.exception)
    return json.loads(done.stdout)


def under(tree, prefix):
    """Return the part of a tree below a prefix."""
    return {key.removeprefix(prefix): content for key, content in tree.items() if key.startswith(prefix)}


def start(*arguments):
    """Start a command in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "imgsort", *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
