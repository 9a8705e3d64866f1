"""Fixtures for every room: tiny encoders with a tokenizer, made once in the session, no hub."""

from __future__ import annotations

import json
import os
import string
from pathlib import Path

import pytest

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

WORDS = (
    "the a of and for is was not no with by to in on diagnosed fracture spinal lumbar compensation needed "
    "injury patient pain surgery denied evidence claim trial court severe mild "
    "골절 진단 요추 환자 통증 수술 없음 없다 손해 배상"
)
SYLLABLES = (
    "가각간갈감강개거건검게결경고골과관구그근금급기나날남내년노농다단당대도동되된될둘들등디라로료를리마만"
    "명모무문미받발방배번법병보부분비사상서석선성소손송수술시신심아악않압약양어없에여였요용우원월위유으은"
    "을음의이인일입자작장재저적전정조존증지진차처척척추치친침쾌통판평폐하한할해행허형호화확환후흉희"
)


def write_tokenizer_files(
    folder: Path, *, tokenizer_class: str = "BertTokenizer", do_lower_case: bool = True
) -> int:
    """Writes a WordPiece vocabulary with English and Korean; returns its size."""
    characters = [*string.ascii_lowercase, *string.digits, *".,;:'\"-?!()", *dict.fromkeys(SYLLABLES)]
    words = dict.fromkeys([*WORDS.split(), *characters])
    pieces = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "[MASK]",
        *words,
        *(f"##{c}" for c in characters if c.isalnum()),
    ]
    (folder / "vocab.txt").write_text("\n".join(pieces) + "\n", "utf-8")
    settings = {
        "tokenizer_class": tokenizer_class,
        "do_lower_case": do_lower_case,
        "model_max_length": 10**30,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), "utf-8")
    return len(pieces)


def make_encoder(kind: str, vocab_size: int, seed: int = 7):
    """A tiny random "bert" or "distilbert": 2 layers, width 32, 4 heads, 512 positions."""
    import torch
    from transformers import BertConfig, BertModel, DistilBertConfig, DistilBertModel

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if kind == "bert":
            model = BertModel(
                BertConfig(
                    vocab_size=vocab_size,
                    hidden_size=32,
                    num_hidden_layers=2,
                    num_attention_heads=4,
                    intermediate_size=64,
                    initializer_range=0.2,
                )
            )
        else:
            model = DistilBertModel(
                DistilBertConfig(
                    vocab_size=vocab_size, dim=32, n_layers=2, n_heads=4, hidden_dim=64, initializer_range=0.2
                )
            )
        for parameter in model.parameters():  # biases and norms too, so that a mixed-up name shows
            parameter.data += torch.randn_like(parameter) * 0.05
    return model.eval()


@pytest.fixture(scope="session")
def make_tiny_encoder(tmp_path_factory: pytest.TempPathFactory):
    """Function: kind ("bert" | "distilbert") → folder of a tiny transformers encoder with its tokenizer."""
    made: dict[str, Path] = {}

    def make(kind: str) -> Path:
        if kind not in made:
            folder = tmp_path_factory.mktemp(f"tiny-{kind}")
            name = "BertTokenizer" if kind == "bert" else "DistilBertTokenizer"
            make_encoder(kind, write_tokenizer_files(folder, tokenizer_class=name)).save_pretrained(folder)
            made[kind] = folder
        return made[kind]

    return make


@pytest.fixture(scope="session")
def tiny_bert(make_tiny_encoder) -> Path:
    """Folder of a tiny BERT encoder and tokenizer."""
    return make_tiny_encoder("bert")


@pytest.fixture(scope="session")
def tiny_distilbert(make_tiny_encoder) -> Path:
    """Folder of a tiny DistilBERT encoder and tokenizer."""
    return make_tiny_encoder("distilbert")


@pytest.fixture(scope="session")
def tiny_model(tiny_bert: Path):
    """The whole stack over the tiny BERT: 256 numbers, prompts "query: " and "passage: "."""
    from mejurix_st.config import EncoderConfig
    from mejurix_st.model import build_model

    return build_model(
        EncoderConfig(base=str(tiny_bert), query_prompt="query: ", document_prompt="passage: ")
    )
