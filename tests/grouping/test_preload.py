import subprocess
import sys


def test_scikit_learn_comes_while_other_work_goes_on():
    """`preload` returns at once; the import happens meanwhile, and the process ends normally."""
    script = (
        "import sys, time, threading\n"
        "from imgsort.grouping.preload import preload\n"
        "start = time.perf_counter(); preload(); took = time.perf_counter() - start\n"
        "[thread.join() for thread in threading.enumerate() if thread.name == 'imgsort-preload']\n"
        "print(took < 0.5, 'sklearn.cluster' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True"]
