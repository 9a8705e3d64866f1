"""The findings of a record laid beside the rules they bear on, both sides with page and offsets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from mejurix_st.applications.elements import Statement, record_statements, rule_elements
from mejurix_st.applications.grounds import Ground, compare
from mejurix_st.applications.passages import as_documents, encode
from mejurix_st.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mejurix_st.applications.passages import Embedder, Vectors
    from mejurix_st.types import Document

__all__ = ["CrossReference", "Ground", "Statement", "cross_reference"]

Verdict = Literal["meets", "against", "open"]
# Added to the cosine when statements are ranked: a decision counts for more than the evidence for it. Set by
# hand, small against the spread of cosines.
_FINDING = 0.03
_POOL = 8  # statements that are looked at for each that is wanted


@dataclass(frozen=True, slots=True)
class CrossReference:
    """One statement of a record beside one element of a rule.

    Attributes:
        rule: the element; `rule.lead` is the part of the rule's sentence that all its elements share.
        finding: the statement of the record.
        score: cosine of the statement with the element, averaged over the element alone and with its lead;
            [-1, 1].
        verdict: "meets" where the statement says what the rule asks for, "against" where it says the
            opposite, "open" where it is on the subject and does not decide (possible, hypothetical, of the
            past where the rule asks for the present, or no concept in common).
        grounds: what the verdict rests on; empty when open for want of a common concept.
    """

    rule: Statement
    finding: Statement
    score: float
    verdict: Verdict
    grounds: tuple[Ground, ...]


def cross_reference(
    record: Document | str | Iterable[Document | str],
    authorities: Document | str | Iterable[Document | str],
    model: Embedder,
    *,
    limit: int = 3,
    every_sentence: bool = False,
) -> list[CrossReference]:
    """Finds which statements of a record meet, or contradict, which rules.

    Rules are the sentences of the authorities whose role is "rule"; a rule with numbered elements is taken
    element by element. Statements are the record's sentences that find, report or reason and name an entity
    of the person the file is about. Cosine says which belong together; what the text says of its entities
    says whether the rule is met. Nothing here decides a case: it says where to look, and why.

    Args:
        record: documents or texts of the present matter.
        authorities: rules, precedents, decisions: documents or texts.
        model: encodes rules with its query prompt, statements with its document prompt.
        limit: most statements for each element, 1 or more.
        every_sentence: take every sentence of the authorities as a rule, whatever its role.

    Returns:
        By rule in the order of the authorities. Within a rule, statements that decide come before open ones,
        each kind by cosine.

    Raises:
        InputError: the limit is below 1, or there is no text, no rule, or no statement.
    """
    if limit < 1:
        raise InputError(f"The limit is {limit}; give 1 or more.")
    rules = rule_elements(as_documents(authorities), every_sentence=every_sentence)
    if not rules:
        raise InputError(
            "No sentence of the authorities states a rule; give documents with rules, or every_sentence=True."
        )
    statements = record_statements(as_documents(record))
    if not statements:
        raise InputError(
            "No sentence of the record says anything of an entity; give medical or legal records."
        )
    # The lead makes the element clear, and is the same for all; the element alone tells them apart.
    in_context = encode(model, [rule.in_context for rule in rules], "query")
    alone = encode(model, [" ".join(rule.text.split()) for rule in rules], "query")
    said = encode(model, [statement.in_context for statement in statements], "document")
    found: list[CrossReference] = []
    for rule, cosines in zip(rules, (in_context + alone) @ said.T / 2, strict=True):
        found.extend(_best(rule, statements, cosines, limit))
    return found


def _best(rule: Statement, statements: list[Statement], cosines: Vectors, limit: int) -> list[CrossReference]:
    """The statements that bear on one element most; grounds are looked for among the nearest only."""
    nearest = np.argsort(-cosines, kind="stable")[: _POOL * limit]
    ranked = []
    for place in nearest:
        statement, cosine = statements[place], float(cosines[place])
        grounds = compare(rule, statement)
        verdict = _verdict(grounds)
        worth = cosine + _FINDING * (statement.role == "finding")
        ranked.append((verdict == "open", -worth, CrossReference(rule, statement, cosine, verdict, grounds)))
    ranked.sort(key=lambda item: item[:2])
    return [item for *_, item in ranked[:limit]]


def _verdict(grounds: tuple[Ground, ...]) -> Verdict:
    """One ground against outweighs those that meet: the reader must see it."""
    found = {ground.verdict for ground in grounds}
    if "against" in found:
        return "against"
    return "meets" if "meets" in found else "open"
