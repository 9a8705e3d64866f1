"""A Korean-English glossary of medical and legal terms, and parallel text over it.

The terms lie in `glossary_medical.tsv` and `glossary_legal.tsv`, the sentence frames in `glossary_frames.tsv`
and `glossary_questions.tsv`; all of it was written for this project. A frame names a kind of term in braces;
in Korean a slot may carry a particle, written in its form after a consonant: `{disease:을}` becomes `골절을`
or `치매를`. Every generator is a pure function of its seed and yields as it goes.
"""

from __future__ import annotations

import csv
import random
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from mejurix_st.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Exclude = Callable[[str], bool]

# The form after a consonant -> the form after a vowel.
PARTICLES = {
    "을": "를",
    "이": "가",
    "은": "는",
    "과": "와",
    "으로": "로",
    "이었다": "였다",
    "이다": "이다",  # the formal register keeps it whole
    "이라는": "라는",
    "이나": "나",
    "이라고": "라고",
}
# How a Latin letter or a digit at the end of a word is read aloud in Korean: True, it ends in a consonant.
_CONSONANT_ENDINGS = set("LMNR013678lmnr")
_RIEUL_ENDINGS = set("LRlr178")
_SLOT = re.compile(r"\{([a-z_]+?)(\d?)(?::([가-힣]+))?\}")
_SYNONYM_RATE = 0.3
_KNOWN_RATE = 0.8  # share of diseases with known partners, in frames that name more than the disease
SENTENCES_PER_FRAME = 120


@dataclass(frozen=True, slots=True)
class Term:
    """One concept in both languages.

    Attributes:
        en: The usual English term.
        ko: The usual professional Korean term.
        kind: disease, symptom, medication, treatment, test, anatomy, outcome, severity, legal, compensation,
            document or profession.
        role: Where the kind is not enough, the place it takes in a sentence: for legal terms party, actor,
            court, statute, event, procedure or issue; diagnosis, calculation and clinician for others.
        ko_synonyms: Other Korean names, lay or formal.
        en_synonyms: Other English names.
    """

    en: str
    ko: str
    kind: str
    role: str = ""
    ko_synonyms: tuple[str, ...] = ()
    en_synonyms: tuple[str, ...] = ()


def seeded(seed: int) -> random.Random:
    """A generator of this seed: for training text, not for secrets."""
    return random.Random(seed)


def read_table(name: str) -> list[dict[str, str]]:
    """Read a tab-separated table that lies beside this module.

    Args:
        name: File name, for example `glossary_frames.tsv`.

    Returns:
        One dict a row, by the names in the first line.
    """
    text = files(__package__).joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))


@cache
def load_glossary() -> tuple[Term, ...]:
    """All terms, medical first, in the order of the files."""
    return parse_terms("glossary_medical.tsv") + parse_terms("glossary_legal.tsv")


def parse_terms(name: str) -> tuple[Term, ...]:
    """Read terms from a table with the columns en, ko, kind, role, ko_synonyms, en_synonyms."""
    return tuple(
        Term(
            en=row["en"],
            ko=row["ko"],
            kind=row["kind"],
            role=row["role"],
            ko_synonyms=tuple(filter(None, row["ko_synonyms"].split("|"))),
            en_synonyms=tuple(filter(None, row["en_synonyms"].split("|"))),
        )
        for row in read_table(name)
    )


@cache
def terms_by_slot() -> Mapping[str, tuple[Term, ...]]:
    """Terms by slot name: the role, or where there is none the kind."""
    slots: dict[str, list[Term]] = {}
    for term in load_glossary():
        slots.setdefault(term.role or term.kind, []).append(term)
    return {slot: tuple(terms) for slot, terms in slots.items()}


def attach_particle(word: str, particle: str) -> str:
    """Attach a Korean particle in the form that the last sound of the word asks for.

    Args:
        word: Any word; a bracketed remark at its end is not heard.
        particle: The form after a consonant, a key of `PARTICLES`: 을, 이, 은, 과, 으로, 이었다, …

    Returns:
        The word with `을` or `를`, `으로` or `로` (after ㄹ too), and so on.

    Raises:
        InputError: The particle is not in the table.
    """
    if particle not in PARTICLES:
        raise InputError(f"got the particle {particle!r}; use one of {', '.join(PARTICLES)}")
    heard = re.sub(r"\s*\([^)]*\)$", "", word).rstrip("\"'.) ")
    last = heard[-1:] or " "
    if "가" <= last <= "힣":
        final = (ord(last) - ord("가")) % 28
        consonant, rieul = final != 0, final == 8
    else:
        consonant, rieul = last in _CONSONANT_ENDINGS, last in _RIEUL_ENDINGS
    if particle == "으로" and rieul:
        consonant = False
    return word + (particle if consonant else PARTICLES[particle])


def fill_frame(frame: str, values: Mapping[str, str]) -> str:
    """Fill the slots of one frame and set its first letter in upper case.

    Args:
        frame: Text with `{slot}`, `{slot2}` or, in Korean, `{slot:particle}`.
        values: Slot name with its digit, if any -> the words.

    Returns:
        The sentence.
    """

    def replace(match: re.Match[str]) -> str:
        word = values[match[1] + match[2]]
        return attach_particle(word, match[3]) if match[3] else word

    text = re.sub(r"\ba\(n\) (\w)", _article, _SLOT.sub(replace, frame))
    return text[:1].upper() + text[1:]


