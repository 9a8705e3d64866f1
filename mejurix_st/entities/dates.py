"""Calendar dates by rule, English and Korean, as ISO 8601 with the precision that the text gives."""

from __future__ import annotations

import re

_MONTHS = {
    name: number
    for number, names in enumerate(
        ("january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul", "august aug",
         "september sep sept", "october oct", "november nov", "december dec"), 1,
    )
    for name in names.split()
}  # fmt: skip
_MONTH = "(?:" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + r")\.?"
#: One alternative per way of writing a date; every alternative names its parts y, m, d with its own suffix.
_DATE = re.compile(
    rf"\b(?P<m1>{_MONTH})\s+(?P<d1>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<y1>\d{{4}})\b"  # May 1, 2019
    rf"|\b(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?\s+(?P<m2>{_MONTH}),?\s+(?P<y2>\d{{4}})\b"  # 12 March 2018
    r"|\b(?P<y3>(?:19|20)\d\d)[-/](?P<m3>\d{1,2})[-/](?P<d3>\d{1,2})\b"  # 2019-05-01
    r"|\b(?P<m4>\d{1,2})/(?P<d4>\d{1,2})/(?P<y4>(?:19|20)\d\d)\b"  # 05/01/2019, month first
    r"|(?<![\d/.])(?P<m9>\d{1,2})/(?P<y9>(?:19|20)\d\d)\b(?!/\d)"  # 05/2019
    r"|(?<!\d)(?P<y5>(?:19|20)\d\d)\s*년"  # 2019년 5월 1일
    r"(?:\s*(?P<m5>\d{1,2})\s*월(?:\s*(?P<d5>\d{1,2})\s*일)?)?"
    r"|(?<!\d)(?P<y6>(?:19|20)\d\d)\.\s*(?P<m6>\d{1,2})\.(?:\s*(?P<d6>\d{1,2})\.)?"  # 2019. 5. 1.
    rf"|\b(?P<m7>{_MONTH}),?\s+(?:of\s+)?(?P<y7>\d{{4}})\b"  # March 2018
    r"|\b(?P<y8>(?:19|20)\d\d)\b",  # 2018
    re.IGNORECASE,
)


def find_dates(text: str, start: int = 0, end: int | None = None) -> list[tuple[int, int, str]]:
    """Find calendar dates.

    Args:
        text: source text.
        start: code-point offset to begin at.
        end: code-point offset to stop at; the text's end when None.

    Returns:
        `(start, end, iso)` in order; iso is "2019", "2019-05" or "2019-05-01". Impossible days are left out.
    """
    return [
        found
        for match in _DATE.finditer(text, start, len(text) if end is None else end)
        if (found := _read(match))
    ]


def date_at(text: str, offset: int) -> tuple[int, int, str] | None:
    """The date that begins exactly at `offset`, if there is one."""
    match = _DATE.match(text, offset)
    return _read(match) if match else None


def _read(match: re.Match[str]) -> tuple[int, int, str] | None:
    """Turn one match into an ISO date; None when month or day cannot be."""
    form = next(name[1] for name in ("y1", "y2", "y3", "y4", "y5", "y6", "y7", "y8", "y9") if match[name])
    groups = match.groupdict()
    month_text, day = groups.get(f"m{form}"), int(groups.get(f"d{form}") or 0)
    month = 0
    if month_text:
        month = int(month_text) if month_text.isdigit() else _MONTHS[month_text.rstrip(".").lower()]
    if month > 12 or day > 31 or (month_text and month == 0):
        return None
    iso = match[f"y{form}"] + (f"-{month:02d}" if month else "") + (f"-{day:02d}" if day else "")
    return match.start(), match.end(), iso
