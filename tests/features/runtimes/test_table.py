"""Tests which runtime is taken, and which one after a failure."""

from imgsort.features.runtimes.table import RUNTIMES, runtime_after, runtime_named, runtimes_for


def test_the_next_runtime_can_do_the_same_work():
    """After a failure comes a later runtime that can do the work; after the last one, the last one again."""
    last = RUNTIMES[-1]
    assert runtime_after("openvino", "float32", "cpu").name == "litert"
    assert runtime_after("litert", "float32", "cpu") is last
    assert runtime_after(last.name, "float32", "cpu") is last


def test_names_are_distinct_and_every_precision_has_a_runtime():
    """Every runtime is found by its name, and every precision runs on a processor or a GPU."""
    assert [runtime_named(runtime.name) for runtime in RUNTIMES] == list(RUNTIMES)
    for precision, device in (("int8", "cpu"), ("float32", "cpu"), ("bfloat16", "cpu"), ("float16", "gpu")):
        assert runtimes_for(precision, device)
