"""The vocabulary: this project's term tables, and the surface forms that they stand for.

`data/terms_<type>.tsv` has one concept a row: English forms, Korean forms, code; the first English form is
the normalised one, so both languages meet in it. `data/sites.tsv` and `data/families.tsv` make the regular
names of injuries and complaints ("fracture of the tibia", "경골 골절") out of a body part and a head noun.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from mejurix_st.entities._forms import surface_forms
from mejurix_st.entities.cues import read_rows
from mejurix_st.types import EntityType

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: Table name → entity type. The order is the order of precedence where two types claim the same form.
TABLES = {
    "medication": EntityType.MEDICATION,
    "treatment": EntityType.TREATMENT,
    "diagnosis": EntityType.DIAGNOSIS,
    "compensation": EntityType.COMPENSATION,
    "legal_term": EntityType.LEGAL_TERM,
    "outcome": EntityType.OUTCOME,
    "severity": EntityType.SEVERITY,
    "symptom": EntityType.SYMPTOM,
    "disease": EntityType.DISEASE,
}


class Sense(NamedTuple):
    """What one surface form stands for.

    Attributes:
        type: entity type.
        normalized: preferred name, lower case.
        code: "SYSTEM:CODE" or "".
        cased: the form counts only when written in capitals (abbreviations such as "MS").
        context: words of which one must stand near, for a form with several senses; empty for the default
            sense.
    """

    type: EntityType
    normalized: str
    code: str = ""
    cased: bool = False
    context: tuple[str, ...] = ()


@dataclass(slots=True)
class Vocabulary:
    """Surface forms and their senses; `written` counts the forms in the tables, before inflection."""

    forms: dict[str, list[Sense]] = field(default_factory=dict)
    written: dict[str, int] = field(default_factory=dict)

    def add(self, form: str, sense: Sense, *, inflect: bool = True) -> None:
        """Add one surface form, with its inflections and spelling variants unless `inflect` is false.

        A form that is there already keeps its first sense; a sense with context words is added to it.
        """
        for surface in surface_forms(form) if inflect else (form,):
            senses = self.forms.setdefault(surface, [])
            if not senses or (sense.context and sense not in senses):
                senses.append(sense)

    def copy(self) -> Vocabulary:
        """A vocabulary that can be added to without changing this one."""
        return Vocabulary({form: list(senses) for form, senses in self.forms.items()}, dict(self.written))

    def add_concept(
        self, entity_type: EntityType, forms: Iterable[str], code: str = "", name: str = ""
    ) -> None:
        """Add the forms of one concept; `name` (default: the first form) becomes its normalised name."""
        names = [form for form in (form.strip() for form in forms) if form]
        if not names:
            return
        sense = Sense(entity_type, (name or names[0]).lower(), code)
        for form in names:
            self.add(form, sense)
            language = "en" if form.isascii() else "ko"
            self.written[language] = self.written.get(language, 0) + 1


def _composed() -> Iterator[tuple[EntityType, list[str], list[str]]]:
    """Names made of a body part and a head noun: type, English forms, Korean forms."""
    families = [row for row in read_rows("families.tsv") if len(row) >= 4]
    for site in read_rows("sites.tsv"):
        english, korean, classes = (site[0].split("|"), site[1].split("|"), site[2].split(","))
        for type_name, class_name, english_forms, korean_forms in (row[:4] for row in families):
            if class_name not in classes:
                continue
            yield (
                EntityType(type_name),
                [form.replace("{}", name) for form in english_forms.split("|") for name in english],
                [form.replace("{}", name) for form in korean_forms.split("|") for name in korean if name],
            )


def _abbreviations(vocabulary: Vocabulary) -> None:
    """Add abbreviations: form, type, expansion, code, context words; several rows for an ambiguous one."""
    for row in read_rows("abbreviations.tsv"):
        form, type_name, expansion, code, context = (*row, "", "")[:5]
        words = tuple(word for word in context.split("|") if word)
        cased = form.isascii() and not any(c.islower() for c in form)
        sense = Sense(EntityType(type_name), expansion.lower(), code, cased, words)
        vocabulary.add(form, sense, inflect=False)
        vocabulary.written["en"] = vocabulary.written.get("en", 0) + 1


@lru_cache(maxsize=1)
def project_vocabulary() -> Vocabulary:
    """The vocabulary of this project's own tables, without any optional package."""
    vocabulary = Vocabulary()
    _abbreviations(vocabulary)
    for table, entity_type in TABLES.items():
        for row in read_rows(f"terms_{table}.tsv"):
            english, korean, code = (*row, "", "")[:3]
            forms = english.split("|") + korean.split("|")
            vocabulary.add_concept(entity_type, forms, code.strip())
    for entity_type, english_forms, korean_forms in _composed():
        vocabulary.add_concept(entity_type, english_forms + korean_forms)
    return vocabulary
