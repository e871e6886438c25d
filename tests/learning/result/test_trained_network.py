import numpy as np
import pytest
from safetensors.numpy import save as safetensors

from imgsort.content import content_hash
from imgsort.errors import ClassifierError
from imgsort.features.extraction import prepare_extraction
from imgsort.images.decoding.decode import DEFAULTS
from imgsort.learning.network.networks import features_part
from imgsort.learning.result.classifier_file import ClassifierFile, load_classifier, save_classifier
from imgsort.learning.result.trained_network import TrainedNetwork
from tests.support.archives import CONFIG, altered, member


@pytest.fixture(scope="module")
def saved(tmp_path_factory, tiny_network, classifier_of):
    """A network, and the file in which it was saved."""
    network = tiny_network()
    path = tmp_path_factory.mktemp("trained") / "c.keras"
    save_classifier(path, network, classifier_of(network, "a", "b", "c"))
    return network, load_classifier(path)


def changed(tmp_path, file: ClassifierFile, **members: bytes) -> TrainedNetwork:
    (tmp_path / "x.keras").write_bytes(altered(file.data, **members))
    return TrainedNetwork(load_classifier(tmp_path / "x.keras"))


def pictures() -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (4, 32, 32, 3), dtype=np.uint8)


def test_it_is_named_by_its_record_and_its_file(saved):
    """Name and size come from the record, and the hash comes from the file. Features are kept under this hash."""
    _, file = saved
    trained = TrainedNetwork(file)
    assert (trained.name, trained.size_px, trained.pooling) == ("cnn", 32, "avg")
    assert trained.sha256 == content_hash(file.data)


def test_pixels_go_in_as_they_are(saved):
    """Levels from 0 to 255 are not changed, because the network has layers for this."""
    found = TrainedNetwork(saved[1]).prepare(pictures())
    assert found.dtype == np.float32
    assert np.array_equal(found, pictures())


def test_what_is_built_gives_the_features_that_the_head_saw(saved):
    """The network from the file gives the features that the trained network gives before its head."""
    network, file = saved
    built = TrainedNetwork(file).build()
    pixels = pictures().astype(np.float32)
    expected = features_part(network)(pixels).numpy()
    assert built.output_shape == (None, file.classifier.head.kernel.shape[0])
    assert np.allclose(built(pixels).numpy(), expected, atol=1e-6)


def test_it_is_run_as_a_backbone_is(saved):
    """Converted for LiteRT, the network gives the same features for raw pixels.

    From these features, the classifier gives the network's own probabilities.
    """
    network, file = saved
    extraction = prepare_extraction(
        TrainedNetwork(file), DEFAULTS, notice=lambda _: None, batch_size=4, device="cpu", precision="float32"
    )
    features = extraction.extractor.extract(pictures())
    pixels = pictures().astype(np.float32)
    assert np.allclose(features, features_part(network)(pixels).numpy(), atol=1e-4)
    assert np.allclose(file.classifier.predict(features).probabilities, network(pixels).numpy(), atol=1e-4)
    assert file.sha256 in str(extraction.recipe)


def test_a_network_without_features(tmp_path, saved):
    """A network without a layer named `features` is not from imgsort, and is refused."""
    config = member(saved[1].data, CONFIG).replace(b'"features"', b'"others"')
    with pytest.raises(ClassifierError, match=r"x\.keras"):
        changed(tmp_path, saved[1], config__json=config).build()


def test_features_that_are_no_rows(tmp_path, saved):
    """A layer named `features` whose output is a map is refused."""
    config = member(saved[1].data, CONFIG).replace(b'"features"', b'"others"').replace(b'"map"', b'"features"')
    with pytest.raises(ClassifierError, match=r"x\.keras"):
        changed(tmp_path, saved[1], config__json=config).build()


def test_features_that_do_not_fit_the_head(tmp_path, saved):
    """A head with another width than the features is refused before any image is read."""
    arrays = {"kernel": (9, 3), "bias": (3,), "centres": (3, 9)}
    numbers = safetensors({name: np.zeros(shape, np.float32) for name, shape in arrays.items()})
    with pytest.raises(ClassifierError, match=r"x\.keras"):
        changed(tmp_path, saved[1], imgsort__safetensors=numbers).build()
