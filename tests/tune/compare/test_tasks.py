"""Task files: each format is read as it is published, in English and Korean, and what is wrong is said with its row."""

import json
import os
import re
from collections import Counter
from pathlib import Path

import pytest

from tune.compare.answers import matches, normal
from tune.compare.prompts import WORDINGS
from tune.compare.tasks import FORMATS, KINDS, read, some_rows
from tune.errors import TuneError

SHARED = Path(__file__).parents[4] / "shared" / "data"
TOML = """
name = "risk"
format = "labels"
file = "risk.jsonl"
text = "memo"
label = "level"

[labels]
high = { en = "high", ko = "높음" }
low = { en = "low", ko = "낮음" }

[prompts]
en = "Memo: {text}\\nIs the risk high or low?\\nAnswer:"
ko = "메모: {text}\\n위험은 높음, 낮음 가운데 무엇인가?\\n답:"
"""
RISKS = [{"memo": "The covenant was waived.", "level": "high"}, {"memo": "담보가 충분하다.", "level": "low"}]
TABLE = [["", "2019", "2018"], ["Sales", "$ 12.5", "$ 10.0"]]


def lines(path: Path, rows: list) -> str:
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n", encoding="utf-8")
    return str(path)


@pytest.fixture
def risk(tmp_path):
    """A function that writes a described task with other rows or another description."""

    def make(rows: list = RISKS, toml: str = TOML) -> str:
        lines(tmp_path / "risk.jsonl", rows)
        (tmp_path / "risk.toml").write_text(toml, encoding="utf-8")
        return str(tmp_path / "risk.toml")

    return make


def test_a_described_file_is_read_in_both_languages(risk):
    """Each row gets the prompt and the completions of its language; files are known by their digest."""
    task = read(risk())
    assert (task.name, task.kind, task.labels) == ("risk", "labels", ("high", "low"))
    english, korean = task.items
    assert english.prompt == "Memo: The covenant was waived.\nIs the risk high or low?\nAnswer:"
    assert (english.options, english.answer, english.lang) == ((" high", " low"), 0, "en")
    assert (korean.options, korean.answer, korean.lang) == ((" 높음", " 낮음"), 1, "ko")
    assert [name for name, _ in task.files] == ["risk.toml", "risk.jsonl"]
    assert all(re.fullmatch("sha256:[0-9a-f]{64}", digest) for _, digest in task.files)


def test_text_is_put_into_a_prompt_as_it_stands(risk):
    """A text that spells a place, or a language that is stated, changes nothing else."""
    task = read(risk([{"memo": "{text} {label} %s", "level": "low", "lang": "ko"}, RISKS[0]]))
    assert task.items[0].prompt.startswith("메모: {text} {label} %s\n")


@pytest.mark.parametrize(
    ("file", "rows", "named"),
    [
        ("a.jsonl", [{"text": "Up.", "text_ko": "상승.", "label": "positive"},
                      {"text": "Down.", "text_ko": "하락.", "label": "negative"}], ""),
        ("a.csv", 'labels,sentence,kor_sentence\npositive,Up.,상승.\nnegative,"Down, down.",하락.\n', ""),
        ("a.txt", "Up.@positive\nDown at me@home.@negative\n", ""),
        ("a.csv", "sentence,label\nUp.,2\nDown.,0\n", "phrasebank:"),
    ],
)  # fmt: skip
def test_phrasebank_is_read_in_each_of_its_forms(tmp_path, file, rows, named):
    """JSON Lines, the table with a Korean column, and the lines of the original."""
    if isinstance(rows, str):
        (tmp_path / file).write_text(rows, encoding="utf-8")
    else:
        lines(tmp_path / file, rows)
    task = read(f"{named}{tmp_path / file}")
    assert task.format == "phrasebank"
    assert [item.answer for item in task.items if item.lang == "en"] == [0, 2]
    korean = [item for item in task.items if item.lang == "ko"]
    if korean:
        assert [item.options for item in korean] == [(" 긍정", " 중립", " 부정")] * 2
        assert len({item.group for item in task.items}) == 2  # a translation is no text of its own
        assert "하락." in korean[1].prompt


