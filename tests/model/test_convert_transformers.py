"""`format="transformers"`: the three snippets of the original card, in processes of their own."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import torch
from torch.nn import functional
from transformers import AutoModel, AutoTokenizer

from mejurix_st.checkpoint import convert

PAIR = ["Diagnosed with L3 spinal fracture.", "Compensation is needed for lumbar injury."]

SNIPPETS = """
import json, sys
{first}
import torch
import torch.nn.functional as F
from transformers import AutoModel, AutoTokenizer, pipeline

tokenizer = AutoTokenizer.from_pretrained({folder!r}{flag})
model = AutoModel.from_pretrained({folder!r}{flag})

inputs = tokenizer({pair!r}[0], return_tensors="pt")
outputs = model(**inputs)
embedding = outputs.last_hidden_state[:, 0]

other = model(**tokenizer({pair!r}[1], return_tensors="pt")).last_hidden_state[:, 0]
similarity = F.cosine_similarity(embedding, other).item()

extractor = pipeline("feature-extraction", model={folder!r}{flag})
features = torch.tensor(extractor({pair!r}[0]))
print(json.dumps(dict(
    shape=list(embedding.shape), similarity=similarity, features=list(features.shape),
    tokens=inputs["input_ids"].shape[1], same=bool(torch.allclose(features[:, 0], embedding, atol=1e-5)),
    code=type(model).__module__, own="mejurix_st.model" in sys.modules,
)))
"""


@pytest.fixture(params=["bert", "distilbert"])
def converted(request, make_original, tmp_path):
    original = make_original(request.param)
    report = convert(original.folder, tmp_path / "out", format="transformers")
    assert report.parity_error <= 1e-6
    assert (report.entity_kept, report.format) == (True, "transformers")
    return original, tmp_path / "out"


def _run(folder, first: str, flag: str, home) -> dict:
    code = SNIPPETS.format(folder=str(folder), pair=PAIR, first=first, flag=flag)
    environment = {
        "PATH": "/usr/bin:/bin",
        "HF_HUB_OFFLINE": "1",
        "HF_HOME": str(home),
        "OMP_NUM_THREADS": "1",
    }
    done = subprocess.run(  # noqa: S603 - our own snippet
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=environment,
        input="",
        cwd=home,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize(
    ("first", "flag", "code"),
    [
        ("sys.modules['mejurix_st'] = None", ", trust_remote_code=True", "transformers_modules"),
        ("import mejurix_st.model", "", "mejurix_st._transformers_format"),
    ],
    ids=["without this package, with the flag", "with this package, without a flag"],
)
def test_the_cards_snippets(converted, tmp_path, first, flag, code):
    original, folder = converted
    (tmp_path / "home").mkdir()
    seen = _run(folder, first, flag, tmp_path / "home")
    assert seen["code"].startswith(code)
    assert seen["own"] == (not flag)
    assert seen["shape"] == [1, 256]
    assert seen["features"] == [1, seen["tokens"], 256]
    assert seen["same"]
    first_vector, second_vector = original.vectors(PAIR)
    assert seen["similarity"] == pytest.approx(float(first_vector @ second_vector), abs=1e-5)


def test_every_token_is_projected_and_types_are_added(converted):
    original, folder = converted
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder)
    batch = tokenizer(PAIR, padding=True, return_tensors="pt")
    with torch.no_grad():
        plain = model(**batch)
        typed = model(**batch, entity_type_ids=torch.tensor([1, -1]))
    assert plain.last_hidden_state.shape == (2, batch["input_ids"].shape[1], 256)
    assert (plain.pooler_output - original.vectors(PAIR)).abs().max() < 1e-6
    got = functional.normalize(typed.last_hidden_state[:, 0], dim=-1)
    assert (got[0] - original.vectors(PAIR[:1], 1)[0]).abs().max() < 1e-6
    assert torch.equal(typed.last_hidden_state[1], plain.last_hidden_state[1])


def test_saved_again_it_brings_its_code(converted, tmp_path):
    _, folder = converted
    model = AutoModel.from_pretrained(folder)
    model.save_pretrained(tmp_path / "again")
    config = json.loads((tmp_path / "again" / "config.json").read_text("utf-8"))
    for reference in config["auto_map"].values():
        assert (tmp_path / "again" / f"{reference.partition('.')[0]}.py").is_file()
    batch = AutoTokenizer.from_pretrained(folder)(PAIR, padding=True, return_tensors="pt")
    with torch.no_grad():
        assert torch.equal(AutoModel.from_pretrained(tmp_path / "again")(**batch)[0], model(**batch)[0])


def test_without_an_entity_table_types_are_refused(make_original, tmp_path):
    convert(make_original("distilbert", entity=False).folder, tmp_path / "out", format="transformers")
    model = AutoModel.from_pretrained(tmp_path / "out")
    with pytest.raises(ValueError, match="no entity table"):
        model(torch.tensor([[2, 3]]), entity_type_ids=torch.tensor([1]))
