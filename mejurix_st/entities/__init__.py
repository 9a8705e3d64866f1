"""Entities, and what a text says of them.

>>> from mejurix_st.entities import assert_span, recognize
>>> text = "No evidence of deep vein thrombosis."
>>> span = recognize(text)[0]
>>> span.text, span.code, assert_span(text, span.start, span.end).status
('deep vein thrombosis', 'ICD10CM:I82.409', 'absent')
"""

from mejurix_st.entities.adapters import SpacyRecognizer, TokenClassificationRecognizer
from mejurix_st.entities.assertion import Assertion, assert_span, assert_spans
from mejurix_st.entities.common import is_of_proceedings
from mejurix_st.entities.protocol import Recognizer
from mejurix_st.entities.recognizer import VocabularyRecognizer, default_recognizer, recognize
from mejurix_st.entities.rules import find_date_spans
from mejurix_st.entities.sparse import assertion_query_vector, assertion_vector

__all__ = [
    "Assertion",
    "Recognizer",
    "SpacyRecognizer",
    "TokenClassificationRecognizer",
    "VocabularyRecognizer",
    "assert_span",
    "assert_spans",
    "assertion_query_vector",
    "assertion_vector",
    "default_recognizer",
    "find_date_spans",
    "is_of_proceedings",
    "recognize",
]