def test_phrasebank_lines_may_be_latin_1(tmp_path):
    """The original is in ISO 8859-1."""
    (tmp_path / "Sentences_50Agree.txt").write_bytes(
        "Nokia myi 5 % enemmän .@positive\nTappio .@negative\n".encode("iso-8859-1")
    )
    assert "enemmän" in read(str(tmp_path / "Sentences_50Agree.txt")).items[0].prompt


@pytest.mark.parametrize("label", ["hawkish", 1, "1"])
def test_fomc_labels_are_words_or_numbers(tmp_path, label):
    """0 dovish, 1 hawkish, 2 neutral, as the set has them."""
    other = {"text": "Unchanged.", "label": "neutral", "label_id": 2}
    path = lines(tmp_path / "fomc.jsonl", [{"text": "Rates will rise.", "label": label, "label_id": 1}, other])
    task = read(path)
    assert task.format == "fomc"
    assert task.items[0].answer == task.labels.index("hawkish")


def test_fomc_is_read_from_a_table(tmp_path):
    """`sentence`, `year` and a number."""
    (tmp_path / "f.csv").write_text("index,sentence,year,label\n0,Rates will rise.,2020,1\n1,Rates will fall.,2021,0\n")
    assert [item.answer for item in read(str(tmp_path / "f.csv")).items] == [1, 0]


@pytest.mark.parametrize("published", [True, False])
def test_sentfin_asks_for_each_entity_of_a_headline(tmp_path, published):
    """Items of one headline are one group; the entity stands in the prompt."""
    if published:
        text = 'S No.,Title,Decisions,Words\n1,Gold up and silver down,"{""Gold"": ""positive"", ""Silver"": ""negative""}",5\n'
        (tmp_path / "s.csv").write_text(text)
        task = read(str(tmp_path / "s.csv"))
    else:
        entities = [{"name": "Gold", "sentiment": "positive"}, {"name": "Silver", "sentiment": "negative"}]
        task = read(lines(tmp_path / "s.jsonl", [{"text": "Gold up and silver down", "entities": entities}]))
    assert task.format == "sentfin"
    assert [item.answer for item in task.items] == [0, 2]
    assert "for Silver?" in task.items[1].prompt
    assert len({item.group for item in task.items}) == 1


@pytest.mark.parametrize("form", ["published", "joined", "inside"])
def test_tatqa_is_read_with_its_contexts(tmp_path, form):
    """The published file, questions beside a file of contexts, and questions with their own: one prompt."""
    paragraphs = ["Second.", "First."]
    asked = {"question": "What were sales in 2019?", "answer": ["12.5"], "answer_type": "span", "scale": "million"}
    if form == "published":
        ordered = [{"uid": "b", "order": 2, "text": "First."}, {"uid": "a", "order": 1, "text": "Second."}]
        whole = [{"table": {"uid": "t", "table": TABLE}, "paragraphs": ordered, "questions": [asked]}]
        (tmp_path / "t.json").write_text(json.dumps(whole))
        argument = str(tmp_path / "t.json")
    elif form == "joined":
        lines(tmp_path / "q.jsonl", [{**asked, "context_id": "c", "answer": '["12.5"]'}])
        lines(tmp_path / "c.jsonl", [{"id": "c", "paragraphs": paragraphs, "table": TABLE, "text": "…"}])
        (tmp_path / "t.toml").write_text('name = "t"\nformat = "tatqa"\nfile = "q.jsonl"\ncontexts = "c.jsonl"\n')
        argument = str(tmp_path / "t.toml")
    else:
        argument = lines(tmp_path / "q.jsonl", [{**asked, "paragraphs": paragraphs, "table": TABLE}])
    task = read(argument)
    (item,) = task.items
    assert (task.format, task.kind) == ("tatqa", "answers")
    assert item.prompt.startswith("Second.\nFirst.\n\n\t2019\t2018\nSales\t$ 12.5\t$ 10.0\n\n")
    assert item.prompt.endswith("Question: What were sales in 2019?\nAnswer:")
    assert item.accepted == (normal(["12.5"], "million"),)


