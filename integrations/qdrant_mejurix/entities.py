"""What an index with entities stores of each passage: its entities, what is said of them, and their vector.

The payload field `entities` is a list with one object for each entity; only what the text gives is there:

* `text`, `type`, `normalized`, `code`; `names`: the normalized name and its broader ones ("lumbar spine
  fracture", "fracture"), which filters look at;
* `status`, `time`, `experiencer`, `severity`, `laterality`, `polarity`, `relative`, `anchor`: see
  `mejurix_st.entities.Assertion`;
* `site`: the part of the body and the larger ones that hold it, from the name or else the nearest mention in
  the sentence;
* `date`, `date_last`: first and last day of the date that the text gives for it, and `dated_by`, where that
  date stands: "sentence", "passage" (the last one before it) or "document" (the document's first date);
* `start`, `end`: code points of the document's text; `page`.

Beside it stand `entity_types`, `date` (full dates of the passage) and `annotated`: which vocabulary did it.
"""

from __future__ import annotations

import calendar
import datetime
import hashlib
import json
import re
from bisect import bisect_right
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from qdrant_mejurix.points import SparseVector
from qdrant_mejurix.sites import find_sites, with_larger

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mejurix_st.entities import Assertion
    from mejurix_st.types import EntitySpan
    from qdrant_mejurix.store import FieldKind

_KEYWORDS = (
    "names", "normalized", "type", "code", "status", "time", "experiencer", "laterality", "polarity",
    "relative", "anchor", "site",
)  # fmt: skip
PAYLOAD_INDEXES: dict[str, FieldKind] = {
    **{f"entities[].{name}": "keyword" for name in _KEYWORDS},
    "entities[].severity": "integer",
    "entities[].date": "datetime",
    "entities[].date_last": "datetime",
    "annotated": "keyword",
}
_PROBE = "MRI: no lumbar spine fracture; left knee sprain before the accident. 요추 골절은 없고 슬관절 염좌."
_BIRTH = re.compile(r"(?:born(?: on)?|birth|d\.?o\.?b\.?|생년월일|출생)\W{0,4}$", re.IGNORECASE)
_FORM = re.compile(
    r"^(?:(?:which|what) (?:record|document|passage|note|report)s? (?:says?|shows?|states?)(?: that)? )?"
    r"(?:(?:was|were|is|are|did|does|do|has|have|had) (?:there (?:any |an? )?)?)?",
    re.IGNORECASE,
)
_RELATIVES = re.compile(
    r"\b(?:relatives?|family|mother|father|parents?|sisters?|brothers?|siblings?|daughters?|sons?|aunts?|uncles?"
    r"|grand(?:mother|father|parent)s?|nephews?|nieces?|cousins?|wife|husband|spouse)\b|가족|모친|부친|어머니|아버지|형제|자매"
    r"|누나|언니|오빠|딸|아들|조모|조부|할머니|할아버지|이모|고모|삼촌|사촌|조카|배우자|아내|남편",
    re.IGNORECASE,
)
_HEAD = 2000
"""Code points at a document's beginning in which its own date is looked for."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One passage, read: payload fields and the vector of the arm "assertions"."""

    payload: dict[str, Any]
    vector: SparseVector


