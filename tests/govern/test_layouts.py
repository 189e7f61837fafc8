"""Conversations, and prompts with completions, are certified in their own columns, whatever they came in."""

import json
from datetime import date

import polars as pl
import pytest

from govern import pipeline, policy
from govern.corpus import CertifiedShard, read_texts
from govern.errors import InputError
from govern.files import sha256_file

CALLS = [
    [("user", "안녕하세요, 번호는 공일공"), ("user", "일이삼사 오육칠팔입니다"), ("assistant", "확인하겠습니다.")],
    [("system", "You are a bank clerk."), ("user", "I am Mr John Smith, 415-555-2671"), ("assistant", "Welcome, Mr Smith.")],
    [("user", "금리는 얼마인가요?"), ("assistant", "연 3.5%입니다, 1년 만기 기준으로 안내드립니다.")],
]


def _messages(call, role="role", content="content"):
    return [{role: who, content: text} for who, text in call]


@pytest.fixture
def certified(tmp_path):
    """Certifies lines and gives the published frame and the claim."""

    def run(lines, name="x.jsonl", **changes):
        raw = tmp_path / "raw"
        raw.mkdir(exist_ok=True)
        (raw / name).write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), "utf-8")
        chosen = policy.load("default").by_rule()
        given = ((raw,), tmp_path / "out", chosen, chosen.suite, bytes(range(32)), date(2026, 1, 1))
        outcome = pipeline.certify(pipeline.Request(*given, **changes))
        files = sorted((outcome.folder / "documents").iterdir())
        return pl.concat([pl.read_parquet(file) for file in files]), outcome

    return run


def test_messages_ship_as_messages(certified):
    """Roles as they came, each turn masked, one tag for one number; the identity of the accounting holds."""
    frame, outcome = certified([{"id": str(n), "messages": _messages(call), "user": "u"} for n, call in enumerate(CALLS)])
    assert frame.columns == ["id", "messages", "lang", "source"]
    said = {tuple(turn["role"] for turn in row): [turn["content"] for turn in row] for row in frame["messages"].to_list()}
    assert said["user", "user", "assistant"] == [
        "안녕하세요, 번호는 <PHONE_NUMBER_1>", "<PHONE_NUMBER_1>입니다", "확인하겠습니다.",
    ]  # fmt: skip
    assert said["system", "user", "assistant"][1:] == ["I am Mr <PERSON_1>, <PHONE_NUMBER_1>", "Welcome, Mr <PERSON_1>."]
    counts = outcome.certificate.claim["accounting"]
    assert counts["in"] == 3 == counts["certified"] + sum(counts["dropped"].values()) + sum(counts["quarantined"].values())
    assert outcome.certificate.claim["corpus"]["columns"] == ["id", "messages", "lang", "source"]
    assert counts["columns_dropped"] == 1
    shard = next((outcome.folder / "documents").iterdir())
    texts = read_texts(CertifiedShard(shard, sha256_file(shard), 3))["text"].to_list()
    assert "금리는 얼마인가요?\n연 3.5%입니다, 1년 만기 기준으로 안내드립니다." in texts


@pytest.mark.parametrize("way", ["keys of others", "in a string", "another column", "parts of content"])
def test_ways_of_writing_messages(certified, way):
    """`from` and `value`, JSON in a string, a column of another name, content in parts."""
    made = [_messages(call) for call in CALLS]
    changes = {}
    if way == "keys of others":
        names = {"user": "human", "assistant": "gpt"}
        made = [_messages([(names.get(role, role), text) for role, text in call], "from", "value") for call in CALLS]
    if way == "in a string":
        made = [json.dumps(one, ensure_ascii=False) for one in made]
    if way == "parts of content":
        made = [[{**turn, "content": [{"type": "text", "text": turn["content"]}]} for turn in one] for one in made]
    column = "dialog" if way == "another column" else "messages"
    if way == "another column":
        from govern.sources import Columns

        changes = {"columns": Columns(text="dialog")}
    frame, _ = certified([{column: one} for one in made], **changes)
    roles = {tuple(turn["role"] for turn in row) for row in frame["messages"].to_list()}
    assert roles == {tuple(role for role, _ in call) for call in CALLS}


def test_prompts_and_completions_ship_apart(certified):
    """A name found in the prompt is masked in the completion, under the same tag."""
    lines = [
        {"prompt": f"고객 홍길동 님이 {n}번 창구에서 문의하신 내용을 요약", "completion": f"홍길동 고객이 {n}번 문의함."}
        for n in range(3)
    ]
    frame, _ = certified(lines)
    assert frame.columns == ["id", "prompt", "completion", "lang", "source"]
    assert sorted(frame["completion"]) == [f"<PERSON_1> 고객이 {n}번 문의함." for n in range(3)]


def test_conversations_that_differ_in_roles_alone_are_two(certified):
    """And the same one twice is a duplicate."""
    call = [("user", "적금 만기 이자는 언제 들어오나요?"), ("assistant", "만기일 다음 영업일에 입금됩니다.")]
    turned = [("assistant", call[0][1]), ("user", call[1][1])]
    frame, outcome = certified([{"messages": _messages(each)} for each in (call, turned, call)])
    assert frame.height == 2
    assert outcome.certificate.claim["accounting"]["dropped"] == {"exact_duplicate": 1}


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ({"messages": [{"role": "홍길동", "content": "네"}]}, "its role is not one that is known, and may be a name"),
        ({"messages": [{"role": "user", "content": None}]}, "message 1: its content is NoneType, expected text"),
        ({"messages": [{"role": "user", "content": [{"type": "image"}]}]}, "its content is list, expected text"),
        ({"messages": []}, "no list of messages with role and content"),
        ({"text": "plain"}, "no list of messages with role and content"),
    ],
    ids=["a speaker", "no content", "a picture", "empty", "another layout"],
)
def test_what_is_no_conversation_is_refused(certified, line, says):
    """A speaker's name is never published as a role; nothing is certified."""
    with pytest.raises(InputError, match=says):
        certified([{"messages": _messages(CALLS[0])}, line])


def test_the_cut_of_the_work_changes_no_byte(certified):
    """Shards of a document each."""
    lines = [{"id": str(n), "messages": _messages(call)} for n, call in enumerate(CALLS)]
    _, one = certified(lines)
    sums = (one.folder / "SHA256SUMS").read_bytes()
    one.folder.rename(one.folder.with_name("first"))
    one.folder.with_name("out.private").rename(one.folder.with_name("first.private"))
    _, two = certified(lines, work_bytes=1)
    assert (two.folder / "SHA256SUMS").read_bytes() == sums
