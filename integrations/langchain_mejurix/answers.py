"""`answer`: a question about a matter, answered with citations that have been checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from langchain_core.runnables import run_in_executor

from langchain_mejurix.answer_types import Answer, AnswerSentence, Policy, make_answer
from langchain_mejurix.evidence import Passage, passages_of, warnings_of
from langchain_mejurix.extractive import best_sentences
from langchain_mejurix.prompt import Claim, prompt_messages, read_claims, without_links
from langchain_mejurix.support import Similarity, find_support, similarity_of
from langchain_mejurix.units import displayed
from mejurix_st.errors import InputError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from langchain_core.language_models import BaseChatModel
    from langchain_core.runnables import RunnableConfig
    from qdrant_mejurix.matter import Matter

SEARCHED = 25
"""Passages that a search brings at least; those beyond `k` only tell how rare the question's words are."""


def answer(
    question: str,
    matter: Matter,
    llm: BaseChatModel | None = None,
    *,
    k: int = 8,
    policy: Policy = "mark",
    filter: Any = None,
    config: RunnableConfig | None = None,
) -> Answer:
    """Answers from the documents of one matter.

    With a model, the model writes and every sentence is checked: the passage it cites exists, was retrieved,
    belongs to the matter, and says what the sentence says. Without one, the answer is made of the sentences
    of the file that answer best.

    Args:
        question: the question.
        matter: from `index.matter(name)`.
        llm: any LangChain chat model; None for an answer made of the file's own sentences.
        k: passages that are retrieved, 1 to 50.
        policy: "mark" unsupported sentences, or "drop" them.
        filter: narrows what is retrieved (`langchain_mejurix.conditions.as_filter`).
        config: for the model's call: callbacks, tags.

    Returns:
        The answer; `declined` when the file does not say.

    Raises:
        InputError: an argument is not usable.
        StoreError: the store cannot be read.
    """
    work = _Work(question, matter, k, policy, filter)
    if llm is None or not work.passages:
        return work.extract()
    reply = llm.invoke(prompt_messages(question, work.passages), config=config)
    return work.judge(_text(reply))


async def aanswer(
    question: str,
    matter: Matter,
    llm: BaseChatModel | None = None,
    *,
    k: int = 8,
    policy: Policy = "mark",
    filter: Any = None,
    config: RunnableConfig | None = None,
) -> Answer:
    """As `answer`, asynchronous: search and checks run in a thread, the model as it does."""
    work = await run_in_executor(None, _Work, question, matter, k, policy, filter)
    if llm is None or not work.passages:
        return await run_in_executor(None, work.extract)
    reply = await llm.ainvoke(prompt_messages(question, work.passages), config=config)
    return await run_in_executor(None, work.judge, _text(reply))


def stream(
    question: str,
    matter: Matter,
    llm: BaseChatModel | None = None,
    *,
    k: int = 8,
    policy: Policy = "mark",
    filter: Any = None,
    config: RunnableConfig | None = None,
) -> Iterator[AnswerSentence | Answer]:
    """As `answer`: each sentence as soon as it is complete and checked, and the whole `Answer` at the end."""
    work = _Work(question, matter, k, policy, filter)
    if llm is None or not work.passages:
        whole = work.extract()
        yield from whole.sentences
        yield whole
        return
    text, given = "", 0
    for piece in llm.stream(prompt_messages(question, work.passages), config=config):
        text += _text(piece)
        # The last sentence may still grow.
        for claim in read_claims(text)[given:-1]:
            given += 1
            yield from work.shown(claim)
    for claim in read_claims(text)[given:]:
        yield from work.shown(claim)
    yield work.judge(text)


