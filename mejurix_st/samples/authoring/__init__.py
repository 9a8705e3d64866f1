"""Builds the PDF and DOCX sample documents from their written sources.

Run `python -m mejurix_st.samples.authoring --fonts DIR`, where DIR holds the Nanum fonts (SIL Open Font
Licence; Debian package `fonts-nanum`). Needs reportlab and python-docx. The same sources give the same bytes.
"""
