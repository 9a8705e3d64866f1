"""Entities, and what a text says of them.

    >>> from mejurix_st.entities import assert_span, recognize
    >>> text = "No evidence of deep vein thrombosis."
    >>> span = recognize(text)[0]
    >>> span.text, span.code, assert_span(text, span.start, span.end).status
    ('deep vein thrombosis', 'ICD10CM:I82.409', 'absent')
"""

from mejurix_st.entities.assertion import Assertion, assert_span, assert_spans
from mejurix_st.entities.protocol import Recognizer
from mejurix_st.entities.recognizer import VocabularyRecognizer, default_recognizer, recognize

__all__ = [
    "Assertion",
    "Recognizer",
    "VocabularyRecognizer",
    "assert_span",
    "assert_spans",
    "default_recognizer",
    "recognize",
]
