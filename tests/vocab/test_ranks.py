"""Rank files give the ids of a plain rank BPE, and a broken one is a sentence."""

import base64
import itertools
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from vocab.base import build, load, read_spec
from vocab.encodings import ENCODINGS, for_tokenizers
from vocab.errors import VocabError
from vocab.rank_files import read_tekken, read_tiktoken
from vocab.ranks import Ranks, joins, spec_of

DATA = Path(__file__).parents[2].parent / "shared/data"
PATTERN = r" ?\p{L}+| ?\p{N}{1,3}+| ?[^\s\p{L}\p{N}]+|\s+$|\s+(?!\S)|\s"
BYTES = {bytes([byte]): byte for byte in range(256)}
WORDS = (b" t", b"he", b" the", b"an", b"a\xec", b"nd", b"and", b" rate", b"\xea\xb8", b"\xea\xb8\x88")
RANKS = BYTES | {word: 256 + at for at, word in enumerate(WORDS)}
ODD = [
    "a \n  ",
    "\n \n",
    "it'S 12345678 ①②½",
    "\r\n\r\n a\u0085b\u00a0c\u2028d",
    "ſ's e\u0301 👩‍💻  ",
    "",
    "x" * 50,
    "a$\nb^",
]


def reference(text: str, ranks: dict[bytes, int], pattern: str) -> list[int]:
    """The ids of `text` as tiktoken defines them, one join at a time."""
    ids = []
    for piece in regex.findall(pattern.replace("$", r"\Z"), text):
        if piece.encode() in ranks:
            ids.append(ranks[piece.encode()])
            continue
        parts = [bytes([byte]) for byte in piece.encode()]
        while True:
            at_rank = [
                (ranks[left + right], at)
                for at, (left, right) in enumerate(itertools.pairwise(parts))
                if left + right in ranks
            ]
            if not at_rank:
                break
            at = min(at_rank)[1]
            parts[at : at + 2] = [parts[at] + parts[at + 1]]
        ids += [ranks[part] for part in parts]
    return ids


def tiktoken_file(folder: Path, ranks: dict[bytes, int], pattern: str | None = PATTERN) -> Path:
    file = folder / "own.tiktoken"
    file.write_bytes(b"".join(base64.b64encode(token) + b" %d\n" % rank for token, rank in ranks.items()))
    if pattern is not None:
        (folder / "pattern.txt").write_text(pattern + "\n", encoding="utf-8")
    return file


def tekken(tokens: Iterable[bytes], special: int = 20, pattern: str = PATTERN) -> dict[str, Any]:
    vocab = [
        {"rank": at, "token_bytes": base64.b64encode(token).decode(), "token_str": None}
        for at, token in enumerate(tokens)
    ]
    size = len(vocab) + special
    config = {"pattern": pattern, "default_vocab_size": size, "default_num_special_tokens": special, "version": "v3"}
    return {"config": config, "vocab": vocab}


@pytest.mark.parametrize("text", ["the rate and then", "금리 the", *ODD])
def test_ids_are_those_of_the_ranks(tmp_path: Path, text: str) -> None:
    """English, Korean and odd text, from both kinds of file; tekken ids follow the special tokens."""
    expected = reference(text, RANKS, PATTERN)
    base = load(tiktoken_file(tmp_path, RANKS))
    assert base.tokenizer().encode(text).ids == expected
    file = tmp_path / "tekken.json"
    file.write_text(json.dumps(tekken(RANKS)), encoding="utf-8")
    shifted = load(file)
    assert shifted.tokenizer().encode(text).ids == [one + 20 for one in expected]
    assert shifted.tokenizer().decode(shifted.tokenizer().encode(text).ids) == text


@settings(deadline=None, max_examples=150)
@given(
    st.lists(st.text("abc", min_size=2, max_size=6), unique=True, max_size=25),
    st.lists(st.text("abc", max_size=30), min_size=1, max_size=8),
)
def test_any_order_of_ranks_is_kept(words: list[str], texts: list[str]) -> None:
    """Also where a token ranks before its parts, and where no join makes it."""
    ranks = BYTES | {word.encode(): 256 + at for at, word in enumerate(words)}
    tokenizer = build(spec_of(Ranks(Path("own"), "tiktoken ranks", ranks, r"[abc]+", "a test")), "own")
    for text in texts:
        assert tokenizer.encode(text).ids == reference(text, ranks, "[abc]+")


