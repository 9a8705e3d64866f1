"""The base encoder's SentencePiece unigram tokenizer, rebuilt for `tokenizers`, whole or pruned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mejurix_st._base_weights import BaseEncoder

SPECIAL = {"bos_token": "<s>", "pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}


def build_tokenizer(base: BaseEncoder, kept: Sequence[int] | None = None) -> Tokenizer:
    """A fast tokenizer over the kept pieces; token id = position in `kept`.

    The normaliser is SentencePiece's `nmt_nfkc` rule in `tokenizers`' own parts. The mask token, unused by an
    embedding model, is left out.

    Args:
        base: the base encoder.
        kept: positions of the pieces to keep, ascending; all when None.
    """
    kept = range(len(base.pieces)) if kept is None else kept
    vocabulary = [(base.pieces[i], float(base.scores[i])) for i in kept if base.pieces[i] != "<mask>"]
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=3, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")]
    )
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    tokenizer.add_special_tokens(list(SPECIAL.values()))
    return tokenizer
