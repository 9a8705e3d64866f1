"""Entities to look at: coloured terminal text, JSON-able dictionaries, a standalone HTML page."""

from __future__ import annotations

from dataclasses import asdict
from html import escape
from importlib import resources
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from mejurix_st.entities.assertion import PLAIN, Assertion, assert_spans
from mejurix_st.types import EntityType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mejurix_st.types import EntitySpan

#: One colour per type: dark enough for black text on it, far enough apart for the colour blind.
COLOURS = {
    EntityType.DISEASE: "#f4a6a0",
    EntityType.SYMPTOM: "#f7cf9a",
    EntityType.MEDICATION: "#a8d8b9",
    EntityType.TREATMENT: "#9ad0e5",
    EntityType.DIAGNOSIS: "#c5b9ea",
    EntityType.OUTCOME: "#d8dc8c",
    EntityType.SEVERITY: "#e3e3e3",
    EntityType.LEGAL_TERM: "#b8c7e0",
    EntityType.COMPENSATION: "#e6bfd8",
    EntityType.NONE: "#ffffff",
}


def describe(assertion: Assertion) -> str:
    """What is unusual about an assertion, in a few words; empty for present and current."""
    words = [assertion.polarity.replace("_", " ")] if assertion.polarity else []
    words += [assertion.status] if assertion.status != "present" else []
    words += [assertion.time] if assertion.time != PLAIN.time else []
    words += [assertion.experiencer] if assertion.experiencer != "patient" else []
    words += [f"severity {assertion.severity}"] if assertion.severity is not None else []
    words += [assertion.laterality] if assertion.laterality else []
    words += [f"{assertion.relative} {assertion.anchor}"] if assertion.relative else []
    return ", ".join(words)


def to_dicts(
    text: str, spans: Sequence[EntitySpan], assertions: Sequence[Assertion] | None = None
) -> list[dict[str, Any]]:
    """One dictionary per entity, of JSON types only: the span's fields, and `assertion` with its own.

    Args:
        text: source text.
        spans: entities of the text.
        assertions: one per span; decided here when None.
    """
    decided = assert_spans(text, spans) if assertions is None else assertions
    rows = []
    for span, assertion in zip(spans, decided, strict=True):
        said = asdict(assertion)
        said["cues"] = [
            {"start": start, "end": end, "text": text[start:end]} for start, end in assertion.cues
        ]
        rows.append({**asdict(span), "type": span.type.value, "assertion": said})
    return rows


def to_rich(text: str, spans: Sequence[EntitySpan], assertions: Sequence[Assertion] | None = None) -> Group:
    """A Rich renderable: the text with coloured spans, and a table of what is said of each.

    Args:
        text: source text.
        spans: entities of the text, in order.
        assertions: one per span; decided here when None.

    Returns:
        A group to give to `rich.console.Console.print`.
    """
    decided = assert_spans(text, spans) if assertions is None else assertions
    body = Text(text)
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("type", "text", "what is said", "normalised", "code"):
        table.add_column(heading)
    for span, assertion in zip(spans, decided, strict=True):
        strike = " strike" if assertion.status == "absent" else ""
        body.stylize(f"black on {COLOURS[span.type]}{strike}", span.start, span.end)
        table.add_row(
            Text(span.type.value, style=f"black on {COLOURS[span.type]}"),
            Text(span.text),
            Text(describe(assertion)),
            Text(span.normalized),
            Text(span.code),
        )
    return Group(body, Text(), table) if spans else Group(body)


def to_html(
    text: str,
    spans: Sequence[EntitySpan],
    assertions: Sequence[Assertion] | None = None,
    *,
    title: str = "Entities",
    displacy: bool | None = None,
) -> str:
    """A standalone HTML page: no script, nothing loaded from elsewhere, every part of the text escaped.

    Args:
        text: source text.
        spans: entities of the text, in order, without overlaps.
        assertions: one per span; decided here when None.
        title: title of the page.
        displacy: draw the text with spaCy's displaCy (True), with this module's own mark-up (False), or
            with displaCy where the extra `ner` is installed (None).

    Returns:
        The page.
    """
    decided = assert_spans(text, spans) if assertions is None else assertions
    labels = [
        " · ".join(filter(None, (span.type.value, describe(a))))
        for span, a in zip(spans, decided, strict=True)
    ]
    if displacy is None:
        displacy = find_spec("spacy") is not None
    body = _displacy(text, spans, labels) if displacy else _marked(text, spans, decided)
    rows = "".join(
        f'<tr><td><span class="dot" style="background:{COLOURS[span.type]}"></span>{span.type.value}</td>'
        f"<td>{escape(span.text)}</td><td>{escape(describe(said)) or 'present'}</td>"
        f"<td>{escape(span.normalized)}</td><td><code>{escape(span.code)}</code></td></tr>"
        for span, said in zip(spans, decided, strict=True)
    )
    legend = "".join(
        f'<span class="key"><span class="dot" style="background:{colour}"></span>{kind.value}</span>'
        for kind, colour in COLOURS.items()
        if kind is not EntityType.NONE
    )
    template = resources.files("mejurix_st.entities").joinpath("data", "page_template.txt").read_text("utf-8")
    return template.format(title=escape(title), legend=legend, body=body, rows=rows)


def _displacy(text: str, spans: Sequence[EntitySpan], labels: Sequence[str]) -> str:
    """The text drawn by displaCy in manual mode."""
    from spacy import displacy

    marked = [
        {"start": s.start, "end": s.end, "label": label} for s, label in zip(spans, labels, strict=True)
    ]
    colours = {label.upper(): COLOURS[span.type] for span, label in zip(spans, labels, strict=True)}
    colours |= {label: COLOURS[span.type] for span, label in zip(spans, labels, strict=True)}
    drawn = displacy.render(
        {"text": text, "ents": marked, "title": None}, style="ent", manual=True, page=False, jupyter=False,
        options={"colors": colours},
    )  # fmt: skip
    return str(drawn)


def _marked(text: str, spans: Sequence[EntitySpan], assertions: Sequence[Assertion]) -> str:
    """The text with `mark` elements; line breaks are kept by the style sheet."""
    parts, position = [], 0
    for span, assertion in zip(spans, assertions, strict=True):
        said = describe(assertion)
        parts.append(escape(text[position : span.start]))
        parts.append(
            f'<mark class="{assertion.status}" style="background:{COLOURS[span.type]}">'
            f"<span>{escape(span.text)}</span>"
            f"<small>{span.type.value}{' · ' + escape(said) if said else ''}</small></mark>"
        )
        position = span.end
    parts.append(escape(text[position:]))
    return f'<div class="entities">{"".join(parts)}</div>'
