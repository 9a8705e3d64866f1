"""Answers on the sample matters: right citations, questions that are declined, inventions that pass.

    python -m benchmarks.answers [--model MODEL] [--json FILE] [--failures]

The questions are split in two halves by a hash of their ids. Thresholds of `langchain_mejurix` were chosen on
the development half; the test half is the one to quote. A citation counts as right when it shares at least
half of its own or of a gold quote's characters with a gold quote. The scripted chat model has no weights: it
is handed the gold quotes, copies and paraphrases them with right citations, and adds inventions of eight
kinds.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator  # noqa: TC003  (pydantic reads the annotations)
from pathlib import Path
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun  # noqa: TC002
from langchain_core.language_models import SimpleChatModel
from langchain_core.messages import BaseMessage  # noqa: TC002
from langchain_mejurix import Answer, Citation, answer
from langchain_mejurix.prompt import read_claims
from qdrant_mejurix import open_index

from mejurix_st.entities.sentences import sentence_spans
from mejurix_st.samples import SampleQuestion, sample_matters, sample_questions
from mejurix_st.text import read_document

FOREIGN = {
    "en": (
        "The claimant suffered a stroke in 2011.",
        "A second surgeon recommended a spinal cord stimulator.",
        "The treating doctor admitted that the chart had been altered.",
        "The witness was intoxicated at the time.",
    ),
    "ko": (
        "환자는 2011년에 뇌졸중을 앓았습니다.",
        "다른 집도의가 척수 자극기 삽입을 권고하였습니다.",
        "담당 의사는 의무기록이 변조되었음을 인정하였습니다.",
        "증인은 당시 만취 상태였습니다.",
    ),
}
CLAIMS = {
    "en": "The record states that the answer is 42 per cent and that it was decided on 3 May 2017 [1].",
    "ko": "기록에 따르면 42퍼센트이고 2017년 5월 3일에 결정되었습니다 [1].",
}


class ScriptedModel(SimpleChatModel):
    """A chat model that answers by a function of the prompt's text."""

    script: Callable[[str], str]

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def _call(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> str:
        return self.script("\n".join(str(message.content) for message in messages))


def half(identifier: str) -> str:
    """Which half a question belongs to, for good: "development" or "test"."""
    return ("development", "test")[hashlib.sha256(identifier.encode()).digest()[0] % 2]


def shown_passages(prompt: str) -> dict[int, str]:
    """Passage number to text, as the chat model sees them."""
    fence = re.search(r'begins with "(\S+) PASSAGE"', prompt)
    assert fence
    code = re.escape(fence[1])
    found = re.findall(rf"^{code} PASSAGE (\d+) [^\n]*\n(.*?)\n{code} END$", prompt, re.DOTALL | re.MULTILINE)
    return {int(number): text for number, text in found}


def inventions(
    question: SampleQuestion, quote: str, number: int, others: list[int], foreign: str
) -> Iterator[tuple[str, str]]:
    """(kind, sentence with citation) for a true quote of passage `number`."""
    changed = re.sub(r"\d+", lambda match: str(int(match[0]) + 7), quote)
    if changed != quote:
        yield "figure changed", f"{changed} [{number}]."
    for old, new in (
        ("right", "left"),
        ("left", "right"),
        ("우측", "좌측"),
        ("좌측", "우측"),
        ("mother", "sister"),
        ("father", "brother"),
    ):
        swapped = re.sub(rf"\b{old}", new, quote, count=1)
        if swapped != quote:
            yield "side or person changed", f"{swapped} [{number}]."
            break
    if flipped := negated(quote):
        yield "negation changed", f"{flipped} [{number}]."
    language = question.language
    position = int(hashlib.sha256(question.id.encode()).hexdigest(), 16) % 4
    yield "invented", f"{FOREIGN[language][position].rstrip('.')} [{number}]."
    yield "not cited", f"{quote}."
    yield "passage that does not exist", f"{quote} [97]."
    yield "text of another matter", f"{foreign} [{number}]."
    if others:
        yield "wrong passage cited", f"{quote} [{others[-1]}]."


def longest_sentence(quote: str) -> str:
    """The longest sentence of a gold quote, without a list's number and the full stop."""
    parts = [" ".join(quote[start:end].split()) for start, end in sentence_spans(quote)]
    return re.sub(r"^\d+\.\s+", "", max(parts, key=len)).rstrip(".")


def negated(quote: str) -> str:
    """The quote with its first negation taken away, or one put in; empty where no rule fits."""
    for pattern, replacement in (
        (r"\b(?:did|does|do) not ", ""),
        (r"\b(is|was|were|has|had|are|would) not\b", r"\1"),
        (r"\b[Nn]o (?=[a-z])", "definite "),
        (r"\bnot ", ""),
        (r"없었다|없음|없었고|없다", "있었다"),
        (r"하지 않음|하지 않았다", "함"),
        (r"\b(is|was|were|are|had|has) ", r"\1 not "),
        (
            r"\b(shows|showed|records|offered|rate|apportion|accept|recommended|injured|sprained)\b",
            r"never \1",
        ),
        (r"되는 ", "되지 않는 "),
        (r"합니다", "하지 않습니다"),
        (r"(하였|되었)(음|다)\b", r"\1지 않았\2"),
    ):
        changed = re.sub(pattern, replacement, quote, count=1)
        if changed != quote:
            return changed
    return ""


class Gold:
    """Where the gold quotes stand in the documents' text."""

    def __init__(self) -> None:
        self._texts: dict[tuple[str, str], Any] = {}
        self._folders = sample_matters()

    def spans(self, question: SampleQuestion) -> list[tuple[str, int, int]]:
        """(document, start, end) of each quote."""
        found = []
        for quote in question.answers:
            key = (question.matter, quote.document)
            if key not in self._texts:
                self._texts[key] = read_document(self._folders[question.matter] / quote.document)
            document = self._texts[key]
            page = next(page for page in document.pages if page.number == quote.page)
            start = document.text.index(quote.quote, page.start)
            found.append((quote.document, start, start + len(quote.quote)))
        return found

    def supports(self, question: SampleQuestion, citation: Citation) -> bool:
        """Whether a citation shares half of itself, or of a gold quote, with a gold quote."""
        for document, start, end in self.spans(question):
            shared = min(end, citation.end) - max(start, citation.start)
            if document == citation.document and 2 * shared >= min(
                end - start, citation.end - citation.start
            ):
                return True
        return False

    def exact(self, matter: str, citation: Citation) -> bool:
        """Whether the quote is what the document holds at the citation's offsets."""
        key = (matter, citation.document)
        if key not in self._texts:
            self._texts[key] = read_document(self._folders[matter] / citation.document)
        return bool(self._texts[key].text[citation.start : citation.end] == citation.quote)


class Tally:
    """Counts by (group, measure)."""

    def __init__(self) -> None:
        self.counts: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])

    def add(self, groups: tuple[str, ...], measure: str, passed: bool) -> None:
        """One case."""
        for group in groups:
            entry = self.counts[group, measure]
            entry[0] += passed
            entry[1] += 1

    def lines(self) -> list[str]:
        """One line for each measure and group."""
        width = max(len(measure) for _, measure in self.counts)
        return [
            f"{group:18} {measure:{width}}  {passed:3d} / {total:3d}  {passed / total:6.1%}"
            for (group, measure), (passed, total) in sorted(self.counts.items())
        ]


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