class EntityReader:
    """Recognises entities and assertions with `mejurix_st.entities`; once for payload and vector."""

    @cached_property
    def fingerprint(self) -> str:
        """Changes when another vocabulary or rule would read the same text otherwise."""
        from mejurix_st.entities import default_recognizer

        seen = self.read(_PROBE, fingerprint="").payload["entities"]
        vector = self.read(_PROBE, fingerprint="").vector.indices
        content = json.dumps([default_recognizer().size, seen, vector], ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()[:12]

    def read(
        self,
        text: str,
        *,
        start: int = 0,
        page_at: Callable[[int], int] | None = None,
        document_date: str = "",
        fingerprint: str | None = None,
    ) -> Reading:
        """Entities of one passage.

        Args:
            text: the passage.
            start: its offset in the document; added to every entity's.
            page_at: page of an offset in the document; no `page` is stored without it.
            document_date: ISO date for entities to which the passage gives none; see `document_date`.
            fingerprint: stored as `annotated`; the reader's own by default.
        """
        from mejurix_st.entities import assert_spans, assertion_vector, recognize
        from mejurix_st.entities.dates import find_dates
        from mejurix_st.entities.sentences import sentence_spans

        spans = recognize(text)
        assertions = assert_spans(text, spans)
        dates = [
            d for d in find_dates(text) if _days(d[2]) and not _BIRTH.search(text, max(0, d[0] - 20), d[0])
        ]
        sentences = sentence_spans(text) if spans else []
        begins = [begin for begin, _ in sentences]
        sites = find_sites(text) if spans else []
        entities = []
        for span, assertion in zip(spans, assertions, strict=True):
            sentence = sentences[bisect_right(begins, span.start) - 1]
            entity = _entity(span, assertion)
            if site := _site(span, sites, sentence):
                entity["site"] = with_larger(site)
            entity |= _date(span, assertion, dates, sentence, document_date)
            entity |= {"start": start + span.start, "end": start + span.end}
            if page_at is not None:
                entity["page"] = page_at(start + span.start)
            entities.append(entity)
        payload: dict[str, Any] = {"annotated": self.fingerprint if fingerprint is None else fingerprint}
        payload["entities"] = entities
        if spans:
            payload["entity_types"] = sorted({span.type.value for span in spans})
        if full := sorted({iso for _, _, iso in dates if len(iso) == 10}):
            payload["date"] = full
        return Reading(payload, _sparse(assertion_vector(text, spans, assertions)))

    def query_vector(self, text: str) -> SparseVector:
        """Vector of a query for the arm "assertions"; empty when it names no entity.

        "Was a fracture excluded?" wants the records that say so: the question's own words decide, without
        their form. A query that only names a thing ("breast cancer") asserts nothing of it and asks for all
        that is said of it; one that names relatives asks about them.
        """
        from mejurix_st.entities import assert_spans, assertion_query_vector, recognize

        plain = _FORM.sub("", text).rstrip(" ?？.") or text
        spans = recognize(plain)
        said = [_asked(assertion, plain) for assertion in assert_spans(plain, spans)]
        return _sparse(assertion_query_vector(plain, spans, said))


def _asked(assertion: Assertion, query: str) -> Assertion:
    if assertion.experiencer == "patient" and _RELATIVES.search(query):
        return replace(assertion, experiencer="family")
    return assertion if assertion.cues else replace(assertion, status="hypothetical")


def document_date(text: str) -> str:
    """The first full date near a document's beginning that is no date of birth; empty when there is none."""
    from mejurix_st.entities.dates import find_dates

    for begin, _, iso in find_dates(text, 0, min(len(text), _HEAD)):
        if len(iso) == 10 and _days(iso) and not _BIRTH.search(text, max(0, begin - 20), begin):
            return iso
    return ""


def broader_names(name: str) -> list[str]:
    """A concept and the broader ones that its name tells: "lumbar fracture", "fracture".

    A name with "of" or a comma is cut there first: "wedge fracture of lumbar vertebra" is a "wedge fracture".
    """
    head = re.split(r" of |, ", name, maxsplit=1)[0]
    words = head.split(" ")
    return list(dict.fromkeys([name, *(" ".join(words[i:]) for i in range(len(words)))]))


def _sparse(vector: tuple[Sequence[int], Sequence[float]]) -> SparseVector:
    return SparseVector(list(vector[0]), list(vector[1]))


def _entity(span: EntitySpan, assertion: Assertion) -> dict[str, Any]:
    concept = span.normalized or span.text.lower()
    entity = {"text": span.text, "type": span.type.value, "normalized": concept, "code": span.code}
    entity |= {f.name: getattr(assertion, f.name) for f in fields(assertion) if f.name != "cues"}
    return {"names": broader_names(concept)} | {
        name: value for name, value in entity.items() if value not in (None, "")
    }


def _site(span: EntitySpan, sites: list[tuple[int, int, str]], sentence: tuple[int, int]) -> str:
    if own := find_sites(span.normalized or span.text):
        return own[0][2]
    near = [
        (max(span.start - stop, begin - span.end, 0), begin, site)
        for begin, stop, site in sites
        if sentence[0] <= begin < sentence[1]
    ]
    return min(near)[2] if near else ""


def _date(
    span: EntitySpan,
    assertion: Assertion,
    dates: list[tuple[int, int, str]],
    sentence: tuple[int, int],
    whole: str,
) -> dict[str, str]:
    # "before 2019-05-01" says when it was not.
    usable = [d for d in dates if not (assertion.relative and d[2] == assertion.anchor)]
    inside = [
        (max(span.start - stop, begin - span.end, 0), iso)
        for begin, stop, iso in usable
        if sentence[0] <= begin < sentence[1]
    ]
    before = [iso for begin, _, iso in usable if begin < span.start]
    if inside:
        iso, by = min(inside)[1], "sentence"
    elif before:
        iso, by = before[-1], "passage"
    else:
        iso, by = whole, "document"
    days = _days(iso) if iso else None
    return {"date": days[0], "date_last": days[1], "dated_by": by} if days else {}


def _days(iso: str) -> tuple[str, str] | None:
    """First and last day of an ISO year, month or day; None when there is no such day."""
    parts = [int(part) for part in iso.split("-")]
    year, month, day = (*parts, 0, 0)[:3]
    try:
        first = datetime.date(year, month or 1, day or 1)
    except ValueError:
        return None
    month = month or 12
    last = datetime.date(year, month, day or calendar.monthrange(year, month)[1])
    return first.isoformat(), last.isoformat()
