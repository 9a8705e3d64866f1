"""`search --entity … --status … --before …` as a user runs it."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def search(cli, indexed, tiny_folder):
    def run(*options: str):
        return cli(
            "search",
            "fracture",
            "--matter",
            "smith",
            "--store",
            indexed,
            "--model",
            tiny_folder,
            "--json",
            *options,
        )

    return run


def test_conditions_on_an_entity_choose_the_passages(search):
    def texts(outcome):
        assert outcome.code == 0, outcome.err
        return [hit["text"] for hit in json.loads(outcome.out)]

    absent = texts(search("--entity", "골절", "--status", "absent", "--site", "neck"))
    assert absent
    assert all("No fracture of the cervical spine" in text for text in absent)
    dated = texts(search("--entity", "fracture", "--status", "present", "--before", "2019-05-01"))
    assert dated
    assert all("3 March 2019" in text for text in dated)
    both = search("--entity", "fracture", "--filter", "document=진단서.txt")
    assert {hit["document"] for hit in json.loads(both.out)} == {"진단서.txt"}
    assert search("--entity", "fracture", "--after", "2030-01-01").code == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--status", "gone"], "present, absent"),
        (["--before", "last May"], "2019-05-01"),
        (["--site", "chair"], "lumbar spine"),
        (["--entity", " "], "word or phrase"),
    ],
)
def test_values_that_cannot_be_are_one_line_errors(search, options, message):
    outcome = search(*options)
    assert outcome.code == 2
    assert message in outcome.error_line
