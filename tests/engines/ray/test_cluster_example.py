"""The example of a cluster is what Ray takes, and names what is there."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).resolve().parents[3]
EXAMPLE = PROJECT / "examples" / "cluster"

pytestmark = pytest.mark.skipif(not EXAMPLE.is_dir(), reason="needs the source")


def configuration() -> dict[str, Any]:
    import yaml

    loaded = yaml.safe_load((EXAMPLE / "cluster.yaml").read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def test_ray_accepts_the_cluster_file():
    """Ray's own check finds nothing wrong, and both machines that it names are workers."""
    from ray.autoscaler._private.util import prepare_config, validate_config

    prepared = prepare_config(configuration())
    validate_config(prepared)
    (workers,) = prepared["available_node_types"].values()
    assert workers["min_workers"] == workers["max_workers"] == len(configuration()["provider"]["worker_ips"])


def test_the_commands_that_start_ray_have_options_that_it_knows():
    """No option of `ray start` is misspelt."""
    from ray.scripts.scripts import start

    known = {option for parameter in start.params for option in (*parameter.opts, *parameter.secondary_opts)}
    config = configuration()
    lines = [*config["head_start_ray_commands"], *config["worker_start_ray_commands"]]
    given = {word.partition("=")[0] for line in lines for word in shlex.split(line) if word.startswith("--")}
    assert given
    assert given <= known


def test_the_dockerfile_copies_what_is_there():
    """Every file and folder that goes into the image exists, and the extras that it installs do."""
    import tomllib

    text = (EXAMPLE / "Dockerfile").read_text(encoding="utf-8")
    copied = [name for line in re.findall(r"^COPY (.+) \S+$", text, re.MULTILINE) for name in line.split()]
    assert copied
    assert all((PROJECT / name).exists() for name in copied)
    extras = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    (asked,) = re.findall(r"/opt/imgsort\[([a-z0-9,]+)\]", text)
    assert set(asked.split(",")) <= set(extras)
