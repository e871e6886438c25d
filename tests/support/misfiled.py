"""Makes a folder of classes in which some images lie in the wrong one."""

import shutil

from tests.support.classifiers import files_of, put

KINDS = ("chelsea", "coffee", "rocket")
MISFILED = {"chelsea": "coffee", "coffee": "rocket"}
# The model of the tests: the quick one, on small pictures.
QUICK = {"model": "efficientnet-lite0", "size": 64}


def misfiled_classes(demo_photos, root):
    """Make three classes of photographs; the last of two of them lie in the wrong one. Return {path: right class}."""
    wrong = {}
    for kind in KINDS:
        put(files_of(demo_photos, kind), root / kind)
    for kind, other in MISFILED.items():
        last = files_of(demo_photos, kind)[-1].name
        shutil.move(root / kind / last, root / other / last)
        wrong[f"{other}/{last}"] = kind
    return wrong
