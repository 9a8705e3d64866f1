"""Passages: the invariants, where cuts fall, headers, overlap and pages."""

from __future__ import annotations

import re
import time
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mejurix_st.config import ChunkingConfig
from mejurix_st.errors import InputError
from mejurix_st.text import chunk_document
from mejurix_st.text.tokens import count_tokens, special_tokens_of
from mejurix_st.types import Document, Heading, Page

SENTENCES = [
    "The Veteran served from 1976 to 1979.",
    "See 38 U.S.C. § 1110 (West 2002); Pelegrini v. Principi, 18 Vet. App. 112 (2004).",
    "Dr. Roe noted a fracture at L4.",
    "환자는 2019. 3. 4. 사고로 요통을 호소하였다.",
    "수술 후 경과 양호함.",
    "cafe\u0301 na\u00efve \u200bzero\u200b width\u00a0no-break",
    "🦴👩‍⚕️ emoji, 한글 자모 ㄱㅏ and \ufb01ligature.",
    "word" * 60,
    "통" * 90,
    "a, b; c: d - e / f _ g.",
]
OPENERS = [
    "",
    "",
    "1. ",
    "2) ",
    "- ",
    "가. ",
    "HISTORY OF PRESENT ILLNESS: ",
    "# ",
    "[진단]\n",
    "FINDINGS OF FACT\n\n",
]
BREAKS = ["\n\n", "\n", "\r\n\r\n", "\r\n", "\n \t\n", "\f", " ", "\n\n\n\n", ".,"]
PARAGRAPHS = st.tuples(
    st.sampled_from(OPENERS),
    st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=8),
    st.sampled_from(BREAKS),
).map(lambda p: p[0] + " ".join(p[1]) + p[2])
TEXTS = st.lists(PARAGRAPHS | st.text(max_size=40), max_size=8).map("".join)
CONFIGS = st.builds(
    ChunkingConfig,
    max_tokens=st.integers(40, 120),
    overlap_tokens=st.integers(0, 20),
    header_tokens=st.integers(0, 16),
)


def check(document, chunks, token_offsets, config, prompt):
    text, position = document.text, 0
    special = special_tokens_of(token_offsets)
    for previous, chunk in zip([None, *chunks], chunks, strict=False):
        assert text[chunk.start : chunk.end] == chunk.text
        assert chunk.text.strip() == chunk.text != ""
        assert previous is None or (previous.start < chunk.start and previous.end < chunk.end)
        assert not text[position : chunk.start].strip(), "text between passages"
        assert chunk.tokens == count_tokens(token_offsets, [prompt + chunk.embedded_text])[0] + special
        assert chunk.tokens <= config.max_tokens
        assert (chunk.page_start, chunk.page_end) == (
            document.page_at(chunk.start),
            document.page_at(chunk.end - 1),
        )
        position = max(position, chunk.end)
    assert not text[position:].strip(), "text after the last passage"


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=TEXTS, config=CONFIGS, prompt=st.sampled_from(["", "passage: "]))
def test_invariants(text, config, prompt, token_offsets, make_document):
    cut = len(text) // 2
    pages = (Page(1, 0, cut), Page(2, cut, len(text)))
    document = make_document(text, title="Record of 환자 A", pages=pages)
    check(
        document,
        chunk_document(document, token_offsets, config, document_prompt=prompt),
        token_offsets,
        config,
        prompt,
    )


def test_a_text_without_blanks_is_cut_between_tokens(token_offsets, make_document):
    config = ChunkingConfig(64, 16, 16)
    document = make_document("통증abc" * 400)
    chunks = chunk_document(document, token_offsets, config)
    check(document, chunks, token_offsets, config, "")


def test_blank_document(make_document, simple_offsets):
    assert chunk_document(make_document(" \n\f\t\n"), simple_offsets) == []


FINDINGS = "FINDINGS OF FACT\n\n" + "\n\n".join(
    f"{i}.  The finding number {i} is that the pain of the knee number {i} did not begin in service."
    for i in range(1, 9)
)


def test_numbered_findings_stay_whole(simple_offsets, make_document):
    chunks = chunk_document(make_document(FINDINGS), simple_offsets, ChunkingConfig(70, 0, 16))
    found = [
        item for chunk in chunks for item in re.findall(r"\d\.  The finding .*? in service\.", chunk.text)
    ]
    assert len(chunks) > 2
    assert len(found) == 8
    assert all(re.match(r"FINDINGS|\d\.  ", chunk.text) for chunk in chunks)
    assert chunks[0].text.startswith("FINDINGS OF FACT\n\n1.  The"), "a heading does not stand alone"


