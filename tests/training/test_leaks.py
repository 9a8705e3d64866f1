"""Training texts that repeat a development text are refused."""

import gzip
import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from mejurix_st.training.leaks import LeakCheck, development_texts, ngrams

DOCUMENT = (
    "The examiner found that the lumbar fracture had healed without any loss of height and that the "
    "remaining pain was due to an unrelated condition of the hip."
)
WORDS = st.lists(st.text("abcdefgh", min_size=1, max_size=6), min_size=1, max_size=40)


def test_a_repeated_text_is_refused_and_another_is_not():
    leaks = LeakCheck([DOCUMENT])
    assert leaks(DOCUMENT)
    assert leaks(DOCUMENT.upper().replace(" ", "\n"))  # case and white space do not hide it
    assert leaks("As stated before: " + DOCUMENT[:90])
    assert not leaks(
        "The lumbar fracture of this patient was treated in another hospital after the fall at work."
    )


def test_the_share_decides():
    words = [f"w{i}" for i in range(40)]
    leaks = LeakCheck([" ".join(words[:10])])  # 3 n-grams of 8 words
    new = [f"n{i}" for i in range(40)]
    assert leaks(" ".join(words[:10] + new[:8]))  # 3 of 11
    assert not leaks(" ".join(words[:10] + new))  # 3 of 43
    assert LeakCheck([" ".join(words[:10])], share=0.0)(" ".join(words[:10] + new))


def test_short_texts_are_compared_as_a_whole():
    leaks = LeakCheck(["Was the fracture healed?"])
    assert leaks("was the fracture healed")
    assert not leaks("was the fracture healed then")
    assert not leaks("fracture")


def test_korean():
    text = "요추 골절은 치유되었으나 통증이 남아 있어 향후 치료비를 손해로 인정한다는 감정 의견이 제출되었다"
    leaks = LeakCheck([text])
    assert leaks(text + ".")
    assert not leaks("요추 골절은 치유되었으나 감정 의견은 제출되지 않았다")


def test_nothing_known_refuses_nothing():
    assert not LeakCheck()("any text")
    assert not LeakCheck([DOCUMENT])("")
    assert not LeakCheck([DOCUMENT])(" … ")


@given(WORDS)
def test_every_text_repeats_itself(words: list[str]):
    text = " ".join(words)
    assert LeakCheck([text])(text)


@given(WORDS)
def test_number_of_ngrams(words: list[str]):
    assert len(list(ngrams(" ".join(words)))) == max(1, len(words) - 7)


def test_development_texts_reads_every_set(tmp_path: Path):
    folder = tmp_path / "retrieval"
    folder.mkdir()
    for name in ("one", "two"):
        with gzip.open(folder / f"{name}.json.gz", "wt", encoding="utf-8") as file:
            json.dump({"queries": [f"{name} 질문"], "documents": [f"{name} text", f"{name} 문서"]}, file)
    assert list(development_texts(tmp_path)) == [
        "one 질문", "one text", "one 문서", "two 질문", "two text", "two 문서",
    ]  # fmt: skip
    assert list(development_texts(tmp_path / "absent")) == []
