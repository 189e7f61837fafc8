"""Documents as offices keep them (PDF, HTML, DOCX, HWP, HWPX) to plain text: one module a format, found out by content.

`formats.read` takes bytes and gives text, or says why it does not. What the libraries of the extra `documents` do with hostile
bytes is held in a process of its own (`apart`).
"""
