"""Says how a model runs best, by what was measured and by what the processor can do."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import Literal

MeasuredPrecision = Literal["float32", "bfloat16", "int8"]

# What a processor can do, as OpenVINO names it in OPTIMIZATION_CAPABILITIES. `FP16` marks the processors that also
# multiply matrices in tiles (AMX), which OpenVINO uses for bfloat16 and int8.
ANY, BFLOAT16, TILES = "", "BF16", "FP16"


@dataclass(frozen=True)
class BestWays:
    """How a model runs best. The figures are in benchmarks/README.md.

    `precisions` holds (capability, precision): the precisions that are known not to cost quality, the fastest first.
    The first one counts whose capability the processor has. `openvino` says for each precision with which capability
    OpenVINO is faster than the other runtimes. `rewrites_bfloat16` is true if TensorFlow is faster in bfloat16 by
    oneDNN's rewriting of the graph than by Keras' policy.
    """

    precisions: tuple[tuple[str, MeasuredPrecision], ...] = ((ANY, "float32"),)
    openvino: Mapping[str, str] = field(default_factory=lambda: {"float32": TILES, "bfloat16": BFLOAT16, "int8": TILES})
    rewrites_bfloat16: bool = False

    def precision(self, capabilities: Set[str]) -> MeasuredPrecision:
        """Return the fastest precision on a processor with these capabilities that is known not to cost quality."""
        return next(precision for capability, precision in self.precisions if capability in {ANY, *capabilities})

    def prefers_openvino(self, precision: str, capabilities: Set[str]) -> bool:
        """Say whether OpenVINO is the fastest runtime in a precision on such a processor."""
        return self.openvino.get(precision) in {ANY, *capabilities}


# A model of which nobody has measured whether another precision costs quality.
IN_FLOAT32 = BestWays()
# A model that gives the same groups in bfloat16.
IN_BFLOAT16 = BestWays(((BFLOAT16, "bfloat16"), (ANY, "float32")))
