"""Chat templates: rendered as transformers renders them, and what the assistant says is found."""

import pytest

from tune import chat
from tune.errors import TuneError, TuneRefused

CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
INST = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles must alternate') }}{% endif %}"
    "{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] | trim + ' [/INST]' }}"
    "{% else %}{{ ' ' + message['content'] + eos_token }}{% endif %}{% endfor %}"
)
MARKED = (
    "{%- for message in messages -%}\n"
    "    {%- if message.role == 'assistant' -%}\n"
    "        {{- '<|assistant|>' -}}\n"
    "        {%- generation -%}{{- message.content + '<|end|>' -}}{%- endgeneration -%}\n"
    "    {%- else -%}{{- '<|' + message.role + '|>' + message.content + '<|end|>' -}}{%- endif -%}\n"
    "{%- endfor -%}\n"
    "{%- if add_generation_prompt -%}{{- '<|assistant|>' -}}{%- endif -%}"
)
FORGETS = (
    "{% for message in messages %}{% if message.role == 'assistant' and not loop.last %}A:{{ message.content[:3] }}\n"
    "{% else %}{{ message.role }}:{{ message.content }}\n{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}assistant:{% endif %}"
)
TOOLS = "{% if tools is not none %}T{% endif %}{% if documents %}D{% endif %}{{ messages | tojson(indent=1, sort_keys=true) }}"
SPECIAL = {"bos_token": "<s>", "eos_token": "</s>"}
TALK = (
    {"role": "user", "content": "대출 금리는?"},
    {"role": "assistant", "content": "연 4.5%입니다."},
    {"role": "user", "content": "  And the fee? "},
    {"role": "assistant", "content": "None."},
)


def said(template, messages):
    """What the assistant says, by the spans."""
    found = chat.Template(template, "t", SPECIAL).render(messages)
    return [found.text[start:end] for start, end in found.spans]


@pytest.mark.tune
@pytest.mark.parametrize("template", [CHATML, INST, MARKED, FORGETS, TOOLS])
@pytest.mark.parametrize("turns", [1, 2, 3, 4])
def test_a_conversation_reads_as_transformers_renders_it(template, turns):
    """The same text, character for character."""
    pytest.importorskip("transformers")
    from transformers.utils.chat_template_utils import render_jinja_template

    rendered, _ = render_jinja_template([list(TALK[:turns])], chat_template=template, **SPECIAL)
    assert chat.Template(template, "t", SPECIAL).render(TALK[:turns], all_of_it=True).text == rendered[0]


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        (CHATML, ["연 4.5%입니다.<|im_end|>\n", "None.<|im_end|>\n"]),
        (INST, [" 연 4.5%입니다.</s>", " None.</s>"]),
        (MARKED, ["연 4.5%입니다.<|end|>", "None.<|end|>"]),
    ],
)
def test_what_the_assistant_says_is_found_with_the_end_of_its_turn(template, expected):
    """So that the model learns to answer and to stop; the prompt's header is not learned."""
    assert said(template, TALK) == expected


def test_a_marked_template_s_spans_are_those_of_transformers():
    """The marks leave no trace in the text."""
    pytest.importorskip("transformers")
    from transformers.utils.chat_template_utils import render_jinja_template

    _, spans = render_jinja_template([list(TALK)], chat_template=MARKED, return_assistant_tokens_mask=True, **SPECIAL)
    assert list(chat.Template(MARKED, "t", SPECIAL).render(TALK).spans) == [tuple(one) for one in spans[0]]


def test_a_template_that_forgets_is_refused_only_where_it_matters():
    """It rewrites earlier turns, so spans cannot be told; all of it can be learned."""
    template = chat.Template(FORGETS, "t.jinja", SPECIAL)
    assert template.render(TALK[:2]).spans
    with pytest.raises(TuneRefused, match=r"t\.jinja: a turn changes what the template makes of the turns before"):
        template.render(TALK)
    assert template.render(TALK, all_of_it=True).spans is None


