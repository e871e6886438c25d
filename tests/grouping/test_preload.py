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


def test_a_lock_that_an_interrupted_import_left_does_not_keep_the_process():
    """Ctrl-C in the middle of an import may leave the lock of a module taken. The process ends all the same."""
    script = (
        "import importlib._bootstrap as imports\n"
        "from imgsort.grouping.preload import preload\n"
        "imports._get_module_lock('sklearn').acquire()\n"
        "preload()"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=30)