def test_tokens_that_no_join_makes_are_taken_whole(tmp_path: Path) -> None:
    """`ab` comes first and so `bc` is never joined in `abc`; a piece that is a token takes its id all the same."""
    ranks = BYTES | {b"ab": 256, b"bc": 257, b"abcd": 258}
    made = joins(ranks)
    assert made.pairs == ((b"a", b"b"), (b"b", b"c"))
    assert made.whole_only == (258,)
    base = load(tiktoken_file(tmp_path, ranks))
    assert base.ignores_merges
    assert base.tokenizer().encode("abcd").ids == [258]
    assert joins(RANKS).whole_only == tuple(RANKS[one] for one in (b" rate",))


def test_special_tokens_keep_their_ids(tmp_path: Path) -> None:
    """Those of a tekken file come first, named or not; those of a tiktoken file stand in the configuration beside it."""
    value = tekken(RANKS, special=4) | {
        "special_tokens": [{"rank": 0, "token_str": "<unk>"}, {"rank": 1, "token_str": "<s>"}]
    }
    file = tmp_path / "tekken.json"
    file.write_text(json.dumps(value), encoding="utf-8")
    assert load(file).added == {"<unk>": 0, "<s>": 1, "<SPECIAL_2>": 2, "<SPECIAL_3>": 3}
    assert load(file).tokenizer().encode("<s>a").ids == [1, 4 + ord("a")]
    config = {"pat_str": PATTERN, "added_tokens_decoder": {"300": {"content": "[END]", "special": True}}}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")
    base = load(tiktoken_file(tmp_path, RANKS, pattern=None))
    assert base.added == {"[END]": 300}
    assert base.tokenizer().encode("a[END]").ids == [ord("a"), 300]


@pytest.mark.parametrize("encoding", ENCODINGS, ids=lambda one: one.names[0])
def test_published_patterns_split_the_same_in_both_engines(encoding: Any) -> None:
    """The pattern as tiktoken has it, and as it is written for the tokenizers library."""
    from tokenizers import Regex
    from tokenizers.pre_tokenizers import Split

    written = for_tokenizers(encoding.pattern)
    assert written is not None
    split = Split(Regex(written), "isolated")
    for text in (
        "The rate rose 1234567bp to 3.25% IN Q4'23; it's we'LL.",
        "기준금리 3.50%로 1,300원 올렸다.\n\n  ",
        *ODD,
    ):
        expected = regex.findall(encoding.pattern.replace("$", r"\Z"), text)
        assert [piece for piece, _ in split.pre_tokenize_str(text)] == expected


@pytest.mark.parametrize(
    ("pattern", "written"),
    [
        (r"\p{N}{1,3}+", r"\p{N}{1,3}"),
        (r"\p{N}{1,3}+x|a", r"(?>\p{N}{1,3})x|a"),
        (r"(?:[a$]{2}+|b)c++", r"(?:(?>[a$]{2})|b)c+"),
        (r"a?+b++|\s++$|^\$", r"a?+b+|\s++\z|\A\$"),
        (r"(?:a|b){1,3}+c", None),
        (r"{1,3}+c", None),
    ],
)
def test_signs_that_the_library_reads_otherwise_are_rewritten(pattern: str, written: str | None) -> None:
    """Edges of the text and possessive intervals; one over a group is unknown. At the end it is the plain quantifier."""
    assert for_tokenizers(pattern) == written


def test_a_known_encoding_needs_its_digest_or_its_name_and_size(tmp_path: Path) -> None:
    """A file with as many ranks as a published one may have another pattern; a named one that is short was cut."""
    lines = tiktoken_file(tmp_path, RANKS, pattern=None)
    with pytest.raises(VocabError, match=r"pattern\.txt"):
        load(lines)
    with pytest.raises(VocabError, match="the file is cut"):
        load(lines.rename(tmp_path / "cl100k_base.tiktoken"))