def test_a_conversation_that_the_template_refuses_is_none():
    """Two turns of a user, in a template of alternating roles."""
    assert chat.Template(INST, "t", SPECIAL).render((TALK[0], TALK[2])) is None


def test_a_conversation_that_holds_the_marks_is_none():
    """It could move what is learned."""
    for content in (f"a{chat.CLOSES}b{chat.OPENS}c", "ok\ue000", "\uf8ff"):
        talk = (TALK[0], {"role": "assistant", "content": content}, TALK[2])
        assert chat.Template(MARKED, "t", SPECIAL).render(talk) is None


def test_one_mark_inside_another_is_refused():
    """What is learned could not be told."""
    nested = "{% generation %}a{% generation %}b{% endgeneration %}{% endgeneration %}"
    assert chat.Template(nested, "t", SPECIAL).render(TALK) is None


def test_a_variable_called_generation_marks_nothing():
    """Only the tags do."""
    source = "{% set generation = 1 %}" + CHATML
    assert len(chat.Template(source, "t", SPECIAL).render(TALK).spans) == 2


@pytest.mark.parametrize(
    "source",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ messages.append(1) }}",
        "{{ strftime_now('%d') }}",
        "{% for one in range(10**9) %}{{ one }}{% endfor %}",
        "{{ messages[7].content }}",
        "{{ 1 / 0 }}",
        "{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}",
        "{{ 'a' * 10 ** 14 }}",
        "{{ contnet.strip() }}",
        "{{ messages | dictsort }}",
    ],
)
def test_a_template_reaches_nothing_outside_and_no_clock(source):
    """The sandbox refuses, and the conversation is dropped rather than rendered in part."""
    found = chat.Template(source, "t", SPECIAL).render(TALK)
    assert found is None or found.text == ""


def test_a_template_is_found_in_each_of_its_places(tmp_path):
    """A file that the recipe names, the tokenizer's own file, its config, a list of named ones there."""
    with pytest.raises(TuneError, match="no chat template"):
        chat.find(tmp_path, None, SPECIAL)
    (tmp_path / chat.CONFIG).write_text('{"chat_template": [{"name": "tool_use", "template": "a"}]}', "utf-8")
    with pytest.raises(TuneError, match="no chat template"):
        chat.find(tmp_path, None, SPECIAL)
    found = []
    (tmp_path / chat.CONFIG).write_text('{"chat_template": [{"name": "default", "template": "b"}]}', "utf-8")
    found.append(chat.find(tmp_path, None, SPECIAL))
    (tmp_path / chat.CONFIG).write_text('{"chat_template": "c"}', "utf-8")
    found.append(chat.find(tmp_path, None, SPECIAL))
    (tmp_path / chat.FILE).write_text("d", "utf-8")
    found.append(chat.find(tmp_path, None, SPECIAL))
    (tmp_path / "mine").write_text("e", "utf-8")
    found.append(chat.find(tmp_path, tmp_path / "mine", SPECIAL))
    assert [one.render(TALK, all_of_it=True).text for one in found] == ["b", "c", "d", "e"]
    assert len({one.digest for one in found}) == 4


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"{% if %}", "line 1: not a template"),
        (b"\xff", "not UTF-8"),
        (b"{% break %}", "not a template"),
        (b"{{ messages | random }}", "line 1: not a template"),
        (b"{% for a in b %}" * 30 + b"{% endfor %}" * 30, "not a template"),
    ],
)
def test_a_file_that_is_no_template_is_a_sentence(tmp_path, data, sentence):
    """With the file, and the line."""
    (tmp_path / "mine").write_bytes(data)
    with pytest.raises(TuneError, match=f"mine: {sentence}"):
        chat.find(tmp_path, tmp_path / "mine", SPECIAL)
    with pytest.raises(TuneError, match="No such file"):
        chat.find(tmp_path, tmp_path / "other", SPECIAL)
