"""Measures how many squares a second Keras' own networks look at on a GPU, by Keras on JAX. Nothing is fetched.

    python benchmarks/gpu_by_jax.py [--rounds N]

imgsort itself uses a GPU through TensorFlow. Where only JAX is at hand, this says what such a GPU does with the same
networks: random weights take as long as trained ones. EfficientNetB0 stands for EfficientNet-Lite0, which is a little
lighter. The squares lie in the memory of the machine, and are copied to the GPU as they would be.
"""

import argparse
import os
import statistics
import time

import numpy as np

MODELS = (("VGG16", 128), ("ResNet50", 500), ("InceptionV3", 299), ("EfficientNetB0", 224))


def rate(name: str, size_px: int, batch: int, rounds: int) -> float:
    """Return how many squares a second the network looks at, the median of several rounds of 20 batches."""
    import jax
    import keras

    network = getattr(keras.applications, name)(
        include_top=False, weights=None, pooling="avg", input_shape=(size_px, size_px, 3)
    )
    variables = (
        [variable.value for variable in network.trainable_variables],
        [variable.value for variable in network.non_trainable_variables],
    )
    look = jax.jit(lambda pixels: network.stateless_call(*variables, pixels, training=False)[0])
    squares = np.random.default_rng(0).integers(0, 255, (batch, size_px, size_px, 3), np.uint8)
    np.asarray(look(squares))
    rates = []
    for _ in range(rounds):
        begun = time.perf_counter()
        for features in [look(squares) for _ in range(20)]:
            np.asarray(features)
        rates.append(20 * batch / (time.perf_counter() - begun))
    return statistics.median(rates)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    os.environ["KERAS_BACKEND"] = "jax"
    import jax
    import keras

    print(f"{jax.devices()[0].device_kind}, Keras {keras.__version__}, JAX {jax.__version__}\n")
    print("| network | batch | float32, images/s | bfloat16, images/s |\n| --- | --- | --- | --- |")
    for model, size in MODELS:
        size_of_batch = 64 if size == 500 else 256
        row = []
        for policy in ("float32", "mixed_bfloat16"):
            keras.config.set_dtype_policy(policy)
            row.append(rate(model, size, size_of_batch, given.rounds))
        print(f"| {model} at {size} px | {size_of_batch} | {row[0]:.0f} | {row[1]:.0f} |", flush=True)
