"""Classification into categories of one's own, and what its scores mean."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mejurix_st.applications import Category, ZeroShotClassifier
from mejurix_st.applications.calibration import fit_platt, fit_temperature
from mejurix_st.errors import InputError, MissingExtraError

IMAGING = Category(
    "imaging",
    "Imaging: MRI, CT or x-ray results.",
    ("MRI of the lumbar spine showed a bulge.", "CT showed no fracture.", "X-ray results were normal."),
)
WAGES = Category(
    "wages",
    "Lost wages and earnings.",
    ("He lost wages of $400 per week.", "Earnings fell after the accident.", "Wages were not paid in May."),
)


def test_texts_find_their_category(encoder):
    classifier = ZeroShotClassifier([IMAGING, WAGES], encoder)
    found = classifier.classify(["MRI results showed a tear.", "Her wages were lost for six weeks."])
    assert [item.labels for item in found] == [("imaging",), ("wages",)]
    for item in found:
        assert sum(item.scores.values()) == pytest.approx(1.0)
        assert next(iter(item.scores)) == item.labels[0]
        assert item.calibrated


def test_plain_names_work_and_say_that_nothing_was_fitted(encoder):
    found = ZeroShotClassifier(["MRI results", "lost wages"], encoder).classify(["The MRI results are back."])
    assert found[0].labels == ("MRI results",)
    assert not found[0].calibrated


def test_an_example_is_judged_without_itself(encoder):
    """Otherwise every example would be certain, and the scores of new texts far too high."""
    # Without itself, each example is nearer to the other category.
    first = Category("a", "alpha", ("horse stable", "wages earnings"))
    second = Category("b", "beta", ("horse stable barn", "wages earnings salary"))
    classifier = ZeroShotClassifier([first, second], encoder)
    known = classifier.similarities([*first.examples, *second.examples])
    naive = fit_temperature(known, np.array([0, 0, 1, 1]))
    assert classifier.calibration.examples == 4
    assert classifier.calibration.scale < 5 < naive.scale


def test_multi_label_gives_several_or_none(encoder):
    classifier = ZeroShotClassifier([IMAGING, WAGES], encoder, multi_label=True)
    texts = [
        "MRI showed a bulge.",
        "Wages were lost.",
        "MRI showed a bulge and wages were lost.",
        "Rain fell.",
    ] * 4
    labels = [["imaging"], ["wages"], ["imaging", "wages"], []] * 4
    classifier.fit(texts, labels)
    both, none = classifier.classify(["The MRI showed a bulge; his wages were lost.", "The clerk went home."])
    assert set(both.labels) == {"imaging", "wages"}
    assert none.labels == ()
    assert all(0 <= score <= 1 for item in (both, none) for score in item.scores.values())


def test_fitted_probabilities_match_frequencies():
    """Labels drawn from a known curve: mean predicted probability equals the share of hits."""
    rng = np.random.default_rng(3)
    similarities = rng.uniform(0, 1, (4000, 1))
    member = rng.random((4000, 1)) < 1 / (1 + np.exp(-8 * (similarities - 0.6)))
    fitted = fit_platt(similarities, member)
    found = fitted.probabilities(similarities, multi_label=True)
    for low in (0.1, 0.3, 0.5, 0.7):
        inside = (found >= low) & (found < low + 0.2)
        assert found[inside].mean() == pytest.approx(member[inside].mean(), abs=0.05)


def test_temperature_follows_the_noise():
    rng = np.random.default_rng(4)
    labels = rng.integers(0, 3, 600)
    clear = rng.normal(0, 0.02, (600, 3))
    clear[np.arange(600), labels] += 0.3
    noisy = rng.normal(0, 0.3, (600, 3))
    noisy[np.arange(600), labels] += 0.3
    assert fit_temperature(clear, labels).scale > 2 * fit_temperature(noisy, labels).scale
    sure = fit_temperature(noisy, labels).probabilities(noisy, multi_label=False)
    assert sure.max(1).mean() == pytest.approx((sure.argmax(1) == labels).mean(), abs=0.06)


def test_few_examples_do_not_end_in_certainty():
    similarities = np.array([[0.9, 0.1], [0.1, 0.9]])
    found = fit_temperature(similarities, np.array([0, 1])).probabilities(similarities, multi_label=False)
    assert np.isfinite(found).all()
    assert fit_temperature(similarities, np.array([0, 1])).scale < 60


@given(st.lists(st.lists(st.floats(-1, 1), min_size=3, max_size=3), min_size=2, max_size=6))
def test_probabilities_are_probabilities(rows):
    similarities = np.array(rows)
    labels = np.arange(len(rows)) % 3
    found = fit_temperature(similarities, labels).probabilities(similarities, multi_label=False)
    assert np.allclose(found.sum(1), 1)
    assert ((found >= 0) & (found <= 1)).all()


def test_refusals(encoder):
    with pytest.raises(InputError, match="two or more"):
        ZeroShotClassifier(["one"], encoder)
    with pytest.raises(InputError, match="named one"):
        ZeroShotClassifier(["one", "one"], encoder)
    classifier = ZeroShotClassifier([IMAGING, WAGES], encoder)
    assert classifier.classify([]) == []
    for call, match in [
        (lambda: classifier.classify(["x"], threshold=2), "threshold is 2"),
        (lambda: classifier.fit(["x"], []), "1 texts and 0 labels"),
        (lambda: classifier.fit(["x"], ["ghost"]), "Unknown label ghost"),
        (lambda: classifier.fit(["x"], [["imaging", "wages"]]), "has 2 labels"),
    ]:
        with pytest.raises(InputError, match=match):
            call()


def test_multi_label_without_scikit_learn(encoder, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.linear_model", None)
    with pytest.raises(MissingExtraError, match=r"mejurix-st\[applications\]"):
        ZeroShotClassifier([IMAGING, WAGES], encoder, multi_label=True)
