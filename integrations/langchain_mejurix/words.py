"""Content words, numbers and negation of a sentence, English and Korean, by rule."""

from __future__ import annotations

import re

_WORD = re.compile(r"[A-Za-z]+(?:['’][A-Za-z]+)?|[가-힣]+")
_STOP_TEXT = """
    a an the and or but if of in on at to for from by with without within into onto over under about as
    is are was were be been being am do does did done has have had having will would can could shall
    should may might must it its he she they them his her hers their this that these those there here
    who whom whose which what when where why how not no nor never none neither than then so such also
    any some all each both more most other own same too very just only even up down out off again
    further once i we you your my our me us him said says say yes per cent percent mr mrs ms dr
"""
_STOP = frozenset(_STOP_TEXT.split())
_STOP_KOREAN_TEXT = """
    있다 있음 있었다 있습니다 있습니까 있었습니까 없다 없음 없었다 없습니다 하였다 하였습니까
    하였음 한다 합니다 됩니까 됩니다 되었습니까 무엇 무엇입니까 어떻게 어떠합니까 어느 얼마
    얼마입니까 언제 누가 누구 왜 몇 및 또는 그리고 대한 대하여 관한 위한 따른 이다 입니다
    입니까 예 아니오 아닙니다 그 이 저 것 수 등 당시 이미 본
"""
_STOP_KOREAN = frozenset(_STOP_KOREAN_TEXT.split())
_ENDINGS = (
    "하였습니까|되었습니까|하였습니다|되었습니다|하였으며|되었으며|하였다|되었다|"
    "하였음|되었음|하고|하여|하는|하지|되지|된|한|함|됨|"
    "으로부터|로부터|에서는|에서의|으로는|으로|에서|에게|까지|부터|이라고|라고|"
    "이며|이고|입니까|입니다|이다|에는|에도|에|의|은|는|이|가|을|를|와|과|도|만|로"
)
_ENDING = re.compile(rf"(?<=[가-힣]{{2}})(?:{_ENDINGS})$")
_SUFFIX = re.compile(r"(?<=[a-z]{3})(?:ations?|ings?|ions?|ed|es|ly|al|ment|s|e|d)$")
_NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?|(?<=[A-Za-z/\-])\d+(?:\.\d+)?|\d+(?:\.\d+)?(?=[가-힣])")
_SPELLED_TEXT = (
    "2 two 둘 두;3 three 셋 세;4 four 넷 네;5 five 다섯;6 six 여섯;7 seven 일곱;8 eight 여덟;9 nine 아홉"
)
_SPELLED = {
    word: float(value)
    for value, *names in (
        entry.split() for entry in f"0 zero;{_SPELLED_TEXT};10 ten 열;11 eleven;12 twelve".split(";")
    )
    for word in names
}
_SPELLED_WORD = re.compile(r"\b(?:" + "|".join(w for w in _SPELLED if w.isascii()) + r")\b", re.IGNORECASE)
_SPELLED_KOREAN = re.compile(
    r"(?<![가-힣])(두|세|네|다섯|여섯|일곱|여덟|아홉|열)\s?(?=번|차례|명|개|회|달|시간|가지|해\b|곳)"
)
_CLAUSE = re.compile(
    r"[.;:!?]\s|[,;]\s|\n\s*\n|지만|으나|며\s|고\s"
    r"|\b(?:but|although|though|whereas|however|while|because|since)\b"
)
_NEGATOR = re.compile(
    r"\b(?:not|no|never|none|neither|nor|without|cannot|lacks?|lacking|denie[sd]|deny|denying|"
    r"refus\w+|declin\w+|absent|absence|fail\w*|unable|exclud\w+|unlikely|nothing|nobody|"
    r"free of|ruled out|rules out)\b|n['’]t\b",
    re.IGNORECASE,
)
_NEGATOR_KOREAN = re.compile(
    r"않|없|아니|아닌|아닙|못하|못한|부인|불인정|배제|부정|미시행|미확인|기각|전무|무관"
)


def stem(word: str) -> str:
    """A word's rough stem: particles and endings cut, lower case."""
    if word.isascii() or not "가" <= word[0] <= "힣":
        word = word.lower().replace("’", "'").removesuffix("'s")
        return _SUFFIX.sub("", word)
    return _ENDING.sub("", word)


def content_words(text: str) -> list[str]:
    """Stems of a text's content words, in order; numbers are not words."""
    found = []
    for match in _WORD.finditer(text):
        word = match[0]
        if word.lower().split("'")[0] in _STOP or word in _STOP_KOREAN or (word.isascii() and len(word) < 2):
            continue
        found.append(stem(word))
    return found


def covered(word: str, stems: frozenset[str] | set[str], text: str) -> bool:
    """Whether a stem occurs among `stems`, or, for Korean, most of its syllable pairs occur in `text`."""
    if word in stems:
        return True
    if "가" <= word[0] <= "힣":
        pairs = [word[i : i + 2] for i in range(len(word) - 1)]
        return bool(pairs) and sum(pair in text for pair in pairs) / len(pairs) >= 0.6
    return len(word) >= 5 and any(
        len(other) >= 5 and (other.startswith(word[:6]) and abs(len(other) - len(word)) <= 4)
        for other in stems
    )


def numbers(text: str) -> set[float]:
    """All numbers of a text, spelled-out small ones too; thousands separators do not matter."""
    found = set()
    for match in _NUMBER.finditer(text):
        digits = match[0].replace(",", "").rstrip(".")
        if digits:
            found.add(float(digits))
    found |= {_SPELLED[match[0].lower()] for match in _SPELLED_WORD.finditer(text)}
    found |= {_SPELLED[match[1]] for match in _SPELLED_KOREAN.finditer(text)}
    return found


def negations(text: str) -> int:
    """How many negating words occur."""
    return len(_NEGATOR.findall(text)) + len(_NEGATOR_KOREAN.findall(text))


def polarity(text: str) -> dict[str, set[bool]]:
    """For each content word's stem, whether it stands under a negation; both when it does once and once not.

    A negation reaches from itself to the end of its clause in English, and back to the clause's beginning in
    Korean, where it follows what it negates.
    """
    result: dict[str, set[bool]] = {}
    for clause in _CLAUSE.split(text):
        if not clause:
            continue
        english = _NEGATOR.search(clause)
        korean = max((match.end() for match in _NEGATOR_KOREAN.finditer(clause)), default=0)
        for match in _WORD.finditer(clause):
            word = match[0]
            if word.lower() in _STOP or word in _STOP_KOREAN or _NEGATOR.fullmatch(word):
                continue
            if word.isascii():
                negated = bool(english and match.start() >= english.start())
            else:
                negated = match.start() < korean
            result.setdefault(stem(word), set()).add(negated)
    return result