def test_a_rank_file_may_have_any_name(tmp_path: Path) -> None:
    """Some models ship tiktoken ranks as `tokenizer.model`."""
    file = tiktoken_file(tmp_path, RANKS).rename(tmp_path / "tokenizer.model")
    assert load(tmp_path).path == file
    assert load(file).tokenizer().encode("the").ids == reference("the", RANKS, PATTERN)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda data: data[:-3], "line 266.*stands twice"),
        (lambda data: data[:-5], "line 266: not a token and its rank"),
        (lambda data: data.replace(b"YW4=", b"YW4"), "line 260: not a token"),
        (lambda data: data.replace(b"YW4=", b"Y*4="), "line 260: not a token"),
        (lambda data: data + b"AAAA 300 1\n", "line 267: not a token"),
        (lambda data: data + b"AAAA\n", "line 267: not a token"),
        (lambda data: data + b"AAAA 256\n", "line 267: rank 256 stands twice"),
        (lambda data: data + b"YW4= 300\n", "line 267: this token stands twice"),
        (lambda data: data + b"AAAA 99999999\n", "a rank below"),
        (lambda data: data + base64.b64encode(b"a" * 5000) + b" 300\n", "at most 4,096 bytes"),
        (lambda data: b"\n".join(data.split(b"\n")[200:]), "200 of the 256 bytes"),
        (lambda _: b"", "256 of the 256 bytes"),
        (lambda _: b"\xff\xfe\x00", "line 1: not a token"),
    ],
)  # fmt: skip
def test_a_broken_tiktoken_file_is_a_sentence(tmp_path: Path, change: Any, word: str) -> None:
    """Cut, not base64, twice the same, bytes missing: the line is named, its content is not."""
    file = tiktoken_file(tmp_path, RANKS)
    file.write_bytes(change(file.read_bytes()))
    with pytest.raises(VocabError, match=word) as caught:
        load(file)
    assert str(caught.value).startswith(str(file))


@pytest.mark.parametrize(
    ("pattern", "word"),
    [
        ("[", "not a regular expression"),
        ("", "empty"),
        (r"(?:a|b){1,3}+c", "not translated"),
        ("(?P<a", "not a regular"),
    ],
)
def test_a_pattern_that_the_engine_refuses_is_a_sentence(tmp_path: Path, pattern: str, word: str) -> None:
    """The same for both kinds of file."""
    with pytest.raises(VocabError, match=word):
        load(tiktoken_file(tmp_path, RANKS, pattern))
    with pytest.raises(VocabError, match=word):
        read_tekken(tekken(RANKS, pattern=pattern), Path("tekken.json"))


def broken_tekken() -> Iterator[tuple[Any, str]]:
    """Changes of a sound tekken file, and a word of the sentence."""
    sound = tekken(RANKS)
    config, vocab = sound["config"], sound["vocab"]
    yield sound | {"config": []}, "another kind"
    yield sound | {"vocab": {}}, "another kind"
    yield sound | {"config": config | {"default_vocab_size": 10**9}}, "sound"
    yield sound | {"config": config | {"default_vocab_size": True}}, "sound"
    yield sound | {"config": config | {"default_num_special_tokens": -1}}, "sound"
    yield sound | {"config": config | {"pattern": None}}, "sound"
    yield sound | {"config": config | {"version": "v13"}}, "special_tokens"
    yield sound | {"vocab": vocab[:-1]}, "the file is cut"
    yield sound | {"vocab": [*vocab[:-1], 5]}, "entry 265"
    yield sound | {"vocab": [*vocab[:-1], vocab[-1] | {"token_bytes": "?"}]}, "entry 265"
    yield sound | {"vocab": [*vocab[:-1], vocab[-1] | {"token_bytes": "é"}]}, "entry 265"
    yield sound | {"vocab": [*vocab[:-1], vocab[-1] | {"rank": 3}]}, "entry 265"
    yield sound | {"vocab": [*vocab[:-1], vocab[-1] | {"token_bytes": vocab[-2]["token_bytes"]}]}, "stands twice"
    yield sound | {"vocab": [vocab[1] | {"rank": 0, "token_bytes": "AAAA"}, *vocab[1:]]}, "1 of the 256 bytes"
    yield sound | {"special_tokens": "<s>"}, "special_tokens"
    yield sound | {"special_tokens": [{"rank": 1, "token_str": "<s>"}]}, "ranks 0, 1, 2"
    yield sound | {"special_tokens": [{"rank": at, "token_str": str(at)} for at in range(21)]}, "at most 20"
    yield sound | {"special_tokens": [{"rank": at, "token_str": "<s>"} for at in range(2)]}, "no one meaning"
    yield sound | {"special_tokens": [{"rank": 0, "token_str": "and"}]}, "no one meaning"
    yield sound | {"special_tokens": [{"rank": 0, "token_str": "\ud800"}]}, "surrogate"
    yield {"config": {}, "vocab": []}, "sound"


