"""`python -m mejurix_cli.demo`: three case files in, three cited answers out, and a wall between the files.

The output is the same on every run; what a run did is said on standard error.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.rule import Rule
from rich.text import Text

from mejurix_cli import console
from mejurix_cli.options import Model

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qdrant_mejurix import Index
    from rich.console import Console

    from mejurix_st.samples import SampleQuestion
    from mejurix_st.types import Hit

_PASSAGES = 2
_ISOLATION_LIMIT = 10


def demo(
    store: Annotated[Path, typer.Option("--store", metavar="FOLDER", help="Where the index goes.")] = Path(
        ".demo/store"
    ),
    model: Model = None,
) -> None:
    """Index three fictional case files, each its own matter, and answer three questions with citations."""
    from mejurix_cli.opening import open_case_files
    from mejurix_st.samples import sample_questions

    out = console.output()
    questions = [question for question in sample_questions() if question.demo]
    with open_case_files(str(store), model, create=True) as opened:
        _index(out, opened)
        for number, question in enumerate(questions, start=1):
            hits = opened.matter(question.matter).search(question.question, limit=_PASSAGES)
            _answer(out, number, question, hits)
        clean = _isolation(out, opened, questions[0], questions[-1].matter)
    console.note(f'Ask on: mejurix-st search "…" --matter {questions[0].matter} --store {store}')
    raise typer.Exit(0 if clean else 1)


def _index(out: Console, opened: Index) -> None:
    from mejurix_st.samples import sample_matters
    from mejurix_st.text import find_documents

    _heading(out, "Three fictional case files, each its own matter")
    for name, folder in sample_matters().items():
        matter = opened.matter(name)
        report = matter.add(find_documents(folder))
        for path, reason in report.failed:
            console.warn(f"{path}: {reason}")
        console.note(
            f"{name}: {len(report.added)} documents indexed, {len(report.skipped)} were there already"
        )
        held = matter.documents()
        out.print(
            Text.assemble(
                (f"    {name:<36}", "bold"),
                (f"{len(held):>3} documents, {sum(item.chunks for item in held):>3} passages", ""),
            )
        )  # fmt: skip
    out.print()


def _answer(out: Console, number: int, question: SampleQuestion, hits: Sequence[Hit]) -> None:
    from mejurix_cli.passages import indented, print_hits

    _heading(out, f"Question {number}, asked of {question.matter}")
    out.print(indented(out, Text(question.question, "bold"), 4), soft_wrap=True)
    print_hits(out, hits, question.question)


def _isolation(out: Console, opened: Index, question: SampleQuestion, other: str) -> bool:
    """Asks a matter's question of another matter; False if anything of the first came back."""
    _heading(out, f"Question 1 again, asked of {other}")
    own = {item.name for item in opened.matter(question.matter).documents()}
    hits = opened.matter(other).search(question.question, limit=_ISOLATION_LIMIT)
    crossed = [hit for hit in hits if hit.chunk.matter != other or hit.chunk.document in own]
    said = (
        f"{len(crossed)} passages of {question.matter} came back. This must not happen; please report it."
        if crossed
        else f"{len(hits)} passages came back, all of them {other}'s own; of {question.matter}: none."
    )
    out.print(f"    {said}", soft_wrap=True)
    return not crossed


def _heading(out: Console, title: str) -> None:
    if out.is_terminal:
        out.print(Rule(Text(title, "bold"), align="left", style="dim"))
    else:
        out.print(f"== {title}", soft_wrap=True)


if __name__ == "__main__":
    from mejurix_cli.main import run

    demo_app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    demo_app.command()(demo)
    sys.exit(run(demo_app, None, "python -m mejurix_cli.demo"))
