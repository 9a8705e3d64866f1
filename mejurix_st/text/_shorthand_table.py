# One row per phenomenon:
"""Chart and legal shorthand: forms, what they stand for, and the context that ambiguous ones need.

Each row: forms (blank-separated, case as written, "_" for a blank inside), expansion, pattern that must match
just before, pattern that must match just after. The first row whose context fits wins; an empty pattern fits
everywhere.
"""

from __future__ import annotations

_LEGAL_VERB = (
    r"(?i:\s+(?:is|was|has|had|did|does|will|may|denie[sd]|admit|admits|admitted|argue[sd]?|contend|allege|assert|"
    r"claim|move[sd]?|file[sd]?|answer|object|serve[sd]?|settle|fail|breach|owe[sd]?|caus|testif|knew|"
    r"should|would|could|atty|counsel|expert|motion|plead|depo)\w*)|['’]s?\b|s['’]?(?![a-z])"
)

MEDICAL: tuple[tuple[str, str, str, str], ...] = (
    # -x endings; "TX" in capitals is Texas
    ("Dx dx DX", "diagnosis", "", ""),
    ("DDx ddx", "differential diagnosis", "", ""),
    ("Tx tx", "treatment", "", ""),
    ("Hx hx HX", "history", "", ""),
    ("PMHx PMH", "past medical history", "", ""),
    ("PSHx PSH", "past surgical history", "", ""),
    ("FHx FHX", "family history", "", ""),
    ("SHx SHX", "social history", "", ""),
    ("Rx rx RX", "prescription", "", ""),
    ("Sx sx", "symptoms", "", ""),
    ("Fx fx FX", "fracture", "", ""),
    ("Bx bx", "biopsy", "", ""),
    ("Abx abx", "antibiotics", "", ""),
    ("Sz sz", "seizure", "", ""),
    # the patient, against physical therapy, prothrombin time and points
    ("PT", "posterior tibial", "", r"\s+(?:pulses?|artery)\b"),
    ("PT", "prothrombin time", "", r"\s*(?:/|,|and)\s*(?:and\s*)?(?:INR|PTT|aPTT)|\s*[:=]?\s*\d"),
    ("PT", "prothrombin time", "", r"\s+(?:was|is|of|elevated|prolonged|at|\s)+\d+(?:\.\d)?"),
    ("PT", "prothrombin time", r"(?:PTT|INR)(?:[\s,/]|and|\d|\.\d)*$", ""),
    (
        "PT",
        "patient",
        "(?i:(?:^|[.\\n]\\s*)(?:the|this)?\\s*)$",
        r"\s+(?i:is|was|has|had|denies|reports|states|c/o|complains)\b",
    ),
    ("PT", "physical therapy", "", ""),
    ("Pt pt", "patient", r"(?<!\d)(?<!\d[ -])$", ""),
    ("Pts pts", "patients", r"(?<!\d)(?<!\d[ -])$", ""),
    (
        "OT",
        "occupational therapy",
        r"(?i:PT\s*(?:/|and|&|,)\s*|therapy\s*(?:/|and)\s*|refer\w* (?:to|for) )$",
        "",
    ),
    # slashed forms
    ("s/p S/P", "status post", "", ""),
    (
        "c/o C/O",
        "complains of",
        "",
        r"(?!\s+(?:Mr|Ms|Mrs|Dr|Attn)\b|\s+[A-Z][a-z]+\s+[A-Z])",
    ),  # not "care of"
    ("w/o W/O", "without", "", ""),
    ("w/ W/", "with", "", r"(?=\s|[A-Za-z]{3}|[가-힣\d])"),
    ("w/u W/U", "workup", "", ""),
    ("h/o H/O", "history of", "", ""),
    ("r/o R/O", "rule out", "", ""),
    ("f/u F/U", "follow-up", "", ""),
    ("p/w", "presents with", "", ""),
    ("a/w", "associated with", "", ""),
    ("d/t", "due to", "", ""),
    ("b/l B/L", "bilateral", "", ""),
    ("n/v N/V", "nausea and vomiting", "", r"(?!/)"),
    ("n/v/d N/V/D", "nausea, vomiting and diarrhea", "", ""),
    ("y/o Y/O", "year-old", r"\d[ -]?$", ""),
    ("yo", "year-old", r"\d[ -]?$", ""),
    ("2/2", "secondary to", r"[a-z]{2,} $", r"(?= (?!strength|reflex|pulse)[a-zA-Z])"),  # not a grade
    (
        "d/c D/C",
        "discharge",
        "",
        r"(?i:(?:'?d)?\s+(?:home|to|from|summary|instructions|planning|date|today))",
    ),
    (
        "d/c D/C",
        "discharge",
        r"(?i:(?:upon|at|on|after|since|before|prior to|ready for|plan for|hospital)\s)$",
        "",
    ),
    ("d/c D/C", "discontinue", "", r"\s+(?:[a-z]+|[A-Z][a-z]+)"),
    ("A/P", "assessment and plan", "", ""),
    ("o/e O/E", "on examination", "", ""),
    # findings and symptoms
    ("SOB", "shortness of breath", "", ""),
    ("DOE", "dyspnea on exertion", r"(?i:(?<!john )(?<!jane ))$", ""),  # not a John DOE
    ("ROM", "range of motion", "", ""),
    (
        "FROM",
        "full range of motion",
        r"(?i:neck|hip|knee|shoulder|extremit\w+|has|with)[: ]\s*$",
        r"(?=[.,;]|\s*$)",
    ),
    ("LBP", "low back pain", "", ""),
    ("LOC", "loss of consciousness", "", ""),
    ("HA", "headache", r"(?i:c/o|with|w/|of|has|denies|no|,|and|severe|chronic)\s*$", ""),
    ("TTP", "tender to palpation", "", ""),
    ("SLR", "straight leg raise", "", ""),
    ("DTR DTRs", "deep tendon reflexes", "", ""),
    ("WNL", "within normal limits", "", ""),
    ("NAD", "no acute distress", "", ""),
    ("NKDA", "no known drug allergies", "", ""),
    ("neg", "negative", "", r"\s+(?:for|straight|SLR|x-?ray|MRI|CT)\b"),
    ("RUE", "right upper extremity", "", ""),
    ("LUE", "left upper extremity", "", ""),
    ("RLE", "right lower extremity", "", ""),
    ("LLE", "left lower extremity", "", ""),
    # conditions
    ("HTN", "hypertension", "", ""),
    ("DM", "diabetes mellitus", "", ""),
    ("CAD", "coronary artery disease", "", ""),
    ("CHF", "congestive heart failure", "", ""),
    ("COPD", "chronic obstructive pulmonary disease", "", ""),
    (
        "CVA",
        "cerebrovascular accident",
        r"(?i:(?<!no )(?<!bilateral ))$",
        r"(?!\s*tender)",
    ),  # costovertebral angle
    ("TIA", "transient ischemic attack", "", ""),
    ("MI", "myocardial infarction", r"(?<!, )$", r"(?!\s*\d{5})"),  # not Michigan
    ("DVT", "deep vein thrombosis", "", ""),
    ("PE", "physical examination", "", r"\s*:"),
    (
        "PE",
        "pulmonary embolism",
        r"(?i:(?:acute|DVT(?:\s*(?:/|or|and)\s*)|r/o|rule out|for|of|massive|with)\s*)$",
        "",
    ),
    ("TBI", "traumatic brain injury", "", ""),
    ("PTSD", "posttraumatic stress disorder", "", ""),
    ("MDD", "major depressive disorder", "", ""),
    ("GERD", "gastroesophageal reflux disease", "", ""),
    ("UTI", "urinary tract infection", "", ""),
    ("DJD", "degenerative joint disease", "", ""),
    ("DDD", "degenerative disc disease", "", ""),
    ("HNP", "herniated nucleus pulposus", "", ""),
    ("MVA", "motor vehicle accident", "", ""),
    ("MVC", "motor vehicle collision", "", ""),
    # procedures and orders
    ("ORIF", "open reduction and internal fixation", "", ""),
    ("ACDF", "anterior cervical discectomy and fusion", "", ""),
    ("TKA TKR", "total knee replacement", "", ""),
    ("THA THR", "total hip replacement", "", ""),
    ("ESI", "epidural steroid injection", "", ""),
    ("I&D", "incision and drainage", "", ""),
    ("prn PRN p.r.n.", "as needed", "", ""),
    (
        "bid BID b.i.d.",
        "twice daily",
        r"(?i:(?:mg|tab|tablet|cap|po|p\.o\.|daily|medication\w*|units?|\d)\s*)$",
        "",
    ),
    ("tid TID t.i.d.", "three times daily", "", ""),
    ("qid QID q.i.d.", "four times daily", "", ""),
    ("qhs QHS", "at bedtime", "", ""),
    ("NPO", "nothing by mouth", "", ""),
    ("ADL ADLs", "activities of daily living", "", ""),
    ("HPI", "history of present illness", "", ""),
    ("ROS", "review of systems", "", ""),
    ("CC", "chief complaint", "", r"\s*:"),
    ("AMA", "against medical advice", r"(?i:left|leave|discharged|signed out)\s+$", ""),
    ("Op op", "operation", "", r"(?=\.?\s*(?:시행|후|전|note|report)|\.\s*[가-힣])"),  # not "op. cit."
)

