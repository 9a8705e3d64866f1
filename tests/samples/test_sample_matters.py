"""The sample matters: every file reads, and every quote is where the question set says it is."""

from __future__ import annotations

from difflib import SequenceMatcher

import pytest

from mejurix_st.samples import sample_matters, sample_questions, sample_twins
from mejurix_st.text import read_document

pytest.importorskip("pypdfium2")
pytest.importorskip("docx")
pytest.importorskip("bs4")

QUESTIONS = sample_questions()


@pytest.fixture(scope="module")
def documents():
    return {
        matter: {path.name: read_document(path) for path in sorted(folder.iterdir())}
        for matter, folder in sample_matters().items()
    }


def test_every_matter_has_eight_to_twelve_documents(documents):
    assert len(documents) == 3
    for matter, files in documents.items():
        assert 8 <= len(files) <= 12, matter


def test_no_document_is_short_or_read_with_a_warning(documents):
    for files in documents.values():
        for document in files.values():
            assert len(document.text) > 800, document.name
            assert not document.warnings, document.name
            assert "\ufffd" not in document.text, document.name
            assert "\ufffe" not in document.text, document.name


def test_pdfs_have_pages_and_stay_small(documents):
    long = [d for files in documents.values() for d in files.values() if len(d.pages) >= 3]
    assert len(long) >= 4
    assert all(d.media_type == "application/pdf" for d in long)
    for document in long:
        assert all(document.text[page.start : page.end].strip() for page in document.pages), document.name
    for folder in sample_matters().values():
        for path in folder.glob("*.pdf"):
            assert path.stat().st_size < 150_000, path.name


def test_all_formats_and_both_languages_are_there(documents):
    suffixes = {name.rsplit(".", 1)[1] for files in documents.values() for name in files}
    assert suffixes == {"pdf", "docx", "html", "md", "txt"}
    korean = [d for files in documents.values() for d in files.values() if "진단" in d.text]
    assert len(korean) >= 5


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.id)
def test_quotes_are_on_the_stated_page(question, documents):
    assert bool(question.answers) == question.answerable
    for answer in question.answers:
        document = documents[question.matter][answer.document]
        (page,) = [page for page in document.pages if page.number == answer.page]
        assert answer.quote in document.text[page.start : page.end]


def test_question_set_is_mixed_as_promised():
    assert len(QUESTIONS) == len({q.id for q in QUESTIONS}) == 72
    assert len({q.question for q in QUESTIONS}) == 72
    assert sum(q.language == "ko" for q in QUESTIONS) >= 24
    assert sum(not q.answerable for q in QUESTIONS) == 20
    assert {q.matter for q in QUESTIONS} == set(sample_matters())
    demo = [q for q in QUESTIONS if q.demo]
    assert len(demo) == 3
    assert {q.matter for q in demo} == set(sample_matters())
    assert [q.language for q in demo].count("ko") == 1
    assert all(q.answerable for q in demo)


def test_some_questions_cross_languages(documents):
    def is_korean(text):
        return sum("가" <= character <= "힣" for character in text) > len(text) / 5

    asked_across = {"en": 0, "ko": 0}
    for question in QUESTIONS:
        languages = {is_korean(documents[question.matter][a.document].text) for a in question.answers}
        if (question.language == "en" and True in languages) or (
            question.language == "ko" and False in languages
        ):
            asked_across[question.language] += 1
    assert min(asked_across.values()) >= 4


def test_twins_are_balanced_and_near_copies():
    twins = sample_twins()
    assert len(twins) == len({t.id for t in twins}) == len({t.query for t in twins}) == 100
    assert sum(t.language == "ko" for t in twins) == 35
    for axis in ("negation", "temporality", "severity", "laterality", "experiencer"):
        assert sum(t.axis == axis for t in twins) == 20
    for twin in twins:
        assert twin.right != twin.wrong
        assert SequenceMatcher(None, twin.right, twin.wrong).ratio() >= 0.65, twin.id