def scripted(
    question: SampleQuestion, matter: Any, gold: Gold, tally: Tally, foreign: str, failures: list[str]
) -> None:
    """Lets the scripted model answer one question, and counts what passes."""
    kinds: list[str] = []

    def script(prompt: str) -> str:
        passages = {n: " ".join(text.split()) for n, text in shown_passages(prompt).items()}
        sentences: list[tuple[str, str]] = []
        for one in question.answers:
            quote = longest_sentence(one.quote)
            holders = [n for n, text in passages.items() if quote in text]
            if holders:
                sentences.append(("true: copied", f"{quote} [{holders[0]}]."))
                for start, end in sentence_spans(question.answer):
                    paraphrase = f"{question.answer[start:end].strip().rstrip('.')} [{holders[0]}]."
                    sentences.append(("true: paraphrased", paraphrase))
                others = [n for n in passages if n not in holders]
                sentences += inventions(question, quote, holders[0], others, foreign)
                break
        else:
            sentences.append(("answer to nothing", CLAIMS[question.language]))
        for kind, text in sentences:
            kinds.extend([kind] * len(read_claims(text)))
        return "\n\n".join(text for _, text in sentences)

    result = answer(question.question, matter, ScriptedModel(script=script), policy="mark")
    part = half(question.id)
    groups = (part, f"{part} {question.language}")
    assert len(kinds) == len(result.sentences)
    for kind, sentence in zip(kinds, result.sentences, strict=True):
        name = (
            f"scripted, {kind}: accepted"
            if kind.startswith("true")
            else f"scripted, false ({kind}): accepted (wanted 0)"
        )
        tally.add(groups, name, sentence.supported)
        if not kind.startswith("true"):
            tally.add(groups, "scripted, all false sentences: accepted (wanted 0)", sentence.supported)
        if sentence.supported != kind.startswith("true"):
            failures.append(
                f"{question.id} {kind}: {sentence.text} | {sentence.reason} | "
                f"{[citation.quote for citation in sentence.citations]}"
            )
        for citation in sentence.citations:
            tally.add(
                groups, "scripted: citation of another matter (wanted 0)", citation.matter != question.matter
            )
            if kind.startswith("true"):
                tally.add(groups, "scripted, true: citation is right", gold.supports(question, citation))
    if not question.answerable:
        tally.add(groups, "scripted: unanswerable declined", result.declined)


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
