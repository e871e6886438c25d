"""Says how many workers a Ray has room for, and asks each of its machines whether it can do the work."""

import contextlib
import os
import platform
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imgsort.errors import EngineError
from imgsort.features.runtimes.interface import UsedDevice, Way
from imgsort.features.runtimes.table import runtime_named
from imgsort.version import __version__

_MOST_CORES_OF_WORKER = 16
# An actor counts as a little more than half of its worker's cores, so that the rest is left for the tasks that feed it.
# If actors held every CPU, Ray Data would wait for ever.
_SHARE = 0.51
_LEAST_CORES_OF_GPU = 0.5
_ANSWER_SECONDS = 300


@dataclass(frozen=True)
class Crew:
    """The workers. Each is an actor that holds the model.

    `cores`: how many CPUs a worker has, together with the tasks that feed it. `gpus`: how many GPUs, 0 or 1.
    """

    workers: int
    cores: float
    gpus: int = 0

    @property
    def threads(self) -> int:
        """How many threads of an actor ask the model, and how many tasks feed it."""
        return max(1, int(self.cores))

    @property
    def actor_cpus(self) -> float:
        """What an actor counts as, in CPUs. One that uses a GPU leaves the CPUs to the tasks."""
        share = self.cores * _SHARE
        return round(min(1.0, share) if self.gpus else share, 4)

    @property
    def task_cpus(self) -> float:
        """What a task that reads images counts as, in CPUs."""
        return int(10_000 * (self.cores - self.actor_cpus) / self.threads) / 10_000

    @property
    def has(self) -> str:
        """What all workers have, in words."""
        cpus = "1 CPU" if self.cores == 1 else f"{self.cores:g} CPUs"
        own = f"{self.gpus} GPU and {cpus}" if self.gpus else cpus
        return own if self.workers == 1 else f"{own} each"


def crew_of(ray: Any, device: UsedDevice) -> Crew:
    """Return the workers that the machines of a Ray have room for, on this device.

    Raises EngineError if no machine has a CPU for tasks, or none has a GPU beside it that is asked for.
    """
    machines = [machine["Resources"] for machine in _machines(ray)]
    if device == "gpu":
        return _crew_with_gpus(machines)
    if not machines:
        raise EngineError("no machine of the Ray cluster has a CPU for tasks. Start one with --num-cpus.")
    cores = min(_MOST_CORES_OF_WORKER, *(machine["CPU"] for machine in machines))
    return Crew(sum(int(machine["CPU"] / cores) for machine in machines), cores)


def _crew_with_gpus(machines: Sequence[Mapping[str, float]]) -> Crew:
    """Return workers with one whole GPU each. Machines without one still read images."""
    gpus = [min(int(machine.get("GPU", 0)), int(machine["CPU"] / _LEAST_CORES_OF_GPU)) for machine in machines]
    if not any(gpus):
        raise EngineError(
            "no machine of the Ray cluster has a GPU, and a CPU beside it. Start one with --num-gpus and --num-cpus, "
            "or give --device cpu."
        )
    cores = [machine["CPU"] / count for machine, count in zip(machines, gpus, strict=True) if count]
    return Crew(sum(gpus), min(_MOST_CORES_OF_WORKER, *cores), gpus=1)


@dataclass(frozen=True)
class MachineFacts:
    """What a machine says of itself. `sees_probe`: it sees a file that the driver has made."""

    name: str
    version: str
    can_run: bool
    sees_probe: bool


def facts_here(way: Way | None, probe: Path | None) -> MachineFacts:
    """Say what this machine can do. Runs in a worker. `way`: how it is to run the model, or None if it only reads."""
    can_run = way is None or runtime_named(way.runtime).can_run(way.precision, way.device)
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
            there = NodeAffinitySchedulingStrategy(machine["NodeID"], soft=False)
            only_reads = way.device == "gpu" and not machine["Resources"].get("GPU")
            answers.append(ask.options(scheduling_strategy=there).remote(None if only_reads else way, probe))
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
    """Return the machines that have a CPU for tasks."""
    return [machine for machine in ray.nodes() if machine["Alive"] and machine["Resources"].get("CPU", 0.0) > 0]


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