def test_sections_are_not_mixed_when_they_are_large(simple_offsets, make_document):
    body = "The pain went on for weeks and did not get better at all. " * 6
    document = make_document(f"HISTORY: {body}\n\nPLAN: {body}", title="Note 7")
    chunks = chunk_document(document, simple_offsets, ChunkingConfig(64, 16, 16))
    assert {chunk.header for chunk in chunks} == {"Note 7 > HISTORY", "Note 7 > PLAN"}
    assert not any("HISTORY" in c.text and "PLAN" in c.text for c in chunks)
    second = next(c for c in chunks if c.header.endswith("PLAN"))
    assert second.text.startswith("PLAN:"), "no overlap from another section"


def test_small_neighbours_share_a_passage_under_their_common_path(simple_offsets, make_document):
    text = "# Exam\n\n## Chest\n\nClear.\n\n## Heart\n\nRegular.\n\n## Skin\n\nDry."
    chunks = chunk_document(make_document(text, title="Note"), simple_offsets)
    assert [(c.header, c.text) for c in chunks] == [("Note > Exam", text)]


def test_overlap_is_whole_sentences(simple_offsets, make_document):
    text = " ".join(f"Sentence number {i} has just these few words in it." for i in range(40))
    chunks = chunk_document(make_document(text), simple_offsets, ChunkingConfig(64, 24, 0))
    for before, after in pairwise(chunks):
        shared = text[after.start : before.end]
        assert re.fullmatch(r"(?:Sentence number \d+ has just these few words in it\. ?)+", shared)
        assert len(simple_offsets(shared)) <= 24


def test_no_overlap_when_none_is_asked(simple_offsets, make_document):
    text = " ".join(f"Sentence number {i} has words." for i in range(60))
    chunks = chunk_document(make_document(text), simple_offsets, ChunkingConfig(64, 0, 0))
    assert all(a.end <= b.start for a, b in pairwise(chunks))


def test_long_headers_are_trimmed_to_their_budget(simple_offsets):
    text = "Body text of the section, long enough to be something. " * 20
    headings = (Heading(0, 4, 1, "alpha " * 30), Heading(20, 24, 2, "Last heading"))
    document = Document("n", text, (Page(1, 0, len(text)),), title="Title " * 30, headings=headings)
    chunks = chunk_document(document, simple_offsets, ChunkingConfig(128, 16, 20))
    assert max(len(simple_offsets(c.header)) for c in chunks) <= 20
    assert chunks[-1].header.startswith("Title Title")
    assert chunks[-1].header.endswith("Last heading")


def test_title_is_not_repeated(simple_offsets, make_document):
    chunks = chunk_document(make_document("# Report\n\nText.", title="Report"), simple_offsets)
    assert chunks[0].header == "Report"


def test_pages_of_a_passage(simple_offsets):
    text = "First page ends in a\fsentence of the second.\fThird."
    pages = (Page(1, 0, 21), Page(2, 21, 45), Page(3, 45, len(text)))
    chunks = chunk_document(Document("n", text, pages), simple_offsets)
    assert [(c.page_start, c.page_end) for c in chunks] == [(1, 3)]


def test_a_prompt_that_leaves_no_room_is_refused(simple_offsets, make_document):
    with pytest.raises(InputError, match=r"leave .* tokens for text"):
        chunk_document(
            make_document("x"), simple_offsets, ChunkingConfig(32, 0, 16), document_prompt="a " * 20
        )


@pytest.mark.parametrize(
    "unit", ["x" * 50, "가나다", "# a\n", "A. ", "\n\n", "- \n", "함\n", ".,", "  \t", "HPI:,", "```\n"]
)
def test_long_monotonous_texts_take_linear_time(unit, simple_offsets, make_document):
    def seconds(length: int) -> float:
        text = (unit * (length // len(unit) + 1))[:length] + " end"
        begun = time.process_time()
        assert chunk_document(make_document(text), simple_offsets)[-1].text.endswith("end")
        return time.process_time() - begun

    seconds(1_000)
    # ten times the text in far less than a hundred times the time
    assert seconds(200_000) < 40 * max(seconds(20_000), 0.01)
