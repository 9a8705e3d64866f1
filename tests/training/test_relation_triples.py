"""Training triples of the ten relation types."""

import re

import pytest

from mejurix_st.errors import InputError
from mejurix_st.training.glossary import load_glossary, read_table
from mejurix_st.training.relations import (
    RELATIONS,
    diseases,
    read_outcomes,
    read_situations,
    relation_triples,
)

HANGUL = re.compile(r"[가-힣]")


def test_tables_are_large_and_known_to_the_glossary():
    terms = {(term.en, term.kind) for term in load_glossary()}
    pairs = {"medication": 0, "treatment": 0, "symptom": 0}
    for disease in diseases():
        assert (disease.name, "disease") in terms
        for kind in pairs:
            names = getattr(disease, kind + "s")
            assert all((name, kind) in terms for name in names), (disease.name, names)
            pairs[kind] += len(names)
    assert min(pairs.values()) >= 150
    assert len(diseases()) >= 60
    assert all((row["treatment"], "treatment") in terms for row in read_outcomes())
    assert all((row["disease"], "disease") in terms for row in read_table("relations_data_gradable.tsv"))


def test_legal_situations_have_three_wordings_in_both_languages():
    assert len(read_situations()) >= 40
    for row in read_situations():
        assert len(set(row["en"].split("|"))) == len(set(row["ko"].split("|"))) == 3


@pytest.mark.parametrize("language", ["en", "ko"])
def test_triples_of_every_relation(language):
    triples = list(relation_triples(0, language, limit=2000))
    assert len(set(triples)) == 2000
    assert {t.relation for t in triples} == set(RELATIONS)
    for t in triples:
        texts = (t.anchor, t.positive, t.negative)
        assert len(set(texts)) == 3
        assert not re.search(r"[{}|]", " ".join(texts)), t
        assert all(bool(HANGUL.search(text)) == (language == "ko") for text in texts), t


def test_the_negative_drug_is_not_one_of_the_disease():
    own = {d.name: set(d.medications) for d in diseases()}
    names = {n: t.en for t in load_glossary() for n in (t.en, *t.en_synonyms)}
    seen = 0
    for t in relation_triples(3, relations=("DISEASE_MEDICATION",), limit=600):
        disease = t.anchor.removeprefix("Problem: ").rstrip(".")
        drug = t.negative.removeprefix("Rx: ").rstrip(".")
        right = t.positive.removeprefix("Rx: ").rstrip(".")
        if disease in own and drug in names:
            seen += 1
            assert names[drug] not in own[disease]
            assert names[right] in own[disease]
    assert seen > 5


def test_grades_of_right_and_wrong_lie_apart():
    level = {row["en"]: int(row["level"]) for row in read_table("relations_data_graded.tsv")}
    triples = list(relation_triples(1, relations=("SEVERITY_PROGNOSIS", "SEVERITY_COMPENSATION"), limit=500))
    assert all(abs(level[t.positive] - level[t.negative]) >= 2 for t in triples)


def test_stream_depends_on_the_seed_alone_and_obeys_exclude():
    first, again, other = (list(relation_triples(s, limit=100)) for s in (1, 1, 2))
    assert first == again != other
    kept = list(relation_triples(1, exclude=lambda text: "operat" in text, limit=300))
    assert len(kept) == 300
    assert not any("operat" in t.anchor + t.positive + t.negative for t in kept)


def test_unknown_names_are_refused():
    with pytest.raises(InputError, match="use en or ko"):
        next(relation_triples(0, "fr"))
    with pytest.raises(InputError, match="DISEASE_MEDICATION"):
        next(relation_triples(0, relations=("LOVE",)))