def test_neutral_options_and_answers_are_read(tmp_path):
    """Options of their own in each row, or answers of which any counts; a Korean question gets Korean words."""
    options = read(
        lines(tmp_path / "o.jsonl", [{"prompt": "2 + 2 =", "options": [" 3", " 4"], "answer": 1, "group": "sums"}])
    )
    assert (options.kind, options.labels, options.items[0].answer) == ("options", (), 1)
    assert options.items[0].options == (" 3", " 4")
    rows = [
        {"question": "기준금리는?", "context": "금통위는 3.5%로 동결했다.", "answers": ["3.5%", "삼 점 오"]},
        {"prompt": "Q:", "answers": ["x"]},
    ]
    answers = read(lines(tmp_path / "a.jsonl", rows))
    assert answers.kind == "answers"
    assert answers.items[0].prompt == "금통위는 3.5%로 동결했다.\n\n짧게 답하라.\n질문: 기준금리는?\n답:"
    assert len(answers.items[0].accepted) == 2
    assert answers.items[1].prompt == "Q:"


def test_every_format_has_a_kind_and_every_wording_is_in_both_languages():
    """No format is half known."""
    assert set(KINDS) == set(FORMATS)
    for wording in WORDINGS.values():
        assert set(wording.prompts) == {"en", "ko"}
        assert all(set(words) == {"en", "ko"} for words in wording.labels.values())


def test_rows_are_chosen_evenly_and_whole(tmp_path):
    """Both languages of a row stay together."""
    rows = [{"text": f"T{at}.", "text_ko": f"문{at}.", "label": ("positive", "negative")[at % 2]} for at in range(10)]
    task = some_rows(read(lines(tmp_path / "p.jsonl", rows)), 4)
    assert [item.row for item in task.items] == [0, 0, 2, 2, 5, 5, 7, 7]
    assert task.rows == 4
    assert some_rows(task, 99) == task
    assert some_rows(task, None) == task


