"""Answers on the sample matters: right citations, questions that are declined, inventions that pass.

    python -m benchmarks.answers [--model MODEL] [--json FILE] [--failures] [--calibrate]

The questions are split in two halves by a hash of their ids. Answers without a model were fitted on the
development half and on further development questions (`data/answers_dev.jsonl`); `--calibrate` fits them again,
as is due when the embedding model changes. The test half is the one to quote. A citation counts as right when
it shares at least half of its own or of a gold quote's characters with a gold quote. The scripted chat model
has no weights: it is handed the gold quotes, copies and paraphrases them with right citations, and adds
inventions of eight kinds.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from langchain_mejurix import answer
from langchain_mejurix.extractive import parameters
from qdrant_mejurix import open_index

from benchmarks.answer_calibration import calibrate
from benchmarks.answer_gold import Gold, Tally, development_questions, half
from benchmarks.answer_scripts import longest_sentence, scripted
from mejurix_st.samples import sample_matters, sample_questions

if TYPE_CHECKING:
    from langchain_mejurix import Answer

    from mejurix_st.samples import SampleQuestion


def extractive(question: SampleQuestion, result: Answer, gold: Gold, tally: Tally) -> None:
    """Counts one answer that was made without a model."""
    part = half(question.id)
    groups = (part, f"{part} {question.language}")
    foreign = [c for c in result.citations if c.matter != question.matter]
    tally.add(groups, "extractive: citation of another matter (wanted 0)", bool(foreign))
    for citation in result.citations:
        tally.add(
            groups, "extractive: quote re-slices from the document", gold.exact(question.matter, citation)
        )
    if not question.answerable:
        tally.add(groups, "extractive: unanswerable declined", result.declined)
        return
    tally.add(groups, "extractive: answerable answered", not result.declined)
    if not result.declined:
        right = [gold.supports(question, citation) for citation in result.citations]
        tally.add(groups, "extractive: answers with a right citation", any(right))
        tally.add(groups, "extractive: answers whose first citation is right", right[0])
    tally.add(
        groups, "extractive: answerable, answered with a right citation", not result.declined and any(right)
    )


def make_encoder(name: str) -> Any:
    """The default model, or the one in a folder."""
    from mejurix_st import load

    return load(None if name == "default" else name)


def main() -> None:
    """Runs both ways of answering over all questions and prints the counts."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="default", help='"default" or a folder')
    parser.add_argument("--json", type=Path, help="also write the counts to this file")
    parser.add_argument(
        "--failures", action="store_true", help="print every sentence that was judged wrongly"
    )
    parser.add_argument(
        "--calibrate", action="store_true", help="first fit the answers without a model to this model"
    )
    arguments = parser.parse_args()
    gold, tally, failures = Gold(), Tally(), list[str]()
    questions = sample_questions()
    quotes = {q.matter: longest_sentence(q.answers[0].quote) for q in questions if q.answers}
    with (
        tempfile.TemporaryDirectory() as folder,
        open_index(Path(folder) / "store", make_encoder(arguments.model)) as index,
    ):
        for name, files in sample_matters().items():
            index.matter(name).add(sorted(files.iterdir()), progress=False)
        if arguments.calibrate:
            print("\n".join(calibrate(index, development_questions(), gold)), flush=True)
            parameters.cache_clear()
        for question in questions:
            matter = index.matter(question.matter)
            extractive(question, answer(question.question, matter), gold, tally)
            other = next(quote for name, quote in sorted(quotes.items()) if name != question.matter)
            scripted(question, matter, gold, tally, other, failures)
    print("\n".join(tally.lines()))
    if arguments.failures:
        print("\n".join(failures))
    if arguments.json:
        counts = [
            {"group": g, "measure": m, "passed": p, "total": t}
            for (g, m), (p, t) in sorted(tally.counts.items())
        ]
        arguments.json.write_text(json.dumps(counts, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
