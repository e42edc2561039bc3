"""Sums of products in an order of our own: that of a linear algebra library follows the processor."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def dot(weights: Any, values: Any) -> float:
    """The sum of products of two arrays (n,)."""
    return float(np.sum(np.asarray(weights) * np.asarray(values)))


def cholesky(matrix: Sequence[Sequence[float]]) -> NDArray[np.float64]:
    """The lower triangular factor (n, n) of a positive definite matrix of a few rows.

    Raises:
        ValueError: It is not positive definite.
    """
    size = len(matrix)
    factor = [[0.0] * size for _ in range(size)]
    for row in range(size):
        for column in range(row + 1):
            left = matrix[row][column] - sum(factor[row][at] * factor[column][at] for at in range(column))
            if row == column and left <= 0:
                raise ValueError("the matrix is not positive definite")
            factor[row][column] = math.sqrt(left) if row == column else left / factor[column][column]
    return np.array(factor)
