"""Prior cases ranked by what they have to say to a new one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mejurix_st.applications.passages import embed_passages, encode
from mejurix_st.entities.sentences import sentence_spans
from mejurix_st.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mejurix_st.applications.passages import Embedder, Sources
    from mejurix_st.types import Chunk

_SHORTEST = 12  # code points; a shorter sentence ("Yes.") goes with the one before


@dataclass(frozen=True, slots=True)
class Support:
    """What a prior case has to say to one sentence of the statement.

    Attributes:
        part: the sentence.
        start: code-point offset into the statement, inclusive.
        end: code-point offset into the statement, exclusive.
        chunk: the case's passage nearest to it.
        score: their cosine, [-1, 1].
    """

    part: str
    start: int
    end: int
    chunk: Chunk
    score: float


@dataclass(frozen=True, slots=True)
class RelevantCase:
    """One prior case.

    Attributes:
        rank: 1 for the most relevant.
        name: the case's name.
        score: half the best passage's cosine with the whole statement, half the mean over its sentences of
            their own best passage; [-1, 1].
        support: one entry per sentence of the statement, in its order.
    """

    rank: int
    name: str
    score: float
    support: tuple[Support, ...]


def case_relevance(
    statement: str, cases: Mapping[str, Sources], model: Embedder, *, limit: int | None = None
) -> list[RelevantCase]:
    """Ranks prior cases by a statement of the present one.

    The whole statement finds cases of the same kind; its sentences, each with the passage that answers it,
    reward a case that speaks to every point over one that repeats a single point.

    Args:
        statement: facts and issues of the present case, a sentence or a few paragraphs.
        cases: name of a case to its documents, texts, or `embed_passages(...)` of them.
        model: encodes the statement with its query prompt and the passages with its document prompt.
        limit: most cases; all when None.

    Returns:
        Cases, most relevant first.

    Raises:
        InputError: the statement is empty, there are no cases, one has no text, or the limit is below 1.
    """
    if not statement.strip():
        raise InputError("The statement is empty; give the facts and issues of the present case.")
    if not cases:
        raise InputError("There are no cases to rank; give a mapping of names to documents.")
    if limit is not None and limit < 1:
        raise InputError(f"The limit is {limit}; give 1 or more, or None for all.")
    parts = statement_parts(statement)
    queries = encode(model, [statement, *(statement[start:end] for start, end in parts)], "query")
    ranked = []
    for name, documents in cases.items():
        passages = embed_passages(documents, model)
        cosines = queries @ passages.vectors.T
        best = cosines.argmax(1)
        support = tuple(
            Support(statement[start:end], start, end, passages.chunks[best[i]], float(cosines[i, best[i]]))
            for i, (start, end) in enumerate(parts, start=1)
        )
        score = (float(cosines[0].max()) + sum(item.score for item in support) / len(support)) / 2
        ranked.append((score, name, support))
    ranked.sort(key=lambda item: -item[0])
    return [
        RelevantCase(rank, name, score, support)
        for rank, (score, name, support) in enumerate(ranked[:limit], 1)
    ]


def statement_parts(statement: str) -> list[tuple[int, int]]:
    """Sentences of a statement without blanks around them; very short ones go with the one before."""
    parts: list[tuple[int, int]] = []
    for start, end in sentence_spans(statement):
        text = statement[start:end]
        body = text.strip()
        if not body:
            continue
        first = start + len(text) - len(text.lstrip())
        if parts and len(body) < _SHORTEST:
            parts[-1] = (parts[-1][0], first + len(body))
        else:
            parts.append((first, first + len(body)))
    return parts
