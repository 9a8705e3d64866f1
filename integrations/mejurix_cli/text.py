"""`embed`, `similarity` and `entities`."""

from __future__ import annotations

import io
import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mejurix_cli import console
from mejurix_cli.files import check_writable, write_whole
from mejurix_cli.options import AsJson, Model, Quiet

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

    from mejurix_st.entities import Recognizer


def embed(
    output: Annotated[Path, typer.Option("--output", "-o", metavar="OUT.npy", help="File to write.")],
    source: Annotated[
        str, typer.Argument(metavar="[FILE|-]", help="One text a line; - for standard input.")
    ] = "-",
    query: Annotated[
        bool, typer.Option("--query/--document", help="Embed as queries, or as documents (the default).")
    ] = False,
    model: Model = None,
    quiet: Quiet = False,
) -> None:
    """Embed texts into a NumPy file: one row a line, float32, unit length."""
    import numpy as np

    from mejurix_cli.opening import load_encoder

    texts = _lines(source)
    check_writable(output)
    encoder = load_encoder(model, quiet=quiet)
    _warn_of_length(encoder, texts, query)
    encode = encoder.encode_query if query else encoder.encode_document
    vectors = np.asarray(encode(texts, show_progress_bar=sys.stderr.isatty() and not quiet), dtype=np.float32)
    buffer = io.BytesIO()
    np.save(buffer, vectors)
    write_whole(output, buffer.getvalue())
    if not quiet:
        console.output().print(f"{output}: {vectors.shape[0]} × {vectors.shape[1]} float32", soft_wrap=True)


def _lines(source: str) -> list[str]:
    """The texts of a file or of standard input.

    Raises:
        InputError: there are none, or a line is blank: rows would not match lines.
    """
    from mejurix_st.errors import InputError
    from mejurix_st.text._decode import decode_text

    raw = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    name = "standard input" if source == "-" else source
    text, warnings = decode_text(raw, name)
    for warning in warnings:
        console.warn(warning)
    lines = text.replace("\r\n", "\n").removesuffix("\n").split("\n")
    if not text.strip():
        raise InputError(f"{name} holds no text; give one text a line.")
    if blank := [str(number) for number, line in enumerate(lines, 1) if not line.strip()]:
        shown = ", ".join(blank[:5]) + (" …" if len(blank) > 5 else "")
        raise InputError(f"{name} has blank lines ({shown}); give one text a line, so that rows match lines.")
    return lines


def _warn_of_length(encoder: SentenceTransformer, texts: list[str], query: bool) -> None:
    """Says how many texts the encoder will cut."""
    from mejurix_st.text import count_truncated, token_offsets_from

    limit = int(encoder.max_seq_length or 0)
    prompt = (encoder.prompts or {}).get("query" if query else "document") or ""
    long = count_truncated(texts, token_offsets_from(encoder.tokenizer), limit, prompt=prompt) if limit else 0
    if long:
        console.warn(
            f"{long} of {len(texts)} texts have more than {limit} tokens: their vectors stand for the "
            "beginning only. Split them, or use mejurix-st index, which cuts files to fit."
        )


def similarity(
    first: Annotated[str, typer.Argument(metavar="A", help="A text.")],
    second: Annotated[str, typer.Argument(metavar="B", help="Another text.")],
    model: Model = None,
    as_json: AsJson = False,
) -> None:
    """Cosine of two texts, both embedded as queries: 1 for the same direction."""
    from mejurix_cli.opening import load_encoder
    from mejurix_st.errors import InputError

    if not first.strip() or not second.strip():
        raise InputError("A text is empty; give two texts.")
    encoder = load_encoder(model)
    vectors = encoder.encode_query([first, second], show_progress_bar=False)
    cosine = float(encoder.similarity(vectors[:1], vectors[1:])[0, 0])
    if as_json:
        typer.echo(json.dumps({"a": first, "b": second, "similarity": cosine}, ensure_ascii=False))
    else:
        typer.echo(f"{cosine:.4f}")


class Recognizing(StrEnum):
    """What finds the entities."""

    VOCABULARY = "vocabulary"
    TRAINED = "trained"
    BOTH = "both"


def _recognizer(kind: Recognizing) -> Recognizer:
    """The trained recogniser, alone or with the vocabulary; it loads the default model."""
    from mejurix_cli.opening import load_encoder
    from mejurix_st.entities import default_recognizer
    from mejurix_st.entities.combined import CombinedRecognizer
    from mejurix_st.entities.token_head import TokenHeadRecognizer
    from mejurix_st.entities.token_states import EncoderStates

    trained = TokenHeadRecognizer(EncoderStates(load_encoder(None)))
    return CombinedRecognizer(default_recognizer(), trained) if kind is Recognizing.BOTH else trained


def entities(
    text: Annotated[str | None, typer.Argument(metavar="TEXT", help="The text itself.")] = None,
    file: Annotated[
        Path | None, typer.Option("--file", "-f", metavar="FILE", help="Read this document instead.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="OUT", help="Write a standalone HTML page.")
    ] = None,
    recognizer: Annotated[
        Recognizing,
        typer.Option(
            help="Term lists and rules; the trained head (English diseases and medicines); or both."
        ),
    ] = Recognizing.VOCABULARY,
    as_json: AsJson = False,
) -> None:
    """Find diseases, treatments, legal terms, and what the text says of each. Exit code 1: none."""
    from mejurix_st.entities import assert_spans, recognize
    from mejurix_st.entities.display import to_dicts, to_html, to_rich
    from mejurix_st.errors import InputError
    from mejurix_st.text import read_document

    if (text is None) == (file is None):
        raise InputError("Give a text, or --file FILE, and not both.")
    title = "Entities"
    if file is not None:
        document = read_document(file)
        for warning in document.warnings:
            console.warn(warning)
        text, title = document.text, document.title or document.name
    source = text or ""
    if html is not None:
        check_writable(html)
    plain = recognizer is Recognizing.VOCABULARY
    spans = recognize(source) if plain else _recognizer(recognizer)([source])[0]
    said = assert_spans(source, spans)
    if html is not None:
        write_whole(html, to_html(source, spans, said, title=title))
        console.note(f"{html}: {len(spans)} entities")
    if as_json:
        typer.echo(json.dumps(to_dicts(source, spans, said), ensure_ascii=False, indent=2))
    elif spans and html is None:
        console.output().print(to_rich(source, spans, said))
    elif not spans:
        console.note("No entities found.")
    raise typer.Exit(0 if spans else 1)
