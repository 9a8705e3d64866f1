"""`answer`: what is shown as supported is in the cited text, with and without a model."""

from __future__ import annotations

import re

import pytest
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from langchain_mejurix import Answer, AnswerRunnable, aanswer, answer, stream

from mejurix_st.errors import InputError

CT = """CT LUMBAR SPINE

No acute fracture of the lumbar spine is seen. There is a right paracentral disc extrusion at L4-5.

Dr Brandt recommended a follow-up MRI within 3 months.
"""
LETTER = """SETTLEMENT LETTER

On April 12, 2024 the defendants offered $875,000. Our client does not accept the offer.
The mother of the claimant has osteoporosis.
"""
KOREAN = """수술 기록

경막 손상은 없었고 뇌척수액 누출도 없었다. 2022년 3월 14일 사고로 인한 우측 추간판 탈출증으로 판단한다.
노동능력상실률 24%로 평가한다.
"""
FILES = {"ct.txt": CT, "letter.txt": LETTER, "수술기록.txt": KOREAN}


@pytest.fixture
def case(matter, tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    matter.add(sorted(folder.iterdir()), progress=False)
    return matter


def model(reply):
    """A chat model that answers `reply`; {document} in it becomes the passage's number."""

    class Scripted(GenericFakeChatModel):
        def _generate(self, messages, *args, **kwargs):
            text = str(messages[-1].content)
            number = {name: n for n, name in re.findall(r'PASSAGE (\d+) \(document "([^"]+)"', text)}
            filled = re.sub(r"\{([^}]+)\}", lambda match: f"[{number[match[1]]}]", reply)
            self.messages = iter([AIMessage(content=filled)])
            return super()._generate(messages, *args, **kwargs)

    return Scripted(messages=iter([]))


def only(result: Answer):
    assert len(result.sentences) == 1, result
    return result.sentences[0]


TRUE = [
    "No acute fracture of the lumbar spine is seen {ct.txt}.",
    "The lumbar spine shows no fracture {ct.txt}.",
    "There is a disc extrusion on the right at L4-5 {ct.txt}.",
    "Dr Brandt recommended an MRI within three months {ct.txt}.",
    "The defendants offered $875,000 on April 12, 2024 {letter.txt}.",
    "The offer was not accepted by our client {letter.txt}.",
    "The mother of the claimant has osteoporosis {letter.txt}.",
    "경막 손상은 없었다 {수술기록.txt}.",
    "노동능력상실률은 24%로 평가하였다 {수술기록.txt}.",
]
FALSE = [
    ("An acute fracture of the lumbar spine is seen {ct.txt}.", "otherwise"),
    ("There is a left paracentral disc extrusion at L4-5 {ct.txt}.", "side"),
    ("There is a right paracentral disc extrusion at L3-4 {ct.txt}.", "l3-4|number"),
    ("Dr Brandt recommended a follow-up MRI within 6 months {ct.txt}.", "number 6"),
    ("Dr Holt recommended a follow-up MRI within 3 months {ct.txt}.", "Holt"),
    ("On April 12, 2023 the defendants offered $875,000 {letter.txt}.", "2023"),
    ("The defendants offered $975,000 {letter.txt}.", "number"),
    ("Our client does accept the offer {letter.txt}.", "negates"),
    ("The sister of the claimant has osteoporosis {letter.txt}.", "sister"),
    ("The claimant has osteoporosis {letter.txt}.", "another person"),
    ("The claimant plays the violin {letter.txt}.", "does not say"),
    ("The defendants offered $875,000 {ct.txt}.", "number|not in"),
    ("경막 손상이 있었다 {수술기록.txt}.", "otherwise|negates"),
    ("좌측 추간판 탈출증으로 판단한다 {수술기록.txt}.", "side"),
    ("노동능력상실률 42%로 평가한다 {수술기록.txt}.", "number"),
    ("The defendants offered $875,000.", "no passage is cited"),
    ("The defendants offered $875,000 [41].", "41 was not retrieved"),
    ("See https://collect.example/875000 for the offer of $875,000 {letter.txt}.", "link"),
]


@pytest.mark.parametrize("reply", TRUE)
def test_what_the_file_says_is_supported(case, reply):
    sentence = only(answer("What do the records say?", case, model(reply)))
    assert sentence.supported, sentence.reason
    (citation,) = sentence.citations
    assert FILES[citation.document][citation.start : citation.end] == citation.quote
    assert (citation.matter, citation.page_start) == ("smith-v-jones", 1)


@pytest.mark.parametrize(("reply", "reason"), FALSE)
def test_what_it_does_not_say_is_not(case, reply, reason):
    result = answer("What do the records say?", case, model(reply))
    sentence = only(result)
    assert not sentence.supported
    assert re.search(reason, sentence.reason), sentence.reason
    assert sentence.citations == ()
    assert result.declined
    assert "collect.example" not in result.text


def test_unsupported_sentences_are_marked_or_dropped(case):
    reply = "The defendants offered $875,000 {letter.txt}. The claimant plays the violin {letter.txt}."
    marked = answer("What was offered?", case, model(reply))
    dropped = answer("What was offered?", case, model(reply), policy="drop")
    assert "violin [not supported by the file]" in marked.text.replace("violin. [", "violin [")
    assert "violin" not in dropped.text
    assert [s.supported for s in marked.sentences] == [True, False]
    assert [s.supported for s in dropped.sentences] == [True]
    assert dropped.text.endswith("[1]")


@pytest.mark.parametrize(
    "reply", ["NOT_IN_FILE", "The file does not say.", "The claimant plays the violin {ct.txt}."]
)
def test_the_file_does_not_say(case, reply):
    result = answer("Does the claimant play the violin?", case, model(reply))
    assert result.declined
    assert result.text == "The file does not say."
    assert (
        answer("원고는 바이올린을 연주합니까?", case, model(reply)).text
        == "이 사건 기록에는 해당 내용이 없습니다."
    )


def test_a_bare_yes_is_not_shown(case):
    result = answer(
        "Was there a fracture?", case, model("Yes. No acute fracture of the lumbar spine is seen {ct.txt}.")
    )
    assert result.text == "No acute fracture of the lumbar spine is seen. [1]"


def test_without_a_model_sentences_of_the_file_answer(case):
    result = answer("Who recommended a follow-up MRI, and within how many months?", case)
    assert not result.declined
    best = result.sentences[0]
    assert "Dr Brandt recommended a follow-up MRI within 3 months." in best.text
    for citation in result.citations:
        assert FILES[citation.document][citation.start : citation.end] == citation.quote


@pytest.mark.parametrize(
    "question", ["Which orchestra did the violinist join?", "바이올린 연주회는 어디에서 열렸습니까?"]
)
def test_without_a_model_nothing_is_made_up(case, question):
    assert answer(question, case).declined


def test_another_matter_is_never_cited(index, case):
    other = index.matter("another-client")
    assert answer("What did the defendants offer?", other).declined
    other.add_records(["The weather was fine."], ids=["w"])
    result = answer("What did the defendants offer?", other, model("The defendants offered $875,000 [1]."))
    assert result.declined
    assert {c.matter for c in result.citations} <= {"another-client"}


async def test_async_and_streams_agree(case):
    question = "What was offered?"
    reply = "The defendants offered $875,000 {letter.txt}. The claimant plays the violin {letter.txt}."
    whole = answer(question, case, model(reply))
    assert await aanswer(question, case, model(reply)) == whole
    runnable = AnswerRunnable(case, model(reply))
    assert runnable.invoke({"question": question}) == whole
    assert await runnable.ainvoke(question) == whole
    assert await aanswer(question, case) == answer(question, case)
    for pieces in (
        list(stream(question, case, model(reply))),
        list(AnswerRunnable(case, model(reply)).stream(question)),
        [piece async for piece in AnswerRunnable(case, model(reply)).astream(question)],
    ):
        assert pieces[-1] == whole
        assert tuple(pieces[:-1]) == whole.sentences
    assert list(stream(question, case))[-1] == answer(question, case)


def test_in_a_chain(case):
    chain = AnswerRunnable(case, k=3) | (lambda result: result.text)
    assert "875,000" in chain.invoke("How much did the defendants offer on April 12, 2024?")
    assert "875,000" in chain.batch(["How much did the defendants offer on April 12, 2024?"])[0]


def test_in_a_graph(case):
    pytest.importorskip("langgraph", reason="needs langgraph")
    from typing import TypedDict

    from langgraph.graph import END, START, StateGraph

    class State(TypedDict, total=False):
        question: str
        answer: Answer
        referred: bool

    ask = AnswerRunnable(case)
    graph = StateGraph(State)
    graph.add_node("ask", lambda state: {"answer": ask.invoke(state)})
    graph.add_node("refer", lambda state: {"referred": True})
    graph.add_edge(START, "ask")
    graph.add_conditional_edges("ask", lambda state: "refer" if state["answer"].declined else END)
    compiled = graph.compile()
    assert compiled.invoke({"question": "Which orchestra did the violinist join?"})["referred"]
    assert "referred" not in compiled.invoke(
        {"question": "How much did the defendants offer on April 12, 2024?"}
    )


@pytest.mark.parametrize(
    "options", [{"k": 0}, {"k": True}, {"policy": "hide"}, {"question": " "}, {"question": None}]
)
def test_unusable_arguments_are_refused(case, options):
    options = dict(options)
    question = options.pop("question", "What?")
    with pytest.raises(InputError):
        answer(question, case, **options)
    with pytest.raises(InputError):
        AnswerRunnable(case).invoke({"query": "What?"})
    with pytest.raises(InputError):
        AnswerRunnable(case).invoke("What?", depth=3)
