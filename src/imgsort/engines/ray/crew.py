"""Says how many workers a Ray has room for, and asks each of its machines whether it can do the work."""

import contextlib
import os
import platform
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imgsort.errors import EngineError
from imgsort.features.runtimes.interface import Way
from imgsort.features.runtimes.table import runtime_named
from imgsort.version import __version__

_MOST_CORES_OF_WORKER = 16
# An actor counts as a little more than half of its worker's cores, so that the rest is left for the tasks that feed it.
# If actors held every CPU, Ray Data would wait for ever.
_SHARE = 0.51
_ANSWER_SECONDS = 300


@dataclass(frozen=True)
class Crew:
    """The workers. Each is an actor that holds the model.

    `cores`: how many CPUs a worker has, together with the tasks that feed it.
    """

    workers: int
    cores: float

    @property
    def threads(self) -> int:
        """How many threads of an actor ask the model, and how many tasks feed it."""
        return max(1, int(self.cores))

    @property
    def actor_cpus(self) -> float:
        """What an actor counts as, in CPUs."""
        return round(self.cores * _SHARE, 4)

    @property
    def task_cpus(self) -> float:
        """What a task that reads images counts as, in CPUs."""
        return int(10_000 * self.cores * (1 - _SHARE) / self.threads) / 10_000


def crew_of(ray: Any) -> Crew:
    """Return the workers that the machines of a Ray have room for. Raises EngineError if no machine has a CPU."""
    cpus = [machine["Resources"].get("CPU", 0.0) for machine in _machines(ray)]
    cpus = [count for count in cpus if count > 0]
    if not cpus:
        raise EngineError("no machine of the Ray cluster has a CPU for tasks. Start one with --num-cpus.")
    cores = min(_MOST_CORES_OF_WORKER, *cpus)
    return Crew(sum(int(count / cores) for count in cpus), cores)


@dataclass(frozen=True)
class MachineFacts:
    """What a machine says of itself. `sees_probe`: it sees a file that the driver has made."""

    name: str
    version: str
    can_run: bool
    sees_probe: bool


def facts_here(way: Way, probe: Path | None) -> MachineFacts:
    """Say what this machine can do. Runs in a worker."""
    can_run = runtime_named(way.runtime).can_run(way.precision, way.device)
    return MachineFacts(platform.node(), __version__, can_run, probe is not None and os.path.lexists(probe))


def ask_machines(ray: Any, way: Way, folder: Path | None) -> bool:
    """Make sure that each machine can run the model that way. Return whether all of them see `folder`.

    Raises EngineError that names the first machine that cannot.
    """
    from ray.exceptions import RayError
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    ask = ray.remote(num_cpus=0, max_retries=3)(facts_here)
    with _probe(folder) as probe:
        answers = []
        for machine in _machines(ray):
            if machine["Resources"].get("CPU", 0.0) > 0:
                there = NodeAffinitySchedulingStrategy(machine["NodeID"], soft=False)
                answers.append(ask.options(scheduling_strategy=there).remote(way, probe))
        try:
            facts = ray.get(answers, timeout=_ANSWER_SECONDS)
        except (RayError, ImportError, AttributeError) as error:
            reason = str(error).strip().rpartition("\n")[2][:300]
            raise EngineError(
                f"a machine of the Ray cluster cannot run imgsort {__version__} ({reason}). Install it there, by `pip "
                "install '.[ray]'` in a checkout."
            ) from error
    for machine_facts in facts:
        _require_able(machine_facts, way)
    return all(machine_facts.sees_probe for machine_facts in facts)


def _require_able(facts: MachineFacts, way: Way) -> None:
    if facts.version != __version__:
        raise EngineError(
            f"{facts.name}, a machine of the Ray cluster, has imgsort {facts.version}, and this one {__version__}: "
            "the features would differ. Install the same version everywhere."
        )
    if not facts.can_run:
        raise EngineError(
            f"{facts.name}, a machine of the Ray cluster, cannot run the model by {way.runtime} in {way.precision} on "
            f"its {way.device}. --precision float32 runs on every processor."
        )


def _machines(ray: Any) -> list[dict[str, Any]]:
    return [machine for machine in ray.nodes() if machine["Alive"]]


@contextlib.contextmanager
def _probe(folder: Path | None) -> Iterator[Path | None]:
    """Make a hidden file in a folder, whose name nobody can know, and remove it at the end."""
    if folder is None:
        yield None
        return
    folder.mkdir(parents=True, exist_ok=True)
    probe = folder / f".imgsort-probe-{secrets.token_hex(16)}"
    probe.touch(exist_ok=False)
    try:
        yield probe
    finally:
        probe.unlink(missing_ok=True)
