"""Dirt for the synthetic sample: mojibake, control and zero-width characters, remnants of HTML, never inside a label."""

from govern.draw import Draw
from govern.samples.pages import Label

KINDS = ("mojibake", "control", "zero_width", "html")


def soil(
    draw: Draw, lang: str, kind: str, text: str, labels: tuple[Label, ...]
) -> tuple[str, tuple[Label, ...]] | None:
    """The text with dirt of this kind between its labels, and the labels moved; None where there is no place for it."""
    edits: list[tuple[int, int, str]] = []
    bounds = [0, *(edge for label in labels for edge in (label.start, label.end)), len(text)]
    gaps = [(start, end) for start, end in zip(bounds[::2], bounds[1::2], strict=True) if end - start > 1]
    if kind == "mojibake":
        # the longest passage without a label, read as Latin-1
        foreign = [gap for gap in gaps if any(ord(character) > 127 for character in text[gap[0] : gap[1]])]
        if not foreign:
            return None
        start, end = max(foreign, key=lambda gap: gap[1] - gap[0])
        end = min(end, start + (300 if lang == "ko" else 2000))
        edits.append((start, end, text[start:end].encode().decode("latin-1")))
    elif kind == "html":
        edits.append((0, 0, draw.pick(("<p>", '<div class="memo">', "<td>", "<span style='font-size:9pt'>"))))
        edits.extend(_replacements(text, gaps, "\n", draw.pick(("<br>\n", "<br/>", "</p>\n<p>"))))
        edits.extend(_replacements(text, gaps, "&", "&amp;"))
        edits.append((len(text), len(text), draw.pick(("</p>", "</div>", "&nbsp;", "</td></tr>"))))
    else:
        marks = "\x07\x08\x0b\x0c\x1b\x1f" if kind == "control" else "\u200b\u200c\u200d\u2060\ufeff\u00ad"
        for _ in range(draw.between(1, 6)):
            start, end = draw.pick(gaps)
            place = draw.between(start + 1, end - 1)
            edits.append((place, place, draw.pick(marks)))
        edits.sort(key=lambda edit: edit[0])
    return _apply(text, labels, edits)


def _replacements(text: str, gaps: list[tuple[int, int]], old: str, new: str) -> list[tuple[int, int, str]]:
    return [(at, at + 1, new) for start, end in gaps for at in range(start, end) if text[at] == old]


def _apply(text: str, labels: tuple[Label, ...], edits: list[tuple[int, int, str]]) -> tuple[str, tuple[Label, ...]]:
    """Text and labels after the edits, none of which touches a label."""
    ordered = sorted(edits, key=lambda edit: (edit[0], edit[1]))
    parts: list[str] = []
    moved: list[Label] = []
    at = shift = done = 0
    for start, end, new in ordered:
        while done < len(labels) and labels[done].start < start:
            moved.append(Label(labels[done].start + shift, labels[done].end + shift, labels[done].entity_type))
            done += 1
        parts += (text[at:start], new)
        shift += len(new) - (end - start)
        at = end
    parts.append(text[at:])
    moved.extend(Label(label.start + shift, label.end + shift, label.entity_type) for label in labels[done:])
    return "".join(parts), tuple(moved)
