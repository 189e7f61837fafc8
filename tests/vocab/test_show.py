"""The pieces of a text at a terminal: all of it, in order, and nothing that acts on the terminal."""

import itertools
import json
import sys
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vocab.cli import main
from vocab.coverage import open_tokenizer
from vocab.show import PLAIN, Piece, Shown, lines, show

TEXT = "EBITDA rose 3.5%, 기준금리를 올리자\t영업이익"


def test_pieces_are_the_text_in_order(base_folder: Path) -> None:
    """A base that has every byte loses nothing; tokens are those of the tokenizer."""
    (one,) = show([open_tokenizer(base_folder)], TEXT)
    assert "".join(TEXT[piece.start : piece.end] for piece in one.pieces) == TEXT
    tokenizer = open_tokenizer(base_folder)
    assert one.tokens == len(tokenizer.offsets([TEXT])[0][0])


@given(text=st.text(max_size=60))
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_covered_by_pieces_that_do_not_overlap(base_folder: Path, text: str) -> None:
    """Spans rise; what is written of them holds no control character and no mark of direction."""
    found = show([open_tokenizer(base_folder)], text)
    spans = [(piece.start, piece.end) for piece in found[0].pieces]
    assert all(end <= start for (_, end), (start, _) in itertools.pairwise(spans))
    written = "".join(lines(found, text, colour=False))
    assert written.isprintable()


def test_a_character_of_several_tokens_says_of_how_many() -> None:
    """Bytes of one character are one piece."""
    found = Shown("name", (Piece(0, 1, 3), Piece(1, 3, 1)))
    assert found.tokens == 4
    assert lines([found], "각 a", colour=False) == ["name: 4 tokens, 3 characters", "각×3│·a"]
    coloured = lines([found], "각 a", colour=True)[1]
    assert coloured.count(PLAIN) == 2
    assert "│" not in coloured


def test_what_is_not_seen_is_written() -> None:
    """An escape sequence and a right-to-left mark come out as their numbers."""
    found = Shown("name", (Piece(0, 4, 1),))
    assert lines([found], "\x1b\u202e\n\u00a0", colour=False)[1] == "<001B><202E>⏎<00A0>"


def test_the_command_prints_each_tokenizer_and_reads_standard_input(
    base_folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last word is the text; `-` reads it; JSON holds offsets."""
    assert main(["show", str(base_folder), str(base_folder / "tokenizer.json"), TEXT]) == 0
    out = capsys.readouterr().out.splitlines()
    assert len(out) == 4
    assert out[1] == out[3]
    monkeypatch.setattr(sys, "stdin", StringIO(TEXT))
    assert main(["show", str(base_folder), "-", "--json"]) == 0
    (one,) = json.loads(capsys.readouterr().out)["tokenizers"]
    assert sum(piece["tokens"] for piece in one["pieces"]) == one["tokens"]
    assert main(["show", str(base_folder / "absent"), TEXT]) == 2
    assert main(["show", str(base_folder), "half \udcea"]) == 2
    assert "not UTF-8" in capsys.readouterr().err
