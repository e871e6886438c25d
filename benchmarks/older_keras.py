"""Tries whether older releases of plain Keras read imgsort's classifiers, and give the same answers.

    python benchmarks/older_keras.py [--keras 3.4.0 3.8.0] [--classifiers cnn efficientnet-lite0 ...] [--python PROGRAM]

`imgsort train` trains classifiers of every kind on pictures that the script makes. For each release, pip makes a new
environment with that Keras and TensorFlow, without imgsort, in a temporary folder. `keras.saving.load_model` loads the
classifiers there, and they judge 24 pictures. "Largest difference" is between a probability there and here. "Spread" is
the difference between the largest and the smallest output here: 0 would mean that the answers say nothing.

pip downloads some hundred MB for each release, from the index that it is configured for. The script ends with an error
if a classifier cannot be read, or if an answer differs by more than 1e-5.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from machine import described
from numpy.typing import NDArray
from PIL import Image
from speed import IMGSORT, run

from imgsort.learning.result.classifier_file import load_classifier

SMALL = ["--size", "32", "--epochs", "2"]
SCRATCH = ["--weights", "none", *SMALL]
# Only the weights of these EfficientNets are there without a download.
CLASSIFIERS = {
    "cnn": ["--model", "cnn", *SMALL],
    "efficientnet-lite0, frozen": ["--model", "efficientnet-lite0", "--size", "64"],
    "efficientnet-lite0, fine-tuned": ["--model", "efficientnet-lite0", "--size", "64", "--fine-tune", "--epochs", "1"],
    "efficientnet-lite2, frozen": ["--model", "efficientnet-lite2", "--size", "64"],
    "vgg16, from scratch": ["--model", "vgg16", *SCRATCH],
    "resnet50, from scratch": ["--model", "resnet50", *SCRATCH],
    "resnet50v2, from scratch": ["--model", "resnet50v2", *SCRATCH],
    "inceptionv3, from scratch": ["--model", "inceptionv3", "--weights", "none", "--size", "75", "--epochs", "2"],
}
KINDS = ("stripes", "squares", "slope")
OF_EACH_KIND = 8
MOST_DIFFERENCE = 1e-5

JUDGE = """
import sys
from pathlib import Path
import keras, numpy as np
print(keras.__version__)
for file in sorted(Path(sys.argv[1]).glob("*.keras")):
    model = keras.saving.load_model(file)
    np.save(file.with_suffix(".there.npy"), model.predict(np.load(file.with_suffix(".pixels.npy")), verbose=0))
"""


def picture(kind: str, number: int, side_px: int) -> NDArray[np.uint8]:
    """Return uint8 (side, side, 3), RGB: a pattern of its kind with noise, never twice the same."""
    chance = np.random.default_rng([KINDS.index(kind), number])
    y, x = np.mgrid[0:side_px, 0:side_px] / side_px
    pattern = {"stripes": (x * 8 // 1) % 2, "squares": (x * 4 // 1 + y * 4 // 1) % 2, "slope": y}[kind]
    colour = chance.integers(60, 230, 3)
    noise = chance.integers(-25, 26, (side_px, side_px, 1))
    return np.clip(pattern[..., None] * colour + 20 + noise, 0, 255).astype(np.uint8)


def pictures(side_px: int) -> NDArray[np.float32]:
    """Return float32 (24, side, side, 3), RGB, 0-255."""
    return np.float32([picture(kind, number, side_px) for kind in KINDS for number in range(OF_EACH_KIND)])


def train(name: str, folder: Path, work: Path) -> NDArray[np.float32]:
    """Train a classifier into `work`, write its pictures beside it, and return its answers here, float32 (24, 3)."""
    file = work / f"{name}.keras"
    run([*IMGSORT, "train", str(folder), "--output", str(file), "--quiet", *CLASSIFIERS[name]])
    network = load_classifier(file).load_network()
    pixels = pictures(network.input_shape[1])
    np.save(file.with_suffix(".pixels.npy"), pixels)
    answers: NDArray[np.float32] = network.predict(pixels, verbose=0)
    return answers


def judge_there(release: str, python: str, work: Path) -> str:
    """Let this release of Keras judge the pictures in `work`, and return its version. Raises CalledProcessError."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([python, "-m", "venv", folder], check=True)
        there = str(Path(folder, "Scripts" if sys.platform == "win32" else "bin", "python"))
        subprocess.run([there, "-m", "pip", "install", "--quiet", f"keras=={release}", "tensorflow"], check=True)
        # Without the variables of this process, nothing of imgsort or its checkout is found there.
        done = subprocess.run([there, "-I", "-c", JUDGE, str(work)], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"Keras {release} cannot read a classifier:\n{done.stderr[-3000:]}")
    return done.stdout.split()[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--keras", nargs="+", default=["3.4.0", "3.8.0"], metavar="RELEASE", help="default: 3.4.0 3.8.0"
    )
    parser.add_argument("--classifiers", nargs="+", default=list(CLASSIFIERS), choices=CLASSIFIERS, metavar="NAME")
    parser.add_argument("--python", default=sys.executable, help="a Python that TensorFlow for these releases supports")
    options = parser.parse_args()
    print(described())
    print("| Keras | classifier | largest difference | spread |\n| --- | --- | --- | --- |", flush=True)
    is_same = True
    with tempfile.TemporaryDirectory() as folder:
        root, work = Path(folder, "pictures"), Path(folder, "work")
        work.mkdir()
        for kind in KINDS:
            (root / kind).mkdir(parents=True)
            for number in range(OF_EACH_KIND):
                Image.fromarray(picture(kind, number, 96)).save(root / kind / f"{number}.png")
        here = {name: train(name, root, work) for name in options.classifiers}
        for release in options.keras:
            version = judge_there(release, options.python, work)
            for name, expected in here.items():
                difference = np.abs(np.load(work / f"{name}.there.npy") - expected).max()
                is_same = is_same and difference <= MOST_DIFFERENCE
                print(f"| {version} | {name} | {difference:.1e} | {np.ptp(expected):.3f} |", flush=True)
    if not is_same:
        sys.exit(f"an answer differs by more than {MOST_DIFFERENCE:g}")


if __name__ == "__main__":
    main()