GOOD = {"text": "A secret.", "label": "neutral", "label_id": 2}


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("a.jsonl", "", "empty; give a file with items"),
        ("a.jsonl", "\n\n", "empty; give a file with items"),
        ("a.jsonl", "secret", "row 1: not valid JSON"),
        ("a.jsonl", "[1]", "row 1: not a JSON object"),
        ("a.jsonl", '{"text": 1e999}', "keys are those of no known format"),
        ("fomc:a.jsonl", [GOOD, {"text": "secret", "label": "secret"}], "row 2: a label that the task does not have"),
        ("fomc:a.jsonl", [GOOD, GOOD], "every item has the same label"),
        ("fomc:a.jsonl", [{"label": "neutral"}], "row 1: no key 'text'"),
        ("fomc:a.jsonl", [{"text": "secret"}], "row 1: no key 'label'"),
        ("fomc:a.jsonl", [{"text": " ", "label": "neutral"}], "'text' is not text, or empty"),
        ("fomc:a.jsonl", [{"text": 7, "label": "neutral"}], "'text' is not text, or empty"),
        ("fomc:a.jsonl", '{"text": "secret \\ud800", "label": "neutral"}', "half a character"),
        ("fomc:a.jsonl", [{"text": "secret", "label": True}], "'label' is not text"),
        ("a.jsonl", [{"text": "secret", "label": "up"}], "keys are those of no known format"),
        ("labels:a.jsonl", [GOOD], "write a TOML file"),
        ("sentfin:a.jsonl", [{"text": "secret", "entities": []}], "no list 'entities'"),
        ("sentfin:a.jsonl", [{"text": "secret", "entities": [{"name": "x"}]}], "no key 'sentiment'"),
        ("a.csv", "S No.,Title,Decisions,Words\n1,secret,no JSON,5\n", "row 1: its decisions are not JSON"),
        ("a.csv", "sentence,year,label\nsecret\n", "row 1: more or fewer cells"),
        ("a.csv", "sentence,year,label\nsecret,1,2,3\n", "row 1: more or fewer cells"),
        ("a.csv", 'sentence,year,label\n"secret,1,2\n', "not a table in CSV"),
        ("a.txt", "no label here\n", "row 1: not 'sentence@label'"),
        ("options:a.jsonl", [{"prompt": "secret", "options": [" a"], "answer": 0}], "'options' is not a list"),
        ("options:a.jsonl", [{"prompt": "secret", "options": [" a", " a"], "answer": 0}], "two options are the same"),
        ("options:a.jsonl", [{"prompt": "secret", "options": [" a", " b"], "answer": 2}], "'answer' is not a number"),
        ("options:a.jsonl", [{"prompt": "secret", "options": [" a", " b"], "answer": True}], "'answer' is not a number"),
        ("answers:a.jsonl", [{"question": "secret", "answers": []}], "'answers' is not a list"),
        ("tatqa:a.jsonl", [{"question": "secret", "answer": ["1"], "context_id": "c"}], "its table stands in another file"),
        ("tatqa:a.jsonl", [{"question": "secret", "answer": None, "table": TABLE}], "'answer' is neither text"),
        ("tatqa:a.jsonl", [{"question": "secret", "answer": ["."], "table": TABLE}], "'answer' is empty"),
        ("tatqa:a.jsonl", [{"question": "secret", "answer": ["1"], "table": TABLE, "scale": "dozen"}], "a scale that TAT-QA"),
        ("tatqa:a.jsonl", [{"question": "secret", "answer": ["1"], "table": ["secret"]}], "'table' is not a list"),
        ("tatqa:a.jsonl", [{"question": "secret", "answer": ["1"], "table": [], "paragraphs": []}], "neither paragraphs"),
        ("a.json", "{}", "not a list of contexts"),
        ("a.json", '[{"table": []}]', "no list 'questions'"),
        ("a.jsonl", b"PAR1\x00\xffsecret", "not text (Parquet"),
        ("a.jsonl", b'{"text": "\xff"}', "is not UTF-8"),
        ("a.jsonl", b"\xef\xbb\xbf", "empty; give a file with items"),
        ("a.json", b"\xef\xbb\xbf", "empty; give a file with items"),
        ("a.csv", b"\xef\xbb\xbf", "empty; give a file with items"),
        ("fomc:a.jsonl", f"{json.dumps(GOOD)}\n\n{json.dumps(GOOD)}\n", "row 2: a blank line; remove it"),
        ("fomc:a.csv", "text,label, text\na,hawkish,secret\n", "two columns have one name (column 1)"),
        ("tatqa:a.jsonl", '{"question": "q", "answer": ["1"], "paragraphs": ["secret \\ud800"]}', "'paragraphs' holds half a"),
        ("tatqa:a.jsonl", '{"question": "q", "answer": ["1"], "table": [["secret \\udfff"]]}', "'table' holds half a"),
        ("tatqa:a.jsonl", [{"question": "q", "answer": ["1"], "table": TABLE, "context_id": 1.5}], "'context_id' is neither"),
        ("fomc:a.jsonl", [{**GOOD, "group": 1.0}], "row 1: 'group' is neither text nor a whole number"),
        ("fomc:a.jsonl", [{**GOOD, "group": None}], "row 1: 'group' is neither text nor a whole number"),
        ("fomc:a.jsonl", [{**GOOD, "group": True}], "row 1: 'group' is neither text nor a whole number"),
        ("answers:a.jsonl", [{"question": "secret", "answers": ["1", "..."]}], "nothing but full stops"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_a_sentence(tmp_path, name, data, says):
    """The file and the row are named, and nothing that stands in it."""
    form, _, file = name.rpartition(":")
    path = tmp_path / file
    if isinstance(data, list):
        lines(path, data)
    elif isinstance(data, str):
        path.write_text(data, encoding="utf-8")
    else:
        path.write_bytes(data)
    with pytest.raises(TuneError) as caught:
        read(f"{form}:{path}" if form else str(path))
    assert says in str(caught.value)
    assert file in str(caught.value)
    assert "secret" not in str(caught.value).lower()
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ('name = "risk"', 'name = "risk"\nshots = 3', "key 'shots' is not one a task has"),
        ('name = "risk"\n', "", "key 'name' is missing"),
        ('"labels"\n', '"ranking"\n', "key 'format'"),
        ('name = "risk"', 'name = "<b>"', "key 'name'"),
        ('file = "risk.jsonl"', 'file = "none.jsonl"', "none.jsonl: No such file"),
        ("{text}\\nIs", "Is", "prompts.en has no {text}"),
        ("or low?\\nAnswer:", "or low?\\nAnswer: ", "prompts.en ends with white space"),
        ('ko = "낮음"', 'ko = "높음"', "two labels have the same words for 'ko'"),
        ('ko = "낮음"', 'fr = "bas"', "a label has no words for 'ko'"),
        ('ko = "메모', 'fr = "메모', "prompts has 'fr'"),
        ("high = {", "= {", "not valid TOML"),
        ('low = { en = "low", ko = "낮음" }', "", "1 labels, expected 2 to 100"),
        (
            '"labels"\nfile = "risk.jsonl"\ntext = "memo"\nlabel = "level"',
            '"options"\nfile = "risk.jsonl"',
            "has its prompts and options",
        ),
        (
            '"labels"\nfile = "risk.jsonl"\ntext = "memo"\nlabel = "level"',
            '"tatqa"\nfile = "risk.jsonl"',
            "has no labels",
        ),
        ('"labels"\nfile', '"answers"\nfile', "key 'label' is of format 'labels'"),
        (
            'name = "risk"',
            'name = "risk"\ncontexts = "risk.jsonl"',
            "key 'contexts' is of format 'tatqa', not of 'labels'",
        ),
        ('file = "risk.jsonl"', 'file = "a\\u0000b"', "no name that a file can have"),
        ('file = "risk.jsonl"', 'file = "."', "not a plain file"),
    ],
)
def test_a_description_that_is_wrong_is_a_sentence(risk, before, after, says):
    """The key is named."""
    assert before in TOML
    with pytest.raises(TuneError, match=re.escape(says)):
        read(risk(toml=TOML.replace(before, after)))