async def astream(
    question: str,
    matter: Matter,
    llm: BaseChatModel | None = None,
    *,
    k: int = 8,
    policy: Policy = "mark",
    filter: Any = None,
    config: RunnableConfig | None = None,
) -> AsyncIterator[AnswerSentence | Answer]:
    """As `stream`, asynchronous."""
    work = await run_in_executor(None, _Work, question, matter, k, policy, filter)
    if llm is None or not work.passages:
        whole = await run_in_executor(None, work.extract)
        for sentence in whole.sentences:
            yield sentence
        yield whole
        return
    text, given = "", 0
    async for piece in llm.astream(prompt_messages(question, work.passages), config=config):
        text += _text(piece)
        for claim in read_claims(text)[given:-1]:
            given += 1
            for sentence in await run_in_executor(None, work.shown, claim):
                yield sentence
    for claim in read_claims(text)[given:]:
        for sentence in await run_in_executor(None, work.shown, claim):
            yield sentence
    yield await run_in_executor(None, work.judge, text)


class _Work:
    """One question: its passages, and the checks of what is said about them."""

    def __init__(self, question: str, matter: Matter, k: int, policy: Policy, condition: Any) -> None:
        if not isinstance(question, str) or not question.strip():
            raise InputError("The question is empty; ask something.")
        if policy not in get_args(Policy):
            raise InputError(f'The policy is {policy!r}; give "mark" or "drop".')
        if isinstance(k, bool) or not isinstance(k, int) or not 1 <= k <= 50:
            raise InputError(f"k is {k!r}; give a whole number from 1 to 50.")
        if not hasattr(matter, "search"):
            raise InputError(f"The matter is a {type(matter).__name__}; give index.matter(name).")
        from langchain_mejurix.conditions import as_filter

        self.question, self.matter, self.policy = question, matter, policy
        hits = matter.search(question, limit=max(k, SEARCHED), filter=as_filter(condition))
        self.passages: list[Passage] = passages_of(hits[:k], matter.name)
        self.others = [hit.chunk for hit in hits[k:] if hit.chunk.matter == matter.name]
        self.warnings = warnings_of(self.passages)
        self.similarity: Similarity = similarity_of(matter.index.encoder)
        self._checked: dict[Claim, AnswerSentence] = {}

    def extract(self) -> Answer:
        """The answer made of the file's own sentences."""
        found = best_sentences(self.question, self.passages, self.others, self.similarity)
        sentences = [
            AnswerSentence(displayed(one.window.text), (one.window.citation,), supported=True)
            for one in found
        ]
        return make_answer(self.question, self.matter.name, sentences, self.policy, self.warnings)

    def judge(self, text: str) -> Answer:
        """A model's whole answer, checked."""
        sentences = [self.check(claim) for claim in read_claims(text)]
        if self.warnings and not any(sentence.supported for sentence in sentences):
            # A document that gives orders may have silenced the model; the file's own words still speak.
            return self.extract()
        return make_answer(self.question, self.matter.name, sentences, self.policy, self.warnings)

    def shown(self, claim: Claim) -> list[AnswerSentence]:
        """The checked sentence, unless the policy drops it."""
        sentence = self.check(claim)
        return [sentence] if sentence.supported or self.policy == "mark" else []

    def check(self, claim: Claim) -> AnswerSentence:
        """One sentence, checked against the passages that it cites."""
        if claim not in self._checked:
            self._checked[claim] = self._check(claim)
        return self._checked[claim]

    def _check(self, claim: Claim) -> AnswerSentence:
        text = without_links(claim.text)
        if not claim.numbers:
            return AnswerSentence(text, (), supported=False, reason="no passage is cited")
        by_number = {passage.number: passage for passage in self.passages}
        if unknown := [number for number in claim.numbers if number not in by_number]:
            return AnswerSentence(text, (), supported=False, reason=f"passage {unknown[0]} was not retrieved")
        if text != " ".join(claim.text.split()):
            return AnswerSentence(text, (), supported=False, reason="the sentence holds a link or markup")
        cited = [by_number[number] for number in claim.numbers]
        support = find_support(text, cited, self.similarity, self.question)
        if support.window is None:
            return AnswerSentence(text, (), supported=False, reason=support.reason)
        return AnswerSentence(text, (support.window.citation,), supported=True)


def _text(message: Any) -> str:
    """The text of a chat message or a piece of one; content blocks other than text are left out."""
    content = getattr(message, "content", message)
    if isinstance(content, str):
        return content
    blocks = [block if isinstance(block, str) else block.get("text", "") for block in content]
    return "".join(block for block in blocks if isinstance(block, str))
