"""Contrast cues, split in two: those that may decide a training triple, and those that decide a test triple.

A model that has learned "no" and "without" but not negation will fail on "ruled out"; that is what the split
measures. English cues are whole phrases. Korean cues are stems: whatever ending or particle follows belongs
to them.
"""

from __future__ import annotations

TRAIN_CUES: dict[str, dict[str, tuple[str, ...]]] = {
    "negation": {
        "en": (
            *("not", "no", "without", "denies", "denied", "no evidence of", "absent", "none"),
            *("did not", "does not", "is not", "was not"),
        ),
        "ko": ("없", "않", "아니", "아닌", "아님"),
    },
    "severity": {
        "en": (*("mild", "moderate", "severe", "minor", "major", "slight", "marked", "partial", "total"),),
        "ko": ("경미", "경도", "중등도", "중증", "심한", "심하"),
    },
    "temporality": {
        "en": (
            *("before", "after", "previous", "previously", "current", "currently", "history of", "now"),
            *("old", "new", "past", "present"),
        ),
        "ko": ("이전", "이후", "과거", "현재", "기왕", "신규"),
    },
    "laterality": {"en": ("left", "right"), "ko": ("좌측", "우측")},
}
"""Cues that may decide a training triple, by axis and language."""

TEST_CUES: dict[str, dict[str, tuple[str, ...]]] = {
    "negation": {
        "en": (
            *("negative for", "free of", "ruled out", "rules out", "never", "fails to", "failed to"),
            *("lacks", "lacked", "lacking", "unable to", "unrelated to", "unremarkable for"),
            *("neither", "nor", "declined to"),
        ),
        "ko": (
            *("부인하", "부인했", "부인한", "배제되", "배제됐", "배제된", "음성", "못하", "못했", "못한"),
            *("어렵", "어려", "무관", "전무", "불인정", "미확인"),
        ),
    },
    "severity": {
        "en": (
            *("trivial", "profound", "low-grade", "high-grade", "minimal", "extensive", "small", "massive"),
            *("well-controlled", "uncontrolled", "negligible", "catastrophic"),
        ),
        "ko": ("가벼", "극심", "미미", "광범위", "치명적"),
    },
    "temporality": {
        "en": (
            *("prior to", "following", "remote", "ongoing", "resolved", "active", "pre-existing"),
            *("new-onset", "childhood", "adult", "ten years ago", "this week", "formerly", "presently"),
        ),
        "ko": ("앞서", "뒤이어", "오래된", "최근", "완치된", "진행 중", "당시", "지금"),
    },
    "laterality": {
        "en": (
            *("left-sided", "right-sided", "unilateral", "bilateral", "medial", "lateral", "upper", "lower"),
            *("anterior", "posterior", "proximal", "distal"),
        ),
        "ko": ("왼쪽", "오른쪽", "양측", "편측", "상부", "하부", "전방", "후방"),
    },
}
"""Cues that decide a test triple, by axis and language; kept off the deciding position in training."""