@pytest.mark.parametrize(("value", "word"), list(broken_tekken()))
def test_a_broken_tekken_file_is_a_sentence(value: Any, word: str) -> None:
    """Whatever is missing or of another kind, the file is named."""
    with pytest.raises(VocabError, match=word) as caught:
        read_spec(json.dumps(value).encode(), Path("tekken.json"))
    assert str(caught.value).startswith("tekken.json")


@pytest.mark.parametrize(
    "config", ["[1]", "{", '{"added_tokens_decoder": [1]}', '{"added_tokens_decoder": {"a": {"content": "b"}}}',
               '{"pat_str": "\\ud800"}', '{"added_tokens_decoder": {"7": {}}}']
)  # fmt: skip
def test_a_broken_configuration_beside_ranks_is_a_sentence(tmp_path: Path, config: str) -> None:
    """The file that is to blame is named."""
    (tmp_path / "tokenizer_config.json").write_text(config, encoding="utf-8")
    with pytest.raises(VocabError, match=r"tokenizer_config\.json"):
        load(tiktoken_file(tmp_path, RANKS))


def test_a_special_token_on_an_id_in_use_is_refused(tmp_path: Path) -> None:
    """Ids would have no one meaning."""
    config = {"added_tokens_decoder": {"65": {"content": "[END]"}}}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(VocabError, match="no one meaning"):
        load(tiktoken_file(tmp_path, RANKS))


def shared_texts() -> list[str]:
    """Paragraphs of English and Korean documents."""
    import polars as pl

    files = [*sorted(DATA.glob("text_en/tatqa*.parquet"))[:1], *sorted(DATA.glob("text_ko/kr_statutes*.parquet"))[:1]]
    texts = [text for file in files for text in pl.read_parquet(file)["text"].head(8).to_list()]
    return [line + "\n" for text in texts for line in text[:8_000].splitlines()]


@pytest.mark.shared
def test_real_ranks_give_the_ids_of_the_ranks(tmp_path: Path) -> None:
    """GPT-2's file as published, and a tekken file rebuilt: English and Korean, and no token that no join makes."""
    if not DATA.exists():
        pytest.skip("no shared data")
    import polars as pl

    texts = [*shared_texts(), *ODD]
    gpt2 = DATA / "tokenizers/whisper_gpt2/gpt2.tiktoken"
    ranks = read_tiktoken(gpt2.read_bytes(), gpt2)
    assert ranks.pattern_from == "the encoding r50k_base"
    assert load(gpt2).added == {"<|endoftext|>": 50_256}
    frame = pl.read_parquet(DATA / "tokenizers/mistral_tekken/tekken_240718_ranks.parquet").sort("rank")
    config = json.loads((DATA / "tokenizers/mistral_tekken/config.json").read_text("utf-8"))["config"]
    value = tekken(frame["token_bytes"].to_list(), 1000) | {"config": config}
    file = tmp_path / "tekken.json"
    file.write_text(json.dumps(value), encoding="utf-8")
    for path, found, pattern in (
        (gpt2, ranks, ENCODINGS[0].pattern),
        (file, read_tekken(value, file), config["pattern"]),
    ):
        assert joins(found.ranks).whole_only == ()
        encoded = load(path).tokenizer().encode_batch(texts, add_special_tokens=False)
        expected = [[one + found.shift for one in reference(text, found.ranks, pattern)] for text in texts]
        assert [one.ids for one in encoded] == expected
