"""Loading models that are not there, and arguments that are not usable."""

from pathlib import Path

import pytest

from mejurix_st import hub
from mejurix_st.errors import CheckpointError, InputError, ModelNotFoundError


@pytest.mark.parametrize(
    "name", ["no-one/no-such-model", "a/b/c", "just-a-name", "./not/here", "~/not-here", "/not/here"]
)
def test_models_that_are_nowhere(name: str, tmp_path: Path):
    with pytest.raises(ModelNotFoundError, match=r"no-such-model|There is no model folder"):
        hub.load(name, cache=tmp_path)


def test_folders_that_hold_no_model(tmp_path: Path):
    with pytest.raises(ModelNotFoundError, match="There is no model folder"):
        hub.load(tmp_path / "nothing")
    (tmp_path / "file.bin").write_bytes(b"x")
    with pytest.raises(ModelNotFoundError, match="There is no model folder"):
        hub.load(tmp_path / "file.bin")
    with pytest.raises(CheckpointError, match=r"no modules\.json"):
        hub.load(tmp_path)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: hub.load(backend="tensorflow"), r'backend is "tensorflow"'),
        (lambda: hub.install(source="web"), r'source is "web"; give "auto", "package" or "hub"'),
    ],
)
def test_bad_arguments(call, message: str):
    with pytest.raises(InputError, match=message):
        call()


def test_a_hub_id_is_fetched_into_the_given_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    seen = {}
    monkeypatch.setattr("mejurix_st.checkpoint.load_model", lambda source, **options: seen.update(options))
    hub.load("someone/some-model", cache=tmp_path)
    assert seen["cache_folder"] == str(tmp_path)