def _article(match: re.Match[str]) -> str:
    return ("an " if match[1].lower() in "aeiou" else "a ") + match[1]


def slots_of(frame: str) -> tuple[str, ...]:
    """The slots of a frame in order of first use, with their digits: `("symptom", "symptom2")`."""
    return tuple(dict.fromkeys(match[1] + match[2] for match in _SLOT.finditer(frame)))


def _say(term: Term, language: str, rng: random.Random) -> str:
    """One name of the term: mostly the usual one."""
    usual, others = (term.en, term.en_synonyms) if language == "en" else (term.ko, term.ko_synonyms)
    return rng.choice(others) if others and rng.random() < _SYNONYM_RATE else usual


@cache
def _partners() -> Mapping[str, Mapping[str, tuple[Term, ...]]]:
    """Disease -> its medications, treatments, symptoms, tests: a frame should name what goes together."""
    terms = {(term.en, term.kind): term for term in load_glossary()}
    kinds = ("medication", "treatment", "symptom", "test")
    return {
        row["disease"]: {
            kind: tuple(terms[name, kind] for name in row[kind + "s"].split("|")) for kind in kinds
        }
        for row in read_table("relations_data_medical.tsv")
    }


def pick_terms(slots: tuple[str, ...], rng: random.Random) -> dict[str, Term]:
    """A random term for every slot, never one in two slots, and mostly ones that go with the disease."""
    chosen: dict[str, Term] = {}
    partners: Mapping[str, tuple[Term, ...]] = {}
    for slot in sorted(slots, key=lambda name: name != "disease"):
        kind = slot.rstrip("0123456789")
        pool = partners.get(kind, ())
        if slot == "disease" and len(slots) > 1 and rng.random() < _KNOWN_RATE:
            pool = tuple(term for term in terms_by_slot()["disease"] if term.en in _partners())
        if len(pool) < 1 + any(other.startswith(kind) for other in chosen):
            pool = terms_by_slot()[kind]
        term = rng.choice(pool)
        while term in chosen.values():
            term = rng.choice(pool)
        chosen[slot] = term
        if slot == "disease":
            partners = _partners().get(term.en, {})
    return chosen


def _schedule(frames: int, per_frame: int, rng: random.Random) -> Iterator[int]:
    """Frame numbers so that every frame comes once in each round, in a new order."""
    order = list(range(frames))
    for _ in range(per_frame):
        rng.shuffle(order)
        yield from order


def term_pairs(seed: int, exclude: Exclude | None = None) -> Iterator[tuple[str, str]]:
    """English and Korean names of one concept, every combination of names once, shuffled.

    Args:
        seed: Same seed, same order.
        exclude: Drops a pair when true of either side.

    Yields:
        `(english, korean)`.
    """
    pairs = [
        (en, ko)
        for term in load_glossary()
        for en in (term.en, *term.en_synonyms)
        for ko in (term.ko, *term.ko_synonyms)
    ]
    seeded(seed).shuffle(pairs)
    yield from (pair for pair in pairs if not _dropped(pair, exclude))


def parallel_sentences(
    seed: int, exclude: Exclude | None = None, per_frame: int = SENTENCES_PER_FRAME
) -> Iterator[tuple[str, str]]:
    """Sentences that mean the same in English and Korean.

    Args:
        seed: Same seed, same stream.
        exclude: Drops a pair when true of either side.
        per_frame: How often each frame is used; fewer come out where two are equal or dropped.

    Yields:
        `(english, korean)`, never the same pair twice.
    """
    rng = seeded(seed)
    frames = [(row["en"], row["ko"]) for row in read_table("glossary_frames.tsv")]
    seen: set[tuple[str, str]] = set()
    for number in _schedule(len(frames), per_frame, rng):
        en_frame, ko_frame = frames[number]
        terms = pick_terms(slots_of(en_frame), rng)
        pair = (_render(en_frame, terms, "en", rng), _render(ko_frame, terms, "ko", rng))
        if pair not in seen and not _dropped(pair, exclude):
            seen.add(pair)
            yield pair


def query_pairs(
    seed: int, exclude: Exclude | None = None, per_frame: int = SENTENCES_PER_FRAME
) -> Iterator[tuple[str, str]]:
    """A question in one language and a sentence that answers it in the other.

    Args:
        seed: Same seed, same stream.
        exclude: Drops a pair when true of either side.
        per_frame: How often each question frame is used; the direction alternates at random.

    Yields:
        `(query, passage)`: Korean to English and English to Korean, half each.
    """
    rng = seeded(seed)
    rows = read_table("glossary_questions.tsv")
    seen: set[tuple[str, str]] = set()
    for number in _schedule(len(rows), per_frame, rng):
        row = rows[number]
        ask, answer = ("ko", "en") if rng.random() < 0.5 else ("en", "ko")
        question, reply = row[f"{ask}_question"], row[f"{answer}_answer"]
        slots = slots_of(question + reply)
        terms = pick_terms(slots, rng)
        pair = (_render(question, terms, ask, rng), _render(reply, terms, answer, rng))
        if pair not in seen and not _dropped(pair, exclude):
            seen.add(pair)
            yield pair


def _render(frame: str, terms: Mapping[str, Term], language: str, rng: random.Random) -> str:
    return fill_frame(frame, {slot: _say(term, language, rng) for slot, term in terms.items()})


def _dropped(texts: tuple[str, ...], exclude: Exclude | None) -> bool:
    return exclude is not None and any(exclude(text) for text in texts)
