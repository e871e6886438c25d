"""Says what OpenVINO can do on the processor that runs the tests, without keeping the answer."""

from imgsort.features.runtimes.processor import described_by_openvino


def _capabilities() -> frozenset[str]:
    try:
        return described_by_openvino().capabilities
    except (ImportError, OSError, RuntimeError):
        return frozenset()


CAPABILITIES = _capabilities()
