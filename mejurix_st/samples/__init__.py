"""Three fictional matters, with questions, for the demo, the notebooks and the tests.

Every person, company, clinic and record in them is invented. Statutes and regulations are real.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

_FOLDER = Path(__file__).parent
_MATTERS = ("estate-of-doyle-v-northgate-clinic", "han-v-meridian-logistics", "okafor-va-claim")


@dataclass(frozen=True, slots=True)
class Quote:
    """Where a sample matter answers a question.

    Attributes:
        document: the file's name within its matter.
        page: page number, from 1.
        quote: exact substring of that page's extracted text; a line break is one line feed.
    """

    document: str
    page: int
    quote: str


@dataclass(frozen=True, slots=True)
class SampleQuestion:
    """One question about a sample matter.

    Attributes:
        id: short unique name.
        matter: the matter that is asked, a key of `sample_matters()`.
        language: "en" or "ko", the language of the question (the documents may be in the other).
        question: the question.
        answerable: whether the matter's documents answer it.
        answer: a short statement of the answer, or of why there is none, in the question's language.
        answers: passages that support the answer, each sufficient alone; empty when not answerable.
        demo: whether the demo asks it.
    """

    id: str
    matter: str
    language: str
    question: str
    answerable: bool
    answer: str
    answers: tuple[Quote, ...]
    demo: bool = False


@dataclass(frozen=True, slots=True)
class Twin:
    """A query with a passage that answers it and a near copy that does not.

    Attributes:
        id: short unique name.
        language: "en" or "ko".
        query: what a reader looks for.
        right: the passage that meets the query.
        wrong: nearly the same words, but negated, older or newer, milder or worse, of the other side,
            or of another person.
        axis: "negation", "temporality", "severity", "laterality" or "experiencer".
    """

    id: str
    language: str
    query: str
    right: str
    wrong: str
    axis: str


def sample_matters() -> dict[str, Path]:
    """Matter name to the folder that holds its documents, and nothing else."""
    return {name: _FOLDER / name for name in _MATTERS}


def sample_questions() -> list[SampleQuestion]:
    """All questions about the sample matters, in file order."""
    questions = []
    for line in (_FOLDER / "questions.jsonl").read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        record["answers"] = tuple(Quote(**answer) for answer in record["answers"])
        questions.append(SampleQuestion(**record))
    return questions


def sample_twins() -> list[Twin]:
    """All retrieval twins, in file order."""
    lines = (_FOLDER / "twins.jsonl").read_text(encoding="utf-8").splitlines()
    return [Twin(**json.loads(line)) for line in lines]
