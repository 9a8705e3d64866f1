"""Shorthand: one row per phenomenon."""

from __future__ import annotations

import pytest

from mejurix_st.errors import InputError
from mejurix_st.text import expand_shorthand

ROWS = [
    (
        "medical",
        "Pt c/o LBP s/p MVA",
        "patient complains of low back pain status post motor vehicle accident",
    ),
    (
        "medical",
        "Dx: HNP. Tx: PT. Hx of HTN.",
        "diagnosis: herniated nucleus pulposus. treatment: physical therapy. history of hypertension.",
    ),
    ("medical", "Rx given; Sx resolved; Fx healed", "prescription given; symptoms resolved; fracture healed"),
    ("medical", "w/ fever, w/o SOB, w/fever", "with fever, without shortness of breath, with fever"),
    (
        "medical",
        "h/o TBI, r/o fx, f/u in 2 wks",
        "history of traumatic brain injury, rule out fracture, follow-up in 2 wks",
    ),
    ("medical", "ROM full; SLR neg.", "range of motion full; straight leg raise neg."),
    ("medical", "neg for fx", "negative for fracture"),
    ("medical", "45 yo M, 62 y/o F", "45 year-old M, 62 year-old F"),
    (
        "medical",
        "PT/INR checked. PT was 22.4. Sent to PT.",
        "prothrombin time/INR checked. prothrombin time was 22.4. Sent to physical therapy.",
    ),
    ("medical", "PTT 37, PT 34, PT pulses", "PTT 37, prothrombin time 34, posterior tibial pulses"),
    ("medical", "PT elevated at 15.9; per PT.", "prothrombin time elevated at 15.9; per physical therapy."),
    ("medical", "12 pt font", "12 pt font"),
    ("medical", "TX 75001", "TX 75001"),
    ("medical", "Jane DOE; DOE on stairs", "Jane DOE; dyspnea on exertion on stairs"),
    ("medical", "strength 2/2; anemia 2/2 bleeding", "strength 2/2; anemia secondary to bleeding"),
    ("medical", "d/c home; d/c meds", "discharge home; discontinue meds"),
    ("medical", "Lansing, MI 48901; acute MI", "Lansing, MI 48901; acute myocardial infarction"),
    ("medical", "PE: normal. r/o PE", "physical examination: normal. rule out pulmonary embolism"),
    ("medical", "mail c/o Mr. Roe", "mail c/o Mr. Roe"),
    ("medical", "L1 Fx가 관찰됨. Op. 시행함", "L1 fracture가 관찰됨. operation 시행함"),
    ("medical", "op. cit.", "op. cit."),
    ("medical", "def's atty", "def's atty"),
    ("legal", "Plf's atty deposed the def.", "plaintiff's attorney deposed the defendant."),
    ("legal", "plf v. def, SOL runs", "plaintiff v. defendant, statute of limitations runs"),
    ("legal", "def denies; def foo(): pass", "defendant denies; def foo(): pass"),
    ("legal", "plf dep. at 5; dep. on him", "plaintiff deposition at 5; dep. on him"),
    ("legal", "Depo-Provera", "Depo-Provera"),
    ("legal", "depo of Dr. Roe, MSJ filed", "deposition of Dr. Roe, motion for summary judgment filed"),
    (
        "legal",
        "IME found MMI; TTD paid",
        "independent medical examination found maximum medical improvement; temporary total disability paid",
    ),
    ("legal", "med mal, comp neg", "medical malpractice, comparative negligence"),
    ("legal", "DOL: 3/4/19; the DOL rules", "date of loss: 3/4/19; the DOL rules"),
    (
        "legal",
        "C&P exam, TDIU",
        "compensation and pension exam, total disability based on individual unemployability",
    ),
    ("legal", "PPD of 10%; PPD skin test", "permanent partial disability of 10%; PPD skin test"),
    ("legal", "Dx unknown", "Dx unknown"),
    ("both", "plf w/ Dx of PTSD", "plaintiff with diagnosis of posttraumatic stress disorder"),
    ("both", "Default, Solo, Ptosis, window/", "Default, Solo, Ptosis, window/"),
]


@pytest.mark.parametrize(("domain", "text", "wanted"), ROWS, ids=[row[1] for row in ROWS])
def test_expansion(domain, text, wanted):
    mapped = expand_shorthand(text, domain)
    assert mapped.text == wanted
    assert mapped.source == text


def test_offsets_lead_to_the_source():
    mapped = expand_shorthand("Pt s/p fall w/ L1 fx.", "medical")
    start = mapped.text.index("fracture")
    a, b = mapped.source_span(start, start + len("fracture"))
    assert mapped.source[a:b] == "fx"
    start = mapped.text.index("L1")
    assert mapped.source[slice(*mapped.source_span(start, start + 2))] == "L1"


def test_unknown_domain():
    with pytest.raises(InputError, match="medical, legal, both"):
        expand_shorthand("x", "dental")
