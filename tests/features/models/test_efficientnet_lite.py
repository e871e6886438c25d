import cv2
import numpy as np
import pytest
from skimage import data

from imgsort.errors import WeightsError
from imgsort.features.models.backbones import ALWAYS_THERE, BACKBONES
from imgsort.features.models.efficientnet_lite import add_classifier, build_efficientnet_lite, load_state
from imgsort.features.weights.formats.torch_archive import read_state_dict

LITE = BACKBONES[ALWAYS_THERE]


@pytest.fixture(scope="module")
def state():
    return read_state_dict(LITE.weights.file.read_bytes())


@pytest.fixture(scope="module")
def classifier(state):
    model = add_classifier(build_efficientnet_lite(LITE.size_px))
    load_state(model, state)
    return model


def classes_of(classifier, photo: np.ndarray) -> list[int]:
    """Return the ImageNet classes of the middle square of a photograph, the most likely first."""
    height, width = photo.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = photo[top : top + side, left : left + side]
    square = cv2.resize(square, (LITE.size_px, LITE.size_px), interpolation=cv2.INTER_CUBIC)
    probabilities = classifier(LITE.prepare(square[None]), training=False).numpy()[0]
    assert probabilities.sum() == pytest.approx(1, abs=1e-4)
    return np.argsort(-probabilities).tolist()


def test_a_cat_is_a_cat(classifier):
    """The real weights recognise scikit-image's cat: Egyptian cat, tiger cat, tabby."""
    assert classes_of(classifier, data.chelsea())[:3] == [285, 282, 281]


def test_an_espresso_is_an_espresso(classifier):
    """The real weights recognise scikit-image's coffee."""
    assert classes_of(classifier, data.coffee())[0] == 967


def test_the_order_of_channels_matters(classifier):
    """With red and blue swapped, the cat becomes another animal. The weights were trained on RGB."""
    assert classes_of(classifier, data.chelsea()[..., ::-1])[:3] != [285, 282, 281]


def test_the_number_of_parameters_is_the_papers(classifier):
    """4.65 million numbers were trained, including the classifier.

    Another 42,016 numbers are running means and variances.
    """
    assert sum(int(np.prod(weight.shape)) for weight in classifier.trainable_weights) == 4_652_008
    assert classifier.count_params() == 4_652_008 + 42_016


@pytest.mark.parametrize("size_px", [32, 100])
def test_other_sizes_build(size_px):
    """The network takes squares of other sizes.

    The side of its map is the side of the square divided by 32, rounded up.
    """
    side = -(-size_px // 32)
    assert build_efficientnet_lite(size_px).output_shape == (None, side, side, 1280)


@pytest.mark.parametrize("name", ["_conv_stem.weight", "_blocks.7._bn1.running_var", "_fc.bias"])
def test_a_missing_tensor_is_refused(classifier, state, name):
    """A file without one of the tensors is refused, and the error names the tensor."""
    rest = {other: tensor for other, tensor in state.items() if other != name}
    with pytest.raises(WeightsError, match=name.rpartition(".")[0]):
        load_state(classifier, rest)


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("_conv_head.weight", (1280, 319, 1, 1)),
        ("_blocks.3._depthwise_conv.weight", (144, 1, 3, 3)),
        ("_bn1.running_mean", (1279,)),
        ("_fc.weight", (1280, 1000)),
        ("_conv_stem.weight", (32, 27)),
    ],
)
def test_a_tensor_of_another_shape_is_refused(classifier, state, name, shape):
    """A tensor of another shape is refused, and the error names it."""
    with pytest.raises(WeightsError, match=rf"the file's tensor {name.rpartition('.')[0]} does not fit"):
        load_state(classifier, {**state, name: np.zeros(shape, np.float32)})


FAMILY = {
    # The number of parameters with the classifier: tensorflow/tpu, models/official/efficientnet/lite/README.md, which
    # rounds it to 5.4 and 6.1 million.
    "efficientnet-lite1": 5_416_680,
    "efficientnet-lite2": 6_092_072,
}


@pytest.mark.parametrize(("name", "parameters"), FAMILY.items())
def test_the_larger_models_of_the_family(name, parameters):
    """The real weights fit, recognise the cat, and have the number of parameters that their makers name."""
    row = BACKBONES[name]
    if row.weights.found() is None:
        pytest.skip("needs the extra lite1")
    model = add_classifier(row.build(row.size_px))
    load_state(model, read_state_dict(row.weights.file.read_bytes()))
    assert sum(int(np.prod(weight.shape)) for weight in model.trainable_weights) == parameters
    cat = cv2.resize(data.chelsea(), (row.size_px, row.size_px), interpolation=cv2.INTER_CUBIC)
    probabilities = model(row.prepare(cat[None]), training=False).numpy()[0]
    assert np.argsort(-probabilities)[:3].tolist()[0] in (281, 282, 285)
