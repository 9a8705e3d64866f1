"""Measures that tell a good model from a collapsed one, on screen, in a report, and inside a trainer.

`mejurix_st.evaluation.run.evaluate` measures models against peers and writes a report;
`mejurix_st.evaluation.evaluators` has the same measures for the sentence-transformers trainer.
"""
