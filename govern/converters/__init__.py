"""Documents as offices keep them (PDF, HTML, DOCX, HWP, HWPX) to plain text: one module a format, found out by content.

Nothing here opens a file, a socket or a process: `read` takes bytes and gives text, or says why it does not. What the
libraries of the extra `documents` do with hostile bytes is held in a process of its own (`govern.converters.apart`).
"""

from govern.converters.converted import Converted, Text, Unread
from govern.converters.formats import read

__all__ = ["Converted", "Text", "Unread", "read"]