def test_contexts_of_the_published_file_stand_in_it(tmp_path):
    """A second file would be ignored, so it is refused; a NUL in its name is a sentence too."""
    for file, contexts, says in (
        ("t.json", "c.jsonl", "holds its contexts"),
        ("t.jsonl", "a\\u0000", "no name that a file"),
    ):
        (tmp_path / file).write_text("[]")
        text = f'name = "t"\nformat = "tatqa"\nfile = "{file}"\ncontexts = "{contexts}"\n'
        (tmp_path / "t.toml").write_text(text)
        with pytest.raises(TuneError, match=says):
            read(str(tmp_path / "t.toml"))


def test_what_is_no_plain_file_is_refused_and_not_waited_for(tmp_path):
    """A pipe that nobody writes to, a device without an end, a name that is not UTF-8."""
    os.mkfifo(tmp_path / "pipe.jsonl")
    for path in (str(tmp_path / "pipe.jsonl"), f"options:{tmp_path / 'pipe.jsonl'}", "/dev/zero", str(tmp_path)):
        with pytest.raises(TuneError, match=r"not a plain file") as caught:
            read(path)
        assert caught.value.exit_code == 2
    with pytest.raises(TuneError, match=r"\\udcff\\udcfe.*not UTF-8; rename the file"):
        read(f"{tmp_path}/\udcff\udcfe.jsonl")


def test_a_large_cell_of_a_table_is_read(tmp_path):
    """The library's own limit is 128 KiB."""
    (tmp_path / "f.csv").write_text(f'sentence,year,label\n"{"a" * 200_000}",2020,1\nRates fall.,2021,0\n')
    assert len(read(str(tmp_path / "f.csv")).items[0].prompt) > 200_000


def test_rows_about_one_text_are_one_group_by_text_or_number(tmp_path):
    """A number and its text are one name; a blank cell is none; in TAT-QA a group counts before the context."""
    rows = [
        {**GOOD, "label": label, "group": group} for label, group in (("neutral", 7), ("dovish", "7"), ("dovish", ""))
    ]
    items = read("fomc:" + lines(tmp_path / "f.jsonl", rows)).items
    assert items[0].group == items[1].group != items[2].group
    asked = {"question": "q", "answer": ["1"], "table": TABLE}
    kinds = [{"context_id": 3}, {"context_id": "3"}, {"group": "a", "context_id": 3}, {"group": "a"}, {}]
    groups = [
        item.group for item in read("tatqa:" + lines(tmp_path / "t.jsonl", [{**asked, **one} for one in kinds])).items
    ]
    assert groups[0] == groups[1]
    assert groups[2] == groups[3]
    assert len({*groups}) == 3
    lines(tmp_path / "c.jsonl", [{"id": 3, "table": TABLE}])
    lines(tmp_path / "q.jsonl", [{"question": "q", "answer": ["1"], "context_id": "3"}])
    (tmp_path / "t.toml").write_text('name = "t"\nformat = "tatqa"\nfile = "q.jsonl"\ncontexts = "c.jsonl"\n')
    assert len(read(str(tmp_path / "t.toml")).items) == 1


