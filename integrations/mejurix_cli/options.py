"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

Store = Annotated[
    str,
    typer.Option(
        "--store", "-s", metavar="LOCATION", help="Folder of the index, or URL of a Qdrant server.",
        envvar="MEJURIX_STORE",
    ),
]  # fmt: skip
Matter = Annotated[
    str, typer.Option("--matter", "-m", metavar="NAME", help="The client's case. Nothing crosses matters.")
]
Model = Annotated[
    str | None,
    typer.Option("--model", metavar="MODEL", help="Model folder or hub id; the default model if not given."),
]
Dtype = Annotated[
    Literal["float32", "bfloat16"],
    typer.Option("--dtype", help="bfloat16: faster on processors that have it, nearly the same vectors."),
]
Entity = Annotated[
    str | None,
    typer.Option(
        "--entity", metavar="NAME",
        help="Passages that name this, by any synonym in either language: fracture, 골절. The options below "
        "say what must hold of it.",
    ),
]  # fmt: skip
Status = Annotated[
    str | None, typer.Option("--status", metavar="STATUS", help="present, absent, possible or hypothetical.")
]
Side = Annotated[
    str | None, typer.Option("--side", metavar="SIDE", help="left, right, bilateral or unilateral.")
]
Site = Annotated[
    str | None, typer.Option("--site", metavar="PART", help="Part of the body: lumbar spine, knee, 요추.")
]
Person = Annotated[
    str | None, typer.Option("--of", metavar="PERSON", help="patient, family or other: of whom it is said.")
]
Before = Annotated[
    str | None, typer.Option("--before", metavar="DATE", help="Dated before this day, as 2019-05-01.")
]
After = Annotated[str | None, typer.Option("--after", metavar="DATE", help="Dated after this day.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no summary.")]
