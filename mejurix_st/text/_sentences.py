"""Sentence boundaries of English and Korean records, by rules over offsets.

A full stop ends a sentence unless the word before it is a known abbreviation, an initial, a list marker or
part of a date. The tables hold one group per phenomenon; `tests/text/test_sentences.py` has a row for each.
"""

from __future__ import annotations

import re
from itertools import pairwise

# Never end a sentence: titles, and abbreviations that always introduce something.
_HARD_TEXT = (
    "dr mr mrs ms prof hon rev gen col capt lt sgt messrs "
    "v vs cf viz eg ie e.g i.e fig figs eq approx ca esp incl excl resp "
    "vet fed supp reg regs secs para pp eds vol subd subpt jan feb apr jun jul aug sept sep oct nov"
)
_HARD = frozenset(_HARD_TEXT.split())
# End a sentence only before a word that typically opens one.
_SOFT_TEXT = (
    "app cir ct cal etc inc co corp ltd llc jr sr st dept div dist bros assn ass'n univ hosp "
    "al art stat ed ch sec cl par mt ft mar dec min max hr hrs wk wks yr yrs lb lbs oz prn dep ext ave blvd "
    "ph.d m.d d.o r.n p.a a.m p.m u.s u.s.c u.s.c.a c.f.r f.2d f.3d s.ct d.c n.y u.k id"
)
_SOFT = frozenset(_SOFT_TEXT.split())
# Only before a number: "No. 5", "p. 12", "Ex. 3"; "He said no." ends.
_BEFORE_NUMBER_TEXT = "no nos p ex exh para doc docs pt pts rm ste nr op tr r"
_BEFORE_NUMBER = frozenset(_BEFORE_NUMBER_TEXT.split())
_STARTERS_TEXT = (
    "The This That These Those There Then Thus Therefore However Although Though While When Where Because "
    "Since He She It They We I You His Her Its Their Our My A An In On At As By For From If To With "
    "Without After Before During Upon Under Each Every All Any Both Some No Not Neither Here Moreover "
    "Further Furthermore Accordingly Additionally Also But And Or So Patient Veteran Plaintiff Defendant "
    "Claimant Appellant Dr Mr Mrs Ms See Will Denies "
)
_STARTERS = frozenset(_STARTERS_TEXT.split())
_LIST_MARKER = re.compile(
    r"(?:^|[\r\n\f]|[.:;],)[ \t,]*\(?(?:\d{1,3}|[A-Za-z]|[ivxIVX]{1,5}|[가나다라마바사아자차카타파하])$"
    r"|[다음함임]\. [가나다라마바사아자차카타파하]$"
)
_DATE = re.compile(r"(?:^|\D)(?:(?:19|20)\d{2}|['’]\d{2})((?:\s*\.\s*\d{1,2}){0,2})$")
_DATE_PART = re.compile(r"\d{1,2}\s*\.")
_WORD_BEFORE = re.compile(r"[A-Za-z][A-Za-z'’]*(?:\.[A-Za-z0-9]+)*$")
_NEXT_WORD = re.compile(r"[\"'“‘(\[]*([A-Za-z]+)")
# A terminator with closing quotes, then a blank, the end, or a comma that stands for a lost line break
# (flattened transcripts write "systems.,PLAN:,1. Rest"). Korean often has no blank after "다.".
_CANDIDATE = re.compile(
    r"[.!?…]+[\"'”’)\]」』】]*(?=\s|$|,(?=\S))"
    r"|(?<=[다함음임됨요])[.!?](?=[가-힣A-Z(「『“])"
    r"|[。！？]+[”’」』】）)]*"
    r"|(?<=[함음임됨])[ \t]*(?=\r?\n)"
    r"|:(?=,(?:\s*\d{1,2}\.|\s*[A-Z]))"
)
_SPACE = re.compile(r"[,\s]*\s|,(?=\S)|")


def sentence_ends(text: str, start: int = 0, end: int | None = None) -> list[int]:
    """Offsets at which a new sentence begins after the previous one has ended, in `text[start:end]`.

    Args:
        text: any text; line breaks of wrapped lines do not end sentences.
        start: code-point offset where to begin, inclusive.
        end: code-point offset where to stop, exclusive; the text's end by default.

    Returns:
        Rising offsets in (start, end); blanks after a sentence belong to it.
    """
    stop = len(text) if end is None else end
    cuts: list[int] = []
    for match in _CANDIDATE.finditer(text, start, stop):
        after = match.end()
        following = _SPACE.match(text, after, stop)
        begin = following.end() if following else after
        if begin >= stop:
            break
        if match.group()[:1] == "." and not _is_end(text, start, match.start(), after, begin):
            continue
        if begin > (cuts[-1] if cuts else start):
            cuts.append(begin)
    return cuts


def split_sentences(text: str) -> list[tuple[int, int]]:
    """Sentences as half-open offsets that cover the text without gap; trailing blanks belong to each.

    >>> text = "Seen by Dr. Ahn. 2019. 3. 4. 수술을 받았다. 경과 양호함."
    >>> [text[a:b].strip() for a, b in split_sentences(text)]
    ['Seen by Dr. Ahn.', '2019. 3. 4. 수술을 받았다.', '경과 양호함.']
    """
    if not text:
        return []
    edges = [0, *sentence_ends(text), len(text)]
    return list(pairwise(edges))


def _is_end(text: str, start: int, stop: int, after: int, begin: int) -> bool:
    """Whether the full stop at `stop` ends a sentence; the next word stands at `begin`."""
    if stop == start:
        return True
    previous, first = text[stop - 1], text[begin]
    if after - stop > 1 and text[stop + 1] in ".…":  # an ellipsis ends only before a capital or Hangul
        return not first.islower()
    before = text[max(start, stop - 24) : stop]
    if _LIST_MARKER.search(before):
        return False
    if previous.isdigit():
        date = _DATE.search(before)
        if date is None:
            return True
        # "2019. 3" and "2019. 3. 4" go on in Hangul; "2019" and "2019. 3" with the next part of the date
        parts = date.group(1).count(".")
        return not ((parts and "가" <= first <= "힣") or (parts < 2 and _DATE_PART.match(text, begin)))
    if not previous.isascii() or not previous.isalpha():
        return True
    word = _WORD_BEFORE.search(before)
    if word is None:
        return True
    raw = word.group()
    name = raw.lower()
    closed = after - stop > 1  # a quote or bracket follows the stop
    if name in _BEFORE_NUMBER and (first.isdigit() or first == "#"):
        return False
    if name in _HARD and not closed:
        return False
    following = _NEXT_WORD.match(text, begin)
    opens = following is not None and following.group(1) in _STARTERS
    if name in _SOFT or "." in raw or (len(raw) == 1 and raw.isupper()):
        return opens or closed or "가" <= first <= "힣"
    return True
