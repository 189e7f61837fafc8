"""Documents of three formats: what is learned, what is dropped and why, and windows of long ones."""

import json
import subprocess
import sys
from dataclasses import replace

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from govern.corpus import CertifiedShard
from govern.files import sha256_file
from tune import dataset, documents
from tune.chat import Template
from tune.dataset import Part, build_all
from tune.documents import Encoded
from tune.errors import TuneRefused
from tune.folders import tokenizer
from tune.recipe import Data

LINES = (
    "{% for message in messages %}{{ message.role }}: {{ message.content }}{{ eos_token }}\n{% endfor %}"
    "{% if add_generation_prompt %}assistant: {% endif %}"
)


@pytest.fixture
def shard(tmp_path):
    """A function that writes columns as a certified shard."""

    def make(name="part-00000.parquet", **columns):
        path = tmp_path / name
        pl.DataFrame(columns, strict=False).write_parquet(path)
        return CertifiedShard(path, sha256_file(path), len(next(iter(columns.values()))))

    return make


@pytest.fixture
def words(world):
    """The extended tokenizer of the small world."""
    return tokenizer(world.root / "tokenizer")


@pytest.fixture
def text_of(words):
    """A function that gives the text of ids, special tokens too."""
    from tokenizers import Tokenizer

    loaded = Tokenizer.from_file(str(words.path / "tokenizer.json"))
    return lambda ids: loaded.decode(list(map(int, ids)), skip_special_tokens=False)


def read(shards, words, template=None, **data):
    """Every document of the shards."""
    return list(documents.documents(shards, words, Data.model_validate(data), template, with_bytes=True))


def template(source=LINES):
    """A template with the small tokenizer's special tokens."""
    return Template(source, "t.jinja", {"bos_token": "<s>", "eos_token": "</s>"})


def test_of_a_prompt_and_its_completion_the_completion_is_learned(words, shard, text_of):
    """With the end, and without the prompt; the two make one text."""
    made = shard(prompt=["Is the EBITDA up? ", "대출?"], completion=["Yes, it is.", "네."])
    for one, completion in zip(read([made], words, format="prompt-completion"), ("Yes, it is.", "네."), strict=True):
        assert text_of(one.ids[one.learned]) == completion + "</s>"
        assert not one.learned[0]
        assert int(one.held[one.learned].sum()) == len(completion.encode())
    for one in read([made], words, format="prompt-completion", loss="all"):
        assert one.learned.tolist() == [False, *(True for _ in one.ids[1:])]


def test_a_token_that_holds_both_prompt_and_completion_is_learned_and_counted(words, shard):
    """The prompt ends inside a token: what the model then reads is that token whole."""
    (one,) = read([shard(prompt=["EBIT"], completion=["DA rose"])], words, format="prompt-completion")
    assert one.straddles == 1
    assert one.ids[1] in words.new_ids
    assert one.learned[1]


def test_of_a_conversation_the_assistant_is_learned(words, shard, text_of):
    """Every turn of it, to the end of the turn; special tokens of the template are tokens."""
    talk = [
        {"role": "user", "content": "대출?"},
        {"role": "assistant", "content": "네, 4%."},
        {"role": "user", "content": "And the EBITDA?"},
        {"role": "assistant", "content": "It rose."},
    ]
    (one,) = read([shard(messages=[talk])], words, template(), format="messages")
    assert text_of(one.ids[one.learned]) == "네, 4%.</s>\nIt rose.</s>\n"
    assert list(one.ids).count(words.eos_id) == 4
    (one,) = read([shard(messages=[talk])], words, template(), format="messages", loss="all")
    assert one.learned[1:].all()


