"""`evaluate` and `train`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from mejurix_cli import console
from mejurix_cli.options import Dtype, Quiet


def evaluate(
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Folder for the results.")],
    model: Annotated[
        list[str] | None,
        typer.Option("--model", metavar="MODEL", help="Model folder or hub id; may be given more than once."),
    ] = None,
    part: Annotated[
        list[str] | None,
        typer.Option("--part", metavar="PART", help="Measure only this; may be given more than once."),
    ] = None,
    peers: Annotated[
        bool, typer.Option("--peers/--no-peers", help="Measure other people's models too.")
    ] = True,
    dtype: Dtype = "float32",
    quiet: Quiet = False,
) -> None:
    """Measure models beside their peers: retrieval, relations, contrasts, languages, speed."""
    with console.busy("loading", quiet=quiet):
        from mejurix_cli.opening import silence
        from mejurix_st.evaluation.peers import DEFAULT_PEERS
        from mejurix_st.evaluation.run import PARTS
        from mejurix_st.evaluation.run import evaluate as run

        silence()
    report = run(
        model or ["default"], output, peers=DEFAULT_PEERS if peers else (), parts=part or PARTS, dtype=dtype
    )
    for name, reason in report.missing.items():
        console.warn(f"not measured: {name}: {reason}")
    if not quiet:
        typer.echo(report.to_markdown())
        console.note(f"Written to {output}.")


def train(
    recipe: Annotated[
        Literal["card", "default"],
        typer.Option(help="card: as the original's model card says. default: as this package's model."),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Folder of the run.")],
    steps: Annotated[
        int | None, typer.Option(min=1, help="Stop after so many; the same command without it goes on.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Training data; MEJURIX_DATA if not given.")
    ] = None,
    base: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Encoder to start from, with the card's recipe.")
    ] = None,
    start: Annotated[
        str | None,
        typer.Option(
            metavar="DIR",
            help="Trained weights to start from, with the default recipe; `released`: those that ship.",
        ),
    ] = None,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    quiet: Quiet = False,
) -> None:
    """Train a model. The same command again continues an interrupted run."""
    from mejurix_st.errors import InputError
    from mejurix_st.evaluation.data import data_folder

    folder = data_folder() if data is None else data
    if not folder.is_dir():
        raise InputError(f"There is no data folder {folder}; give --data DIR, or set MEJURIX_DATA.")
    if base is not None and recipe == "default":
        raise InputError("The default recipe has its own base; --base goes with --recipe card.")
    if start is not None and recipe == "card":
        raise InputError("The card's recipe starts from an encoder: --start goes with --recipe default.")
    show = sys.stderr.isatty() and not quiet
    with console.busy("preparing", quiet=quiet):
        from mejurix_cli.opening import silence

        silence()
    if recipe == "card":
        from mejurix_st.training.recipe_card import CARD_BASE, train_card

        train_card(folder, output, base=base or CARD_BASE, steps=steps, device=device, show_progress=show)
    else:
        from mejurix_st._default_model import TRAINED
        from mejurix_st.training.run import train_default

        weights = TRAINED if start == "released" else Path(start) if start else None
        train_default(folder, output, until=steps, device=device, start=weights, show_progress=show)
    if not quiet:
        console.note(f"Written to {output}.")
