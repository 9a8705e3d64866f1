"""Refusals of `mejurix-st train`: each comes before the long work."""

import pytest


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--recipe", "default", "--base", "x"), "--base goes with --recipe card"),
        (("--recipe", "card", "--start", "released"), "--start goes with --recipe default"),
        (("--recipe", "default", "--start", "nowhere"), "nowhere does not hold a trained adapter and head"),
    ],
)
def test_options_that_do_not_fit_are_refused(cli, tmp_path, options, message):
    outcome = cli("train", *options, "--output", tmp_path / "run", "--data", tmp_path)
    assert outcome.code != 0
    assert message in outcome.err
    assert not (tmp_path / "run").exists()


def test_a_data_folder_that_is_not_there_is_named(cli, tmp_path):
    outcome = cli("train", "--recipe", "default", "--output", tmp_path / "run", "--data", tmp_path / "none")
    assert outcome.code != 0
    assert "give --data DIR, or set MEJURIX_DATA" in outcome.err
