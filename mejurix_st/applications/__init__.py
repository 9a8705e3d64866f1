"""Six uses of the embeddings, each a small function: no store, no service, only numpy and scikit-learn.

`document_similarity` and `case_relevance` compare whole files by their passages, `retrieve` searches a few
documents in memory, `cluster_passages` groups passages and names the groups, `cross_reference` lays the
findings of a record beside the rules they bear on, and `ZeroShotClassifier` sorts texts into categories of
one's own. All take any `SentenceTransformer` as `model`; every passage they return has page and offsets.
"""

from __future__ import annotations

from mejurix_st.applications.agreement import SharedConcept, shared_concepts
from mejurix_st.applications.clusters import Cluster, Clustering, cluster_passages
from mejurix_st.applications.crossref import CrossReference, Ground, Statement, cross_reference
from mejurix_st.applications.passages import Passages, embed_passages
from mejurix_st.applications.relevance import RelevantCase, Support, case_relevance
from mejurix_st.applications.retrieval import retrieve
from mejurix_st.applications.roles import ROLES, sentence_role
from mejurix_st.applications.similarity import DocumentSimilarity, PassagePair, document_similarity
from mejurix_st.applications.zero_shot import Category, Classification, ZeroShotClassifier

__all__ = [
    "ROLES",
    "Category",
    "Classification",
    "Cluster",
    "Clustering",
    "CrossReference",
    "DocumentSimilarity",
    "Ground",
    "PassagePair",
    "Passages",
    "RelevantCase",
    "SharedConcept",
    "Statement",
    "Support",
    "ZeroShotClassifier",
    "case_relevance",
    "cluster_passages",
    "cross_reference",
    "document_similarity",
    "embed_passages",
    "retrieve",
    "sentence_role",
    "shared_concepts",
]
