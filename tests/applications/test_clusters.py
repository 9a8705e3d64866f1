"""Groups of passages and their names."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from mejurix_st.applications import cluster_passages
from mejurix_st.errors import InputError, MissingExtraError

KNEE = [
    "Arthritis of the right knee with effusion.",
    "The right knee arthritis is worse; effusion again.",
    "Right knee arthritis, small effusion on examination.",
]
EAR = [
    "Tinnitus in both ears since range week.",
    "Constant tinnitus of both ears, worse at night.",
    "Both ears: tinnitus, constant since service.",
    "Tinnitus of both ears is constant.",
]
LUNG = ["CT showed no lung nodule.", "There is no lung nodule on CT.", "No lung nodule was seen on this CT."]


def test_groups_are_found_numbered_by_size_and_named(encoder):
    result = cluster_passages([*KNEE, *EAR, *LUNG], encoder)
    assert [len(cluster.passages) for cluster in result.clusters] == [4, 3, 3]
    assert result.numbers.tolist()[3:7] == [0, 0, 0, 0]
    labels = [cluster.label for cluster in result.clusters]
    assert "tinnitus" in labels[0]
    assert any("arthritis" in label or "osteoarthritis" in label for label in labels[1:])
    assert any("no " in label and "nodule" in label for label in labels), labels
    for cluster in result.clusters:
        assert -1 <= cluster.cohesion <= 1.0001
        places = np.flatnonzero(result.numbers == cluster.number)
        assert {result.passages.chunks[i] for i in places} == set(cluster.passages)


def test_number_of_groups_can_be_given(encoder):
    assert len(cluster_passages([*KNEE, *EAR, *LUNG], encoder, clusters=2).clusters) == 2
    assert len(cluster_passages([*KNEE, *EAR], encoder, clusters=1).clusters) == 1


def test_hdbscan_leaves_out_what_fits_nowhere(encoder):
    odd = "He likes soup."
    result = cluster_passages([*KNEE, *EAR, *LUNG, odd], encoder, method="hdbscan", smallest=3)
    assert result.numbers[-1] == -1
    assert len(result.clusters) >= 2
    assert all(odd != chunk.text for cluster in result.clusters for chunk in cluster.passages)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"method": "kmeans"}, "method is"),
        ({"clusters": 99}, "clusters is 99"),
        ({"method": "hdbscan", "clusters": 2}, "clusters is 2"),
        ({"smallest": 1}, "smallest is 1"),
    ],
)
def test_refusals(encoder, options, match):
    with pytest.raises(InputError, match=match):
        cluster_passages([*KNEE, *EAR], encoder, **options)


def test_too_few_passages(encoder):
    with pytest.raises(InputError, match="2 passages"):
        cluster_passages(KNEE[:2], encoder)


def test_without_scikit_learn(encoder, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.cluster", None)
    with pytest.raises(MissingExtraError, match=r"mejurix-st\[applications\]"):
        cluster_passages(KNEE, encoder)
