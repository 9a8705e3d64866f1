"""A chat model without weights, and the sentences that it is told to say: true ones and inventions."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator  # noqa: TC003  (pydantic reads the annotations)
from typing import TYPE_CHECKING, Any

from langchain_core.callbacks import CallbackManagerForLLMRun  # noqa: TC002
from langchain_core.language_models import SimpleChatModel
from langchain_core.messages import BaseMessage  # noqa: TC002
from langchain_mejurix import answer
from langchain_mejurix.prompt import read_claims

from benchmarks.answer_gold import half
from mejurix_st.entities.sentences import sentence_spans

if TYPE_CHECKING:
    from benchmarks.answer_gold import Gold, Tally
    from mejurix_st.samples import SampleQuestion

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
    if result.declined and not result.sentences:  # no sentence was looked at: none was accepted
        for kind in kinds:
            if kind.startswith("true"):
                tally.add(groups, f"scripted, {kind}: accepted", False)
            else:
                tally.add(groups, f"scripted, false ({kind}): accepted (wanted 0)", False)
                tally.add(groups, "scripted, all false sentences: accepted (wanted 0)", False)
        kinds = []
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
