"""`AnswerRunnable`: answers as a link of a LangChain chain or a node of a LangGraph graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_core.runnables import Runnable

from langchain_mejurix import answers
from mejurix_st.errors import InputError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from langchain_core.callbacks import AsyncCallbackManagerForChainRun, CallbackManagerForChainRun
    from langchain_core.language_models import BaseChatModel
    from langchain_core.runnables import RunnableConfig
    from qdrant_mejurix.matter import Matter

    from langchain_mejurix.answer_types import Answer, AnswerSentence, Policy


class AnswerRunnable(Runnable[Any, Any]):
    """Takes a question, or a dictionary with "question", and gives an `Answer`.

    `stream` and `astream` give each checked sentence (`AnswerSentence`), then the `Answer`.

    In a chain::

        chain = AnswerRunnable(matter, llm) | (lambda answer: answer.text)
        chain.invoke("Was the lumbar fracture related to service?")

    In a graph::

        class State(TypedDict):
            question: str
            answer: Answer

        ask = AnswerRunnable(matter, llm)
        graph = StateGraph(State)
        graph.add_node("ask", lambda state: {"answer": ask.invoke(state)})
        graph.add_node("refer", refer_to_a_person)
        graph.add_edge(START, "ask")
        graph.add_conditional_edges("ask", lambda state: "refer" if state["answer"].declined else END)
        graph.compile().invoke({"question": "When was the fusion performed?"})
    """

    def __init__(
        self,
        matter: Matter,
        llm: BaseChatModel | None = None,
        *,
        k: int = 8,
        policy: Policy = "mark",
        filter: Any = None,
    ) -> None:
        """See `langchain_mejurix.answer` for the arguments."""
        self.matter, self.llm = matter, llm
        self._options: dict[str, Any] = {"k": k, "policy": policy, "filter": filter}

    def invoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Answer:
        """Answers a question; keyword arguments take the place of the runnable's own."""

        def run(given: Any, run_manager: CallbackManagerForChainRun, config: RunnableConfig) -> Answer:
            return answers.answer(
                question_of(given), self.matter, self.llm, config=config, **self._with(kwargs)
            )

        return self._call_with_config(run, input, config)

    async def ainvoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Answer:
        """As `invoke`, asynchronous."""

        async def run(
            given: Any, run_manager: AsyncCallbackManagerForChainRun, config: RunnableConfig
        ) -> Answer:
            return await answers.aanswer(
                question_of(given), self.matter, self.llm, config=config, **self._with(kwargs)
            )

        return await self._acall_with_config(run, input, config)

    def stream(
        self, input: Any, config: RunnableConfig | None = None, **kwargs: Any
    ) -> Iterator[AnswerSentence | Answer]:
        """Each checked sentence, then the answer."""
        yield from answers.stream(
            question_of(input), self.matter, self.llm, config=config, **self._with(kwargs)
        )

    async def astream(
        self, input: Any, config: RunnableConfig | None = None, **kwargs: Any
    ) -> AsyncIterator[AnswerSentence | Answer]:
        """As `stream`, asynchronous."""
        pieces = answers.astream(
            question_of(input), self.matter, self.llm, config=config, **self._with(kwargs)
        )
        async for piece in pieces:
            yield piece

    def _with(self, options: dict[str, Any]) -> dict[str, Any]:
        if unknown := sorted(set(options) - set(self._options)):
            raise InputError(f"Unknown option: {', '.join(unknown)}; valid: {', '.join(self._options)}.")
        return {**self._options, **options}


def question_of(value: Any) -> str:
    """The question in a runnable's input: itself, or under "question" or "input".

    Raises:
        InputError: there is none.
    """
    found = value.get("question", value.get("input")) if isinstance(value, dict) else value
    if not isinstance(found, str):
        raise InputError('The input holds no question; give a string, or {"question": "..."}.')
    return found