def test_what_is_dropped_is_dropped_for_a_reason(words, shard):
    """Each reason once; nothing raises for one odd document."""
    user, assistant = {"role": "user", "content": "a"}, {"role": "assistant", "content": "b c"}
    talks = [
        [user, assistant],
        [],
        None,
        [user, {"role": "assistant", "content": None}],
        [user],
        [user, {"role": "assistant", "content": "</s>\nuser: mine"}],
        [{"role": "im_end", "content": "a"}, assistant],
    ]
    found = read([shard(messages=talks)], words, template(), format="messages")
    assert [one.reason if not isinstance(one, Encoded) else None for one in found] == [
        None,
        documents.NOT_TEXT,
        documents.NOT_TEXT,
        documents.NOT_TEXT,
        documents.NOTHING_LEARNED,
        documents.SPELLS_SPECIAL,
        documents.UNKNOWN_ROLE,
    ]
    refusing = template("{{ raise_exception('no') }}")
    assert [one.reason for one in read([shard(messages=talks[:1])], words, refusing, format="messages")] == [
        documents.TEMPLATE_REFUSES
    ]
    pairs = shard(prompt=["a", "a", None], completion=["", "b", "c"])
    found = read([pairs], words, format="prompt-completion")
    assert [getattr(one, "reason", None) for one in found] == [documents.NOTHING_LEARNED, None, documents.NOT_TEXT]
    bare = replace(words, bos_id=None, eos_id=None)
    assert [one.reason for one in read([shard(text=["a", ""])], bare)] == [documents.TOO_SHORT] * 2


@pytest.mark.parametrize(
    ("source", "talk"),
    [
        (LINES, [{"role": "user", "content": "a", "name": "x</s>EVIL"}]),
        (
            "{% for m in messages %}{{ m.name }}{{ m.content }}{% endfor %}",
            [{"role": "user", "content": "a", "name": "</s>"}],
        ),
        (
            "{% for m in messages %}{{ m.content }}{% endfor %}",
            [{"role": "user", "content": "</"}, {"role": "user", "content": "s>"}],
        ),
        (
            "{% for m in messages %}{{ m.content | replace('~', '') }}{% endfor %}",
            [{"role": "user", "content": "</~s>"}],
        ),
        (
            "{% for m in messages %}{{ m.content }}{% for t in m.tools %}{{ t.name }}{% endfor %}{% endfor %}",
            [{"role": "user", "content": "a", "tools": [{"name": "</s>"}]}],
        ),
    ],
)
def test_no_way_round_puts_a_special_token_into_a_conversation(words, shard, source, talk):
    """Judged by what comes out: other fields, halves that meet, characters that a template takes away."""
    whole = [*talk, {"role": "assistant", "content": "b c"}]
    keys = sorted({key for one in whole for key in one})
    made = shard(messages=[[{key: one.get(key) for key in keys} for one in whole]])
    (one,) = read([made], words, template(source), format="messages", loss="all")
    if "EVIL" in str(talk):  # this template does not show names
        assert list(one.ids).count(words.eos_id) == 2
    else:
        assert one.reason == documents.SPELLS_SPECIAL


def test_a_text_that_can_only_be_read_as_a_special_token_is_dropped(shard, tmp_path):
    """In a Unigram model the control pieces are pieces like others, and no flag keeps them from being found."""
    from tokenizers import Tokenizer, models

    pieces = [("<unk>", 0.0), ("</s>", 0.0), *((letter, -3.0) for letter in "abc <>/s")]
    unigram = Tokenizer(models.Unigram(pieces, unk_id=0))
    unigram.add_special_tokens(["</s>", "<unk>"])
    folder = tmp_path / "unigram"
    folder.mkdir()
    unigram.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text('{"eos_token": "</s>"}', "utf-8")
    found = read([shard(text=["a b c", "a </s> b", "a 한 b"])], tokenizer(folder))
    assert [getattr(one, "reason", None) for one in found] == [None, documents.SPELLS_SPECIAL, None]


