"""Puts rows that were seen in another order back into their own order."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def in_own_order(values: "NDArray[Any]", order: "NDArray[np.intp] | None") -> "NDArray[Any]":
    """Return `values`, (n,), of rows that were seen in `order`, int (n,), in the rows' own order.

    `order` holds the numbers of the rows, the first seen row first, as in `features[order]`. None is their own order.
    """
    import numpy as np

    if order is None:
        return values
    restored = np.empty_like(values)
    restored[order] = values
    return restored