@pytest.mark.parametrize("answer", ["true", "null", "NaN", '{"a": 1}', "12.50"])
def test_an_answer_that_looks_like_json_is_the_text_it_is(tmp_path, answer):
    """Lists alone are published as JSON in a text."""
    (item,) = read("tatqa:" + lines(tmp_path / "t.jsonl", [{"question": "q", "answer": answer, "table": TABLE}])).items
    assert item.accepted == (normal([answer]),)


def test_a_language_without_a_prompt_is_a_sentence(risk):
    """A Korean row in a task that asks in English only."""
    toml = re.sub(r'ko = "메모.*\n', "", TOML)
    with pytest.raises(TuneError, match=r"row 2: its language is 'ko', and the task has no prompt in it"):
        read(risk(toml=toml))


def test_the_examples_of_the_guide_are_read(tmp_path):
    """Each file of the guide, as it stands there, in both languages; and the guide names every format."""
    guide = (Path(__file__).parents[3] / "docs/compare.md").read_text("utf-8")
    blocks = dict(re.findall(r"`([a-z]+\.(?:jsonl|toml))`:\n\n```\w+\n(.*?)```", guide, re.DOTALL))
    assert set(blocks) == {"options.jsonl", "answers.jsonl", "risk.toml", "risk.jsonl"}
    for name, text in blocks.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    for name, kind in (("options.jsonl", "options"), ("answers.jsonl", "answers"), ("risk.toml", "labels")):
        task = read(str(tmp_path / name))
        assert task.kind == kind
        assert [item.lang for item in task.items] == ["en", "ko"]
    assert all(f"`{form}`" in guide for form in FORMATS)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("file", "items", "langs"),
    [
        ("eval/phrasebank_en_ko.dev.jsonl", 1094, {"en": 547, "ko": 547}),
        ("eval/fomc_stance_en.dev.jsonl", 274, {"en": 274}),
        ("eval/sentfin_headlines_en.dev.jsonl", 1656, {"en": 1656}),
    ],
)
def test_the_real_sets_are_read(file, items, langs):
    """Every row of the development parts, recognised by its keys."""
    if not SHARED.is_dir():
        pytest.skip("the shared data are not here")
    task = read(str(SHARED / file))
    assert len(task.items) == items
    assert Counter(item.lang for item in task.items) == langs


@pytest.mark.shared
def test_the_real_tatqa_questions_are_read(tmp_path):
    """All questions find their context, and each gold answer is right by the measure."""
    if not SHARED.is_dir():
        pytest.skip("the shared data are not here")
    questions, contexts = SHARED / "eval/tatqa_qa_en.dev.jsonl", SHARED / "text_en/tatqa_contexts_en.dev.jsonl"
    (tmp_path / "t.toml").write_text(f'name = "t"\nformat = "tatqa"\nfile = "{questions}"\ncontexts = "{contexts}"\n')
    task = read(str(tmp_path / "t.toml"))
    assert len(task.items) == 1668
    assert len({item.group for item in task.items}) == 278
    for row, item in zip(questions.read_text("utf-8").splitlines(), task.items, strict=True):
        asked = json.loads(row)
        answer = json.loads(asked["answer"])
        parts = [str(one) for one in (answer if isinstance(answer, list) else [answer])]
        scale = asked["scale"]
        spoken = "; ".join(part if scale in part or "%" in part else f"{part} {scale}" for part in parts)
        if all(part.strip() and ";" not in part for part in parts):
            assert matches(spoken, item.accepted), item.index