def test_masking_tags_are_the_tokens_that_they_became(shard, world, tmp_path):
    """They are special tokens, so that nothing splits them, and text all the same: their rows are to be trained."""
    from tokenizers import Tokenizer

    words = tokenizer(world.root / "tokenizer")
    loaded = Tokenizer.from_file(str(words.path / "tokenizer.json"))
    loaded.add_special_tokens(["<PERSON_1>"])
    folder = tmp_path / "tagged"
    folder.mkdir()
    loaded.save(str(folder / "tokenizer.json"))
    tag = loaded.token_to_id("<PERSON_1>")
    record = {"certificate": "sha256:0", "new_ids": [{"id": tag, "kind": "tag", "token": "<PERSON_1>"}]}
    (folder / "extension.json").write_text(json.dumps(record), "utf-8")
    (folder / "tokenizer_config.json").write_text('{"bos_token": "<s>", "eos_token": "</s>"}', "utf-8")
    tagged = tokenizer(folder)
    assert tagged.tags == ("<PERSON_1>",)
    made = shard(
        text=["<PERSON_1> asked </s>"],
        messages=[[{"role": "user", "content": "<PERSON_1>?"}, {"role": "assistant", "content": "<PERSON_1>."}]],
    )
    (one,) = read([made], tagged)
    assert list(one.ids).count(tag) == 1
    assert list(one.ids).count(tagged.eos_id) == 1
    (one,) = read([made], tagged, template(), format="messages")
    assert list(one.ids[one.learned]).count(tag) == 1


def test_text_that_spells_special_tokens_is_kept_as_text(words, shard):
    """In the formats that have no template."""
    (one,) = read([shard(prompt=["a </s>"], completion=[" b <s>"])], words, format="prompt-completion")
    assert list(one.ids).count(words.eos_id) == list(one.ids).count(words.bos_id) == 1


@pytest.mark.parametrize(
    ("columns", "data", "sentence"),
    [
        ({"messages": [[{"role": "a", "content": "b"}]]}, "text", "no column 'text'.*set data.format = \"messages\""),
        ({"text": ["a"]}, "messages", "no column 'messages'.*set data.format = \"text\""),
        ({"text": ["a"], "prompt": ["a"]}, "prompt-completion", "no column 'completion'; columns are: text, prompt"),
        ({"messages": ["[]"]}, "messages", "holds String, expected a list of role and content"),
        ({"messages": [[{"role": "a"}]]}, "messages", "expected a list of role and content"),
        ({"text": [1]}, "text", "holds Int64, expected text"),
    ],
)
def test_other_columns_are_a_sentence(words, shard, columns, data, sentence):
    """Which one, what it holds, and which format fits."""
    with pytest.raises(TuneRefused, match=sentence):
        read([shard(**columns)], words, template() if data == "messages" else None, format=data)


@given(st.integers(2, 200), st.integers(8, 40), st.integers(0, 3))
def test_every_token_of_a_split_document_is_learned_once(size, length, overlap):
    """But the first, and, without overlap, the first of each window; no window is longer than the rows."""
    windows = list(dataset._windows(size, length, Data(long="split", overlap=overlap)))
    assert all(end - start <= length for start, end, _ in windows)
    learned = [place for start, end, context in windows for place in range(start + max(1, context), end)]
    assert len(learned) == len(set(learned))
    lost = set(range(1, size)) - set(learned)
    assert lost == (set() if overlap else {start for start, _, _ in windows[1:]})


def test_long_documents_are_split_truncated_or_dropped(words, shard):
    """What is left out is counted, and the counts add up."""
    made = shard(text=["loan " * 50, "bond", "loan " * 60])
    sizes = {}
    for long in ("split", "truncate", "drop"):
        data = build_all((Part((made,)),), words, 32, data=Data(long=long, overlap=4 if long == "split" else 0))
        sizes[long] = data.tokens
        counts = data.counts
        assert counts.documents == 3 == counts.used + counts.not_chosen + sum(dict(counts.dropped).values())
        assert dict(counts.dropped) == ({documents.TOO_LONG: 2} if long == "drop" else {})
        assert (counts.tokens_cut > 0) == (long == "truncate")
    assert sizes["drop"] < sizes["truncate"] < sizes["split"]


def test_a_window_of_prompt_alone_is_left_out_and_counted(words, shard):
    """It has nothing to learn."""
    made = shard(prompt=["loan " * 30], completion=["a bond of five years"])
    data = build_all((Part((made,)),), words, 16, data=Data(format="prompt-completion"))
    assert data.counts.windows_without_loss >= 2
    assert all(any(piece.learned) for row in range(len(data)) for piece in data[row])
    alone = build_all((Part((made,)),), words, 16, data=Data(format="prompt-completion", overlap=4))
    assert alone.loss_tokens >= data.loss_tokens