LEGAL: tuple[tuple[str, str, str, str], ...] = (
    # the parties
    ("plf Plf pltf Pltf plff Plff π", "plaintiff", "", ""),
    ("plfs Plfs pltfs Pltfs", "plaintiffs", "", ""),
    ("deft Deft Δ ∆", "defendant", "", ""),
    (
        "def Def",
        "defendant",
        r"(?i:\b(?:the|by|against|co-?|v\.?|vs\.?|and|named|each|for|sued|plf|pltf|of))[\s-]+$",
        r"(?!\s*\()",
    ),
    ("def Def", "defendant", "", _LEGAL_VERB),
    ("defs Defs", "defendants", "", ""),
    ("atty Atty", "attorney", "", ""),
    ("attys Attys", "attorneys", "", ""),
    ("ct", "court", r"(?i:the|trial|district|superior|appellate|supreme)\s+$", ""),
    # stages and papers of a case
    ("SOL", "statute of limitations", "", ""),
    (
        "dep",
        "deposition",
        r"(?i:plf|pltf|def|deft|['’]s|at|the|his|her|of|in|by|during|video|expert)\s+$",
        r"(?!\s+on\b)",
    ),
    ("dep", "deposition", "", r"\.?\s+(?:tr|transcript|of|testimony|exhibit|ex|at)\b"),
    ("Dep", "deposition", "", r"\.?\s*(?:Tr|tr|of|at|Ex|\d|p)"),
    ("depo Depo", "deposition", "", r"(?!-|\s*(?:Provera|Medrol|shot))"),  # not the drug
    ("depos Depos", "depositions", "", ""),
    ("rogs ROGs", "interrogatories", "", ""),
    ("RFP RFPs", "requests for production", "", ""),
    ("RFA RFAs", "requests for admission", "", r"(?!\s+(?:ablation|of the))"),
    ("MSJ", "motion for summary judgment", "", ""),
    ("MTD", "motion to dismiss", "", ""),
    ("MIL", "motion in limine", "", ""),
    ("TRO", "temporary restraining order", "", ""),
    ("stip", "stipulation", "", ""),
    ("dmgs", "damages", "", ""),
    (
        "SOC",
        "standard of care",
        r"(?i:breach\w*|below|met|the applicable|deviat\w+ from|the)\s+(?:the\s+)?$",
        "",
    ),
    ("med_mal med-mal", "medical malpractice", "", ""),
    ("comp_neg", "comparative negligence", "", ""),
    ("contrib_neg", "contributory negligence", "", ""),
    ("f/k/a", "formerly known as", "", ""),
    ("n/k/a", "now known as", "", ""),
    ("d/b/a", "doing business as", "", ""),
    ("a/k/a", "also known as", "", ""),
    # injury and compensation
    ("IME", "independent medical examination", "", ""),
    ("MMI", "maximum medical improvement", "", ""),
    ("FCE", "functional capacity evaluation", "", ""),
    ("TTD", "temporary total disability", "", ""),
    ("TPD", "temporary partial disability", "", ""),
    (
        "PPD",
        "permanent partial disability",
        r"(?<!placed a )(?<!negative )(?<!positive )$",
        r"(?!\s+(?:test|skin))",
    ),
    ("PTD", "permanent total disability", "", ""),
    ("P&S", "permanent and stationary", "", ""),
    ("AOE/COE", "arising out of and in the course of employment", "", ""),
    ("DOI", "date of injury", "", r"(?!:?\s*10\.)"),
    ("DOL", "date of loss", "", r"\s*(?:[:=]|\d|was|of)"),  # else the Department of Labor
    ("DOA", "date of accident", "", r"\s*:"),
    # veterans' claims
    ("TDIU", "total disability based on individual unemployability", "", ""),
    ("NOD", "notice of disagreement", "", ""),
    ("SSOC", "supplemental statement of the case", "", ""),
    ("STRs", "service treatment records", "", ""),
    ("C&P", "compensation and pension", "", ""),
    ("DBQ", "disability benefits questionnaire", "", ""),
)
