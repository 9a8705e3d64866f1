"""Whole documents compared by their passages."""

from __future__ import annotations

import pytest

from mejurix_st.applications import document_similarity, embed_passages, shared_concepts
from mejurix_st.config import ChunkingConfig
from mejurix_st.errors import InputError

SMALL = ChunkingConfig(max_tokens=32, overlap_tokens=0, header_tokens=0)


def test_a_document_is_like_itself(encoder, knee_record):
    result = document_similarity(knee_record, knee_record, encoder)
    assert result.best == pytest.approx(1.0, abs=1e-5)
    assert result.mean == pytest.approx(1.0, abs=1e-5)


def test_order_of_the_documents_does_not_matter(encoder, knee_record, spine_record):
    one = document_similarity(knee_record, spine_record, encoder)
    other = document_similarity(spine_record, knee_record, encoder)
    assert one.best == pytest.approx(other.best, abs=1e-6)
    assert one.mean == pytest.approx(other.mean, abs=1e-6)
    assert [(p.left, p.right) for p in one.pairs] == [(p.right, p.left) for p in other.pairs]


def test_the_last_page_counts(encoder, spine_record):
    """A passage far behind the model's limit decides as much as the first page."""
    filler = "The clerk filed the papers and the parties agreed on a date. " * 120
    long = embed_passages(filler + spine_record.text, encoder, config=SMALL)
    empty = embed_passages(filler, encoder, config=SMALL)
    assert document_similarity(long, spine_record, encoder).best > 0.7
    assert document_similarity(empty, spine_record, encoder).best < 0.3


def test_pairs_explain_the_score(encoder, knee_record, spine_record):
    left = embed_passages(knee_record, encoder, config=SMALL)
    result = document_similarity(left, knee_record, encoder, pairs=9)
    assert result.pairs[0].score == pytest.approx(result.best)
    assert [p.score for p in result.pairs] == sorted((p.score for p in result.pairs), reverse=True)
    used = [p.left for p in result.pairs]
    assert len(set(used)) == len(used)
    for pair in result.pairs:
        assert knee_record.text[pair.left.start : pair.left.end] == pair.left.text


def test_near_copies_with_opposite_findings_show_a_conflict(encoder):
    result = document_similarity(
        "CT of the lumbar spine showed a fracture.", "CT of the lumbar spine showed no fracture.", encoder
    )
    assert result.best > 0.8  # words alone cannot tell
    assert [item.conflict for item in result.pairs[0].conflicts] == ["status"]


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("There is a meniscus tear.", "MRI showed a medial meniscus tear.", ["" ]),
        ("There is a meniscus tear.", "MRI showed no medial meniscus tear.", ["status"]),
        ("Fracture of the left wrist.", "Fracture of the right wrist.", ["side"]),
        ("Mild depression.", "Severe depression.", ["severity"]),
        ("추간판 탈출증이 확인됨.", "추간판 탈출증 소견 없음.", ["status"]),
        ("Mother had lung cancer.", "The patient has lung cancer.", []),
        ("Tinnitus was noted.", "The knee was stable.", []),
    ],
)  # fmt: skip
def test_what_two_texts_say_of_a_concept(left, right, expected):
    assert [item.conflict for item in shared_concepts(left, right)] == expected


def test_offsets_of_shared_concepts():
    left, right = "No sign of a lumbar fracture.", "A lumbar fracture was seen."
    (item,) = shared_concepts(left, right)
    assert left[item.left.start : item.left.end] == item.left.text
    assert right[item.right.start : item.right.end] == item.right.text


def test_refusals(encoder, knee_record):
    with pytest.raises(InputError, match="no text"):
        document_similarity(knee_record, "   ", encoder)
    with pytest.raises(InputError, match="pairs is -1"):
        document_similarity(knee_record, knee_record, encoder, pairs=-1)
    with pytest.raises(InputError, match=r"named knee\.txt"):
        embed_passages([knee_record, knee_record], encoder)
    with pytest.raises(InputError, match="Got int"):
        embed_passages([7], encoder)