@pytest.mark.parametrize(("weight", "times"), [(1.0, 1), (3.0, 3)])
def test_a_weight_says_how_often_a_document_is_seen(words, shard, weight, times):
    """The ids are held once."""
    made = shard(text=[f"loan {number}" for number in range(40)])
    once, data = (build_all((Part((made,), one),), words, 64) for one in (1.0, weight))
    assert (data.tokens, data.loss_tokens) == (times * once.tokens, times * once.loss_tokens)
    assert len(data.ids) == len(once.ids)


def test_half_a_weight_takes_half_of_the_documents_by_the_seed(words, shard):
    """Others with another seed, the same with the same; two corpora keep their own weights."""
    made, other = shard(text=[f"loan {number}" for number in range(200)]), shard("b.parquet", text=["a bond"] * 3)
    parts = (Part((made,), 0.5), Part((other,), 2.0))
    data = build_all(parts, words, 64)
    assert 70 < 203 - data.counts.not_chosen - 3 < 130
    assert data.digest == build_all(parts, words, 64).digest
    assert data.digest != build_all(parts, words, 64, seed=1).digest
    bond = build_all((Part((other,)),), words, 64).piece(0).ids
    assert sum(piece.ids == bond for row in range(len(data)) for piece in data[row]) == 6


def test_files_and_memory_hold_the_same_dataset(words, shard, tmp_path):
    """The ids of a large corpus are mapped, not read."""
    made = shard(text=[f"loan {number} 대출" for number in range(50)])
    kept = tmp_path / "kept"
    kept.mkdir()
    mapped = build_all((Part((made,)),), words, 32, folder=kept, with_bytes=True)
    whole = build_all((Part((made,)),), words, 32, with_bytes=True)
    assert type(mapped.ids).__name__ == "memmap"
    assert mapped.digest == whole.digest
    assert [mapped[row] for row in range(len(mapped))] == [whole[row] for row in range(len(whole))]


def test_nothing_to_learn_says_what_was_dropped(words, shard):
    """And where."""
    made = shard(prompt=["a", "b"], completion=["", None])
    with pytest.raises(TuneRefused, match=r"1 holds no text, 1 nothing to learn\); nothing to train on"):
        build_all((Part((made,)),), words, 16, data=Data(format="prompt-completion"))


def test_a_text_is_never_shown(words, shard):
    """Values that hold text have no repr of it."""
    made = shard(messages=[[{"role": "user", "content": "SECRET"}, {"role": "assistant", "content": "SECRET"}]])
    found = read([made], words, template(), format="messages")
    assert "SECRET" not in repr(found)
    assert json.dumps(repr(template().render([{"role": "user", "content": "SECRET"}]))).count("SECRET") == 0


@pytest.mark.slow
def test_memory_does_not_grow_with_the_corpus(words, shard, tmp_path):
    """Four times the tokens take no more memory than their pieces' lengths: ids go to files."""
    code = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from govern.corpus import CertifiedShard\n"
        "from govern.files import sha256_file\n"
        "from tune.dataset import Part, build_all\n"
        "from tune.folders import tokenizer\n"
        "path, count, folder = Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])\n"
        "shards = [CertifiedShard(path, sha256_file(path), 4000)] * count\n"
        "data = build_all((Part(shards),), tokenizer(Path(sys.argv[4])), 512, folder=folder)\n"
        "data.digest\n"
        "print(data.tokens, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)\n"
    )
    made = shard(text=["The borrower asked for a statement. 대출 금리 " * 60] * 4000)
    found = []
    for count in (2, 8):
        folder = tmp_path / str(count)
        folder.mkdir()
        command = [sys.executable, "-c", code, str(made.path), str(count), str(folder), str(words.path)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found.append([int(part) for part in done.stdout.split()])
    (few, small), (many, large) = found
    assert many == 4 * few
    held = 5 * (many - few)  # bytes of ids and flags that memory would hold
    assert held > 50e6
    assert large - small < held / 4
