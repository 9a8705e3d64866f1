"""The assertions sparse vector: what is said alike scores higher than what is merely named."""

import pytest

from mejurix_st.entities import assertion_query_vector, assertion_vector


def score(query: str, passage: str) -> float:
    """Dot product, as the store takes it."""
    indices, values = assertion_query_vector(query)
    weights = dict(zip(*assertion_vector(passage), strict=True))
    return sum(value * weights.get(index, 0.0) for index, value in zip(indices, values, strict=True))


TWINS = [
    # query, right, wrong twin
    (
        "no fracture of the femur",
        "X-ray shows no fracture of the femur.",
        "X-ray shows a fracture of the femur.",
    ),
    (
        "fracture of the femur",
        "X-ray shows a fracture of the femur.",
        "X-ray shows no fracture of the femur.",
    ),
    ("severe knee pain", "He reports severe knee pain.", "He reports mild knee pain."),
    ("left hip fracture", "A left hip fracture was fixed.", "A right hip fracture was fixed."),
    ("prior stroke", "History of stroke.", "He now has an acute stroke."),
    ("family history of stroke", "Mother had a stroke.", "He had a stroke."),
    (
        "back pain before the accident",
        "Back pain predated the accident.",
        "Back pain began after the accident.",
    ),
    ("negligence was not established", "The jury found no negligence.", "The jury found negligence."),
    ("골절 소견 없음", "골절은 관찰되지 않았다.", "골절이 관찰되었다."),
    ("no fracture", "골절은 없다.", "골절이 있다."),
    ("좌측 무릎 통증", "좌측 무릎 통증을 호소한다.", "우측 무릎 통증을 호소한다."),
]


@pytest.mark.parametrize(("query", "right", "wrong"), TWINS)
def test_the_right_twin_scores_higher(query, right, wrong):
    assert score(query, right) > score(query, wrong) >= 0


def test_a_question_finds_its_concept_either_way():
    question = "Was there a lumbar disc herniation?"
    assert score(question, "There is a lumbar disc herniation.") > 0
    assert score(question, "No lumbar disc herniation.") > 0
    assert score(question, "Asthma is stable.") == 0


def test_shape_of_the_vector():
    indices, values = assertion_vector("No fracture. Severe left knee pain since the accident. " * 3)
    assert indices == sorted(set(indices))
    assert all(0 <= index < 2**32 for index in indices)
    assert all(0 < value <= 1 for value in values)
    assert len(indices) == len(values)
    assert assertion_vector("") == ([], [])


def test_hashes_are_stable():
    # frozen: a change here makes every stored index unreadable to new queries
    assert assertion_vector("No pneumonia.")[0] == EXPECTED
    assert assertion_vector("No pneumonia.") == assertion_vector("폐렴 없음.")


EXPECTED = [286780549, 2469594865, 2690536979, 3594156907, 4181377161]


CLAUSES = [
    # phenomenon, query, right, wrong twin; no entity need be recognised
    ("surgery", "shoulder operation not needed", "Surgery is unnecessary.", "Surgery is necessary."),
    ("consent", "consent given for the procedure", "She signed the form.", "She never signed the form."),
    ("payment", "Did the insurer pay?", "The carrier paid in full.", "The carrier refused to pay."),
    ("driving", "still working as a driver", "He now drives a truck.", "He formerly drove a truck."),
    ("word", "kinesiotape on the left", "Left kinesiotape.", "Right kinesiotape."),
    ("place", "inner side of the knee", "Medial swelling of the knee.", "Lateral swelling of the knee."),
    ("grade", "big embolus", "Massive embolus.", "Small embolus."),
    ("person", "sister with asthma", "Her sister has asthma.", "She has asthma."),
    ("Korean", "수술에 동의했다는 자료", "원고는 동의서에 서명하였다.", "원고는 동의서에 서명하지 않았다."),
    ("Korean side", "오른쪽 무릎", "우측 슬관절의 파열", "좌측 슬관절의 파열"),
]  # fmt: skip


@pytest.mark.parametrize(("phenomenon", "query", "right", "wrong"), CLAUSES, ids=[row[0] for row in CLAUSES])
def test_general_concepts_part_the_twins(phenomenon, query, right, wrong):
    assert score(query, right) > score(query, wrong)
    assert score(query, right) > 0


def test_a_query_counts_against_what_contradicts_it():
    assert min(assertion_query_vector("severe pain in the left knee")[1]) < 0
    assert score("pain in the left knee", "Severe pain in the left knee.") > 0
