"""How many workers a Ray has room for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgsort.engines.ray.crew import Crew, crew_of
from imgsort.errors import EngineError

counts = st.integers(0, 130)


class Machines:
    """What `ray.nodes()` says of machines with (CPUs, GPUs)."""

    def __init__(self, *machines):
        self._machines = machines

    def nodes(self):
        named = [{"CPU": float(cpus), "GPU": float(gpus)} for cpus, gpus in self._machines]
        return [{"Alive": True, "Resources": {name: count for name, count in one.items() if count}} for one in named]


@pytest.mark.parametrize(
    ("machines", "device", "expected"),
    [
        ([(2, 0)], "cpu", Crew(1, 2)),
        ([(64, 8), (0, 0)], "cpu", Crew(4, 16)),
        ([(4, 0), (16, 0)], "cpu", Crew(5, 4)),
        ([(64, 8), (0, 0)], "gpu", Crew(8, 8, 1)),
        ([(64, 1), (32, 0)], "gpu", Crew(1, 16, 1)),
        ([(1, 8)], "gpu", Crew(2, 0.5, 1)),
    ],
)
def test_the_crew_fits_the_machines(machines, device, expected):
    """A worker has up to 16 CPUs, or one whole GPU and its share of the CPUs."""
    assert crew_of(Machines(*machines), device) == expected


@given(st.lists(st.tuples(counts, st.integers(0, 16)), min_size=1, max_size=4), st.sampled_from(["cpu", "gpu"]))
def test_actors_never_hold_every_cpu(machines, device):
    """Whatever the machines are, a task that reads images fits in beside all actors."""
    try:
        crew = crew_of(Machines(*machines), device)
    except EngineError:
        assert not any(cpus and (gpus or device == "cpu") for cpus, gpus in machines)
        return
    assert crew.workers >= 1
    assert crew.task_cpus > 0
    left = sum(cpus for cpus, _ in machines) - crew.workers * crew.actor_cpus
    assert left >= crew.workers * crew.threads * crew.task_cpus - 1e-9


@pytest.mark.parametrize(("machines", "device"), [([(0, 0)], "cpu"), ([(8, 0), (0, 4)], "gpu")])
def test_a_cluster_without_room_is_an_error(machines, device):
    """The message says how a machine is started that has room."""
    with pytest.raises(EngineError, match="--num-"):
        crew_of(Machines(*machines), device)
