"""HTML: the text that is shown, blocks on lines and cells between tabs, decoded as its mark or `meta` says.

The tree is the one that browsers build (HTML 5). Left out: scripts, styles, templates, the head, comments, and what its own
attributes hide, counted; what a style sheet hides is read, since nothing here reads style sheets. Texts that stand for pictures
(`alt`) and what form fields hold are text.
"""

import codecs
import re
from collections import Counter
from typing import TYPE_CHECKING

from govern.converters.converted import Converted, Text, Unread
from govern.converters.layout import Writer

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

_HEAD_BYTES = 4096
_BEGINS = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|title|meta|table|div|p|h[1-6]|ul|ol|span|font"
    rb"|center|a|b|br|script|style|section|article|main)[\s/>]",
    re.IGNORECASE | re.DOTALL,
)
_NAMED = (".html", ".htm", ".xhtml", ".xht")
_META = re.compile(rb"""<meta[^>]*?charset\s*=\s*["']?\s*([\w:.-]+)""", re.IGNORECASE)
_XML = re.compile(rb"""<\?xml[^>]*?encoding\s*=\s*["']([\w:.-]+)""", re.IGNORECASE)
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_CHARSETS = {
    "utf-8": "utf-8", "utf8": "utf-8", "utf-16": "utf-8", "utf-16le": "utf-8", "utf-16be": "utf-8",
    "euc-kr": "cp949", "ks_c_5601-1987": "cp949", "ks_c_5601": "cp949", "ksc5601": "cp949", "ksc_5601": "cp949",
    "korean": "cp949", "windows-949": "cp949", "cp949": "cp949", "ms949": "cp949", "x-windows-949": "cp949", "uhc": "cp949",
    "iso-8859-1": "cp1252", "latin1": "cp1252", "us-ascii": "cp1252", "ascii": "cp1252", "windows-1252": "cp1252",
}  # fmt: skip
"""Names of encodings in HTML and the one that browsers read them as; a `meta` that can be read is never UTF-16."""

_UNSHOWN = frozenset({"script", "style", "template", "title", "noscript", "noframes", "datalist", "object", "svg", "math"})
_COUNTED = {
    "iframe": "embedded", "object": "embedded", "svg": "embedded", "math": "equations", "title": "properties",
    "template": "hidden_elements", "noscript": "hidden_elements", "noframes": "hidden_elements",
}  # fmt: skip
_CELLS = ("td", "th")
_BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "dialog", "dir",
    "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6",
    "header", "hr", "legend", "li", "main", "menu", "nav", "ol", "optgroup", "option", "p", "pre", "section",
    "select", "summary", "table", "tbody", "tfoot", "thead", "textarea", "ul", "xmp",
})  # fmt: skip
_KEPT = frozenset({"pre", "textarea", "xmp", "listing"})
_HIDING = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)
_BLANKS = re.compile(r"[ \t\r\n\f]+")
_UNTYPED = frozenset({"password", "checkbox", "radio", "image", "file", "color", "range"})


def looks_like(data: bytes, name: str) -> bool:
    """Whether bytes begin as HTML does; where the name says HTML, text is enough."""
    head = data[:_HEAD_BYTES]
    for mark, encoding in _MARKS[1:]:
        if head.startswith(mark):
            head = head.decode(encoding, "ignore").encode()
    head = head.removeprefix(codecs.BOM_UTF8)
    return _BEGINS.match(head) is not None or (name.lower().endswith(_NAMED) and b"\0" not in head and b"<" in data)


def read(data: bytes) -> Converted:
    """The text of an HTML file.

    Raises:
        Unread: its bytes are not in the encoding that it declares, or nothing says which they have.
    """
    from selectolax.lexbor import LexborHTMLParser, SelectolaxError

    try:
        tree = LexborHTMLParser(decoded(data))
    except SelectolaxError:
        raise Unread("over_limit", "its tree takes more memory than is given") from None
    page = _Page()
    page.walk(tree.root)
    return Converted((Text(page.writer.whole()),), left_out=+page.left_out)


def decoded(data: bytes) -> str:
    """The characters of an HTML file: by its mark, else by `meta`, else UTF-8 or CP949, whichever fits alone."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _strict(data[len(mark) :], encoding)
    said = _META.search(data, 0, _HEAD_BYTES) or _XML.search(data, 0, _HEAD_BYTES)
    if said:
        label = said[1].decode().lower()
        if label not in _CHARSETS:
            raise Unread("damaged", "declares an encoding that is not read")
        return _strict(data, _CHARSETS[label])
    for encoding in ("utf-8", "cp949"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Unread("damaged", "declares no encoding, and is neither UTF-8 nor CP949")


def _strict(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        raise Unread("damaged", "holds bytes that are not in the encoding it declares") from None


class _Page:
    """Walks a tree without recursion, whatever its depth."""

    def __init__(self) -> None:
        self.writer, self.left_out = Writer(), Counter[str]()
        self.kept = 0

    def walk(self, root: "LexborNode | None") -> None:
        """Enters and leaves every element that is shown, in order."""
        within: list[str] = []
        node = root
        while node is not None:
            tag = node.tag or ""
            shown = self._enter(node, tag)
            if shown and node.child is not None:
                within.append(tag)
                node = node.child
                continue
            if shown:
                self._leave(tag)
            while node is not None and node.next is None and within:
                node = node.parent
                self._leave(within.pop())
            node = node.next if node is not None else None

    def _enter(self, node: "LexborNode", tag: str) -> bool:
        """Writes what a node begins with; whether what it holds is shown."""
        if tag == "-text":
            self._text(node.text_content or "")
            return False
        if not node.is_element_node:
            self.left_out["markup_comments"] += bool(node.is_comment_node)
            return False
        if tag in _COUNTED:
            self.left_out[_COUNTED[tag]] += 1
        if tag in _UNSHOWN:
            return False
        if self._hides(node, tag):
            self.left_out["hidden_elements"] += 1
            return False
        self.kept += tag in _KEPT
        if tag in _BLOCKS:
            self.writer.line()
        elif tag == "tr":
            self.writer.open_row()
        elif tag in _CELLS:
            self.writer.open_cell()
        elif tag == "br":
            self.writer.text("\n")
        elif tag in ("img", "input", "area"):
            self._stands_for(node, tag)
        return True

    def _leave(self, tag: str) -> None:
        """Writes what an element ends with."""
        self.kept -= tag in _KEPT
        if tag in _BLOCKS:
            self.writer.line()
        elif tag == "tr":
            self.writer.close_row()
        elif tag in _CELLS:
            self.writer.close_cell()

    def _text(self, text: str) -> None:
        if not self.kept:
            text = _BLANKS.sub(" ", text)
            if self.writer.after_space:
                text = text.lstrip(" ")
        self.writer.text(text)

    def _stands_for(self, node: "LexborNode", tag: str) -> None:
        """The text of a picture, or of a field that a form was filled with."""
        attributes = node.attributes
        kind = (attributes.get("type") or "text").lower()
        self.left_out["pictures"] += tag == "img"
        text = attributes.get("value" if tag == "input" else "alt") or ""
        if text.strip() and not (tag == "input" and kind in _UNTYPED):
            self._text(f" {text} ")

    @staticmethod
    def _hides(node: "LexborNode", tag: str) -> bool:
        attributes = node.attributes
        return (
            "hidden" in attributes
            or _HIDING.search(attributes.get("style") or "") is not None
            or (tag == "input" and (attributes.get("type") or "").lower() == "hidden")
            or (tag == "dialog" and "open" not in attributes)
        )
