"""The eigenvectors are those of the whole matrix, however many parts the graph has."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from imgsort.grouping.graph import eigenvectors as module
from imgsort.grouping.graph.eigenvectors import leading_eigenvectors
from imgsort.grouping.graph.neighbours import joined, nearest_rows
from tests.grouping.blobs import blobs

pytestmark = pytest.mark.usefixtures("one_thread")


def normalised(graph) -> np.ndarray:
    scale = 1 / np.sqrt(graph.toarray().sum(axis=1))
    return scale[:, None] * graph.toarray() * scale


@pytest.mark.parametrize("dense_rows", [10, 10_000])
@pytest.mark.parametrize("neighbors", [2, 12])
def test_they_are_eigenvectors_with_the_largest_values(neighbors, dense_rows, monkeypatch):
    """Sparse and full matrices, connected or not, give unit vectors with the largest eigenvalues, in order."""
    monkeypatch.setattr(module, "_DENSE_ROWS", dense_rows)
    monkeypatch.setattr(module, "_TOLERANCE", 1e-9)
    graph = joined(nearest_rows(blobs([60, 50, 40])[0], neighbors))
    vectors = leading_eigenvectors(graph, 6, 0)
    matrix = normalised(graph)
    values = np.einsum("ij,ij->j", vectors, matrix @ vectors)
    assert np.allclose(vectors.T @ vectors, np.eye(6), atol=1e-6)
    assert np.allclose(matrix @ vectors, vectors * values, atol=1e-6)
    assert np.allclose(values, np.sort(np.linalg.eigvalsh(matrix))[::-1][:6], atol=1e-6)


def test_every_part_has_a_vector_of_its_own():
    """Three parts that are not connected share the eigenvalue 1. The first three vectors tell them apart."""
    rows, truth = blobs([30, 20, 10])
    vectors = leading_eigenvectors(joined(nearest_rows(rows, 4)), 3, 0)
    for column, group in enumerate((0, 1, 2)):
        assert (np.abs(vectors[truth == group, column]) > 0).all()
        assert (vectors[truth != group, column] == 0).all()


def test_the_same_seed_gives_the_same_vectors():
    """Signs and numbers are the same in every run."""
    graph = joined(nearest_rows(np.random.default_rng(0).normal(size=(600, 8)).astype(np.float32), 9))
    assert np.array_equal(leading_eigenvectors(graph, 5, 3), leading_eigenvectors(graph, 5, 3))


def test_more_vectors_than_rows_are_not_to_be_had():
    """A graph of two rows has two vectors, and one of a single row has one."""
    assert leading_eigenvectors(csr_array(np.array([[0.0, 1], [1, 0]])), 5, 0).shape == (2, 2)
    assert leading_eigenvectors(csr_array((1, 1)), 5, 0).shape == (1, 1)
