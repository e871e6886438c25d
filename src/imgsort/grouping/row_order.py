"""Rows that were seen in another order than their own, put back."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def in_own_order(values: "NDArray[Any]", order: "NDArray[np.intp] | None") -> "NDArray[Any]":
    """Return values, (n,), of rows that were seen in `order`, int (n,), in the order that the rows have themselves.

    `order`: numbers of rows, the first seen first, as `features[order]` has them; None for their own order.
    """
    import numpy as np

    if order is None:
        return values
    restored = np.empty_like(values)
    restored[order] = values
    return restored
