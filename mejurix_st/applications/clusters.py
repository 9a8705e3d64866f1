"""Passages in groups, each group named by what its passages are about."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from mejurix_st.applications.agreement import COMMON, named
from mejurix_st.applications.passages import Vectors, embed_passages
from mejurix_st.errors import InputError, MissingExtraError
from mejurix_st.types import EntityType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mejurix_st.applications.passages import Embedder, Passages, Sources
    from mejurix_st.types import Chunk

Method = Literal["agglomerative", "hdbscan"]
_MOST_CLUSTERS = 12  # tried when the number is left open
_FEW_PASSAGES = 9
_LABEL_TERMS = 3
_DENIABLE = (EntityType.DISEASE, EntityType.SYMPTOM, EntityType.OUTCOME)  # not the test that found none


@dataclass(frozen=True, slots=True)
class Cluster:
    """One group of passages.

    Attributes:
        number: its number in `Clustering.numbers`, from 0, the largest first.
        label: up to three concepts that tell it from the others; "no …" where most of its passages deny one.
        passages: its passages, the one nearest to the middle first.
        cohesion: mean cosine of its passages to their middle, [-1, 1].
        concepts: in how many of its passages each concept is named, most frequent first.
    """

    number: int
    label: str
    passages: tuple[Chunk, ...]
    cohesion: float
    concepts: tuple[tuple[str, int], ...]


@dataclass(frozen=True, eq=False)
class Clustering:
    """All groups.

    Attributes:
        clusters: the groups, largest first.
        numbers: (passages,) int: each passage's group, -1 for none (HDBSCAN leaves out what fits nowhere).
        passages: the passages with their vectors, in the order of `numbers`.
    """

    clusters: tuple[Cluster, ...]
    numbers: NDArray[np.int64]
    passages: Passages


def cluster_passages(
    documents: Sources,
    model: Embedder,
    *,
    method: Method = "agglomerative",
    clusters: int | None = None,
    smallest: int = 3,
) -> Clustering:
    """Groups passages by meaning and names the groups by their entities.

    Args:
        documents: documents, texts, or `embed_passages(...)` of them.
        model: encodes the passages with its document prompt.
        method: "agglomerative" (Ward's linkage of the unit vectors; every passage gets a group) or "hdbscan"
            (dense groups; the rest gets none).
        clusters: number of groups, for "agglomerative"; when None, 3 (of fewer than nine passages 2) to the
            square root of the number of passages, at most 12, whichever has the best mean silhouette
            (Rousseeuw 1987).
        smallest: fewest passages of a group, for "hdbscan", 2 or more.

    Returns:
        The groups.

    Raises:
        InputError: fewer than three passages, an unknown method, or a number that does not fit.
        MissingExtraError: scikit-learn is not installed.
    """
    try:
        from sklearn.cluster import HDBSCAN, AgglomerativeClustering
    except ImportError as error:
        raise MissingExtraError("Clustering", "applications") from error
    passages = embed_passages(documents, model)
    count = len(passages)
    if method not in ("agglomerative", "hdbscan"):
        raise InputError(f'The method is "{method}"; give "agglomerative" or "hdbscan".')
    if count < 3:
        raise InputError(f"There are {count} passages to group; give documents with 3 or more.")
    if clusters is not None and (method == "hdbscan" or not 1 <= clusters <= count):
        raise InputError(
            f'clusters is {clusters}; give 1 to {count} with the method "agglomerative", or None.'
        )
    if not 2 <= smallest <= count:
        raise InputError(f"smallest is {smallest}; give 2 to {count}.")
    if method == "hdbscan":
        # On unit vectors the Euclidean distance rises with the cosine distance, and needs no full matrix.
        # Leaves of the tree: many small themes rather than a few broad ones.
        clusterer = HDBSCAN(min_cluster_size=smallest, cluster_selection_method="leaf", copy=True)
        found = clusterer.fit_predict(passages.vectors.astype(np.float64))
    else:
        vectors = passages.vectors.astype(np.float64)
        tries = [clusters] if clusters is not None else _numbers_to_try(count)
        best = -math.inf
        for number in tries:
            made = AgglomerativeClustering(number, linkage="ward").fit_predict(vectors)
            score = _silhouette(vectors, made) if len(tries) > 1 else 0.0
            if score > best:
                best, found = score, made
    return _described(np.asarray(found, dtype=np.int64), passages)


def _numbers_to_try(count: int) -> list[int]:
    """Two groups have the best silhouette of nearly every file: its two languages. More says more."""
    fewest = 2 if count < _FEW_PASSAGES else 3
    return list(range(fewest, max(fewest, min(_MOST_CLUSTERS, math.isqrt(count))) + 1))


def _silhouette(vectors: NDArray[np.float64], numbers: NDArray[np.int64]) -> float:
    from sklearn.metrics import silhouette_score

    return float(silhouette_score(vectors, numbers, metric="cosine"))


def _described(found: NDArray[np.int64], passages: Passages) -> Clustering:
    """Renumbers the groups by size and names them."""
    sizes = Counter(int(number) for number in found if number >= 0)
    order = [number for number, _ in sorted(sizes.items(), key=lambda item: (-item[1], item[0]))]
    numbers = np.full(len(found), -1, dtype=np.int64)
    for new, old in enumerate(order):
        numbers[found == old] = new
    said = [_concepts(chunk.text) for chunk in passages.chunks]
    everywhere = Counter(concept for concepts in said for concept in concepts)
    groups = []
    for number in range(len(order)):
        places = np.flatnonzero(numbers == number)
        middle = passages.vectors[places].mean(0)
        nearness = _nearness(passages.vectors[places], middle)
        inside = [said[place] for place in places]
        counts = Counter(concept for concepts in inside for concept in concepts)
        ranked = tuple(passages.chunks[places[i]] for i in np.argsort(-nearness, kind="stable"))
        label = _label(inside, counts, everywhere, len(said))
        groups.append(Cluster(number, label, ranked, float(nearness.mean()), tuple(counts.most_common())))
    return Clustering(tuple(groups), numbers, passages)


def _nearness(vectors: Vectors, middle: Vectors) -> Vectors:
    norm = float(np.linalg.norm(middle))
    return np.asarray(vectors @ (middle / norm if norm else middle), dtype=np.float32)


def _concepts(text: str) -> dict[str, bool]:
    """Concepts of a passage; True where it says each time that there is none."""
    found: dict[str, bool] = {}
    for span, assertion in named(text):
        if assertion.experiencer == "patient" and span.normalized not in COMMON:
            absent = assertion.status == "absent" and span.type in _DENIABLE
            found[span.normalized] = absent and found.get(span.normalized, True)
    return found


def _label(
    inside: Sequence[dict[str, bool]], counts: Counter[str], everywhere: Counter[str], total: int
) -> str:
    """The concepts whose share in the group exceeds their share elsewhere most, weighted by that share."""
    size = len(inside)

    def telling(concept: str) -> float:
        here = counts[concept] / size
        elsewhere = (everywhere[concept] - counts[concept] + 0.5) / (total - size + 1)
        return here * math.log(here / elsewhere)

    chosen: list[str] = []
    for concept in sorted(counts, key=lambda name: (-telling(name), name)):
        words = set(concept.split())
        if any(words <= set(other.split()) or words >= set(other.split()) for other in chosen):
            continue  # "fracture" beside "lumbar fracture" says nothing new
        chosen.append(concept)
        if len(chosen) == _LABEL_TERMS:
            break
    denied = Counter(concept for concepts in inside for concept, absent in concepts.items() if absent)
    return " · ".join(f"no {c}" if denied[c] > counts[c] / 2 else c for c in chosen) or "(no entities)"
