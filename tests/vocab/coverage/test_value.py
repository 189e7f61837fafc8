"""The value of a report against numbers that are counted the plain way: document by document, word by word, token by token."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from govern.attestation import CertifiedCorpus
from tests.vocab.conftest import ENGLISH, KOREAN
from vocab import numbers, report
from vocab.coverage import cover, covering, desk, thresholds
from vocab.coverage.aligned import Aligned
from vocab.coverage.counts import PAGE_CHARACTERS, WINDOWS
from vocab.coverage.covering import Covered
from vocab.coverage.readers import Reader
from vocab.coverage.value import to_json
from vocab.extend import extend
from vocab.term_lists import parse, terms_of
from vocab.trials import made_up

from .made_corpora import Document, Writer, certified
from .made_tokenizers import counted, write_all
from .plain_way import by_format, by_run, by_term, places, tokens_over

ADDED = parse("EBITDA\n기준금리\n영업이익\nmortgage\ncollateral\n억원\n".encode(), "added")
KOREAN_ADDED = parse("기준금리\n영업이익\n억원\n".encode(), "korean")
LIST = parse(
    "EBITDA\n기준금리\n영업이익\nmortgage\ncollateral\n대출금리\nnet interest margin\nabsent\n은행\n".encode(), "list"
)
TERMS = terms_of([LIST])
WORD, NUMBER = "Zyxquorl", "7395182"
"""Stand in many documents, and in no list."""
DOCUMENTS = (
    *(Document(f"{text} {WORD} paid {NUMBER}.", "en", "filings", "report") for text in ENGLISH[:20]),
    *(Document(f"{text} The net interest margin was 3.5%.", "en", "speeches", "speech") for text in ENGLISH[20:30]),
    *(Document(f"{text} {WORD} 기준금리 영업이익 {NUMBER}원", "ko", "press", "report") for text in KOREAN[:20]),
    Document("collateral " * 6000 + "mortgage", "en", "filings", "report"),
    Document("Le rendement fut de 4,5%.", "fr", "speeches", "memo"),
    Document("", "ko", "press", "report"),
    *(Document(text, "en", "filings", "report", "held-out") for text in ENGLISH[50:53]),
    *(Document(text, "ko", "press", "speech", "held-out") for text in KOREAN[50:53]),
)
PAIRS = (
    ("The bank repaid.", "은행이 갚았다."),
    ("Rates rose.", "금리가 올랐다."),
    ("EBITDA fell.", "EBITDA가 줄었다."),
)
ADDITIVE = (
    "documents", "text_bytes", "characters", "words", "tokens", "unknown_tokens", "byte_tokens", "partial_tokens",
    "divided_characters", "lost_characters",
)  # fmt: skip
Value = dict[str, Any]


@pytest.fixture(autouse=True)
def _fewer_trials(monkeypatch: pytest.MonkeyPatch) -> None:
    """The proof on fewer texts, but for what is covered once for this whole file."""
    monkeypatch.setattr(covering, "made_up", lambda terms: made_up(terms)[:200])


@pytest.fixture(scope="module")
def world(
    tmp_path_factory: pytest.TempPathFactory,
    keys: Path,
    corpus_writer: Writer,
    base_folder: Path,
    corpus: CertifiedCorpus,
) -> tuple[CertifiedCorpus, Covered]:
    """A corpus with types, covered by the small base, two extensions of it, and a model that is read by whole documents."""
    folder = tmp_path_factory.mktemp("world")
    made = certified(folder / "corpus", keys, corpus_writer, DOCUMENTS)
    paths = [
        base_folder,
        extend(base_folder, corpus, [ADDED], folder / "portable").folder,
        write_all([*ENGLISH, *KOREAN], folder)["unigram.model"],
        extend(base_folder, corpus, [KOREAN_ADDED], folder / "korean", digits="r2l3").folder,
    ]
    return made, cover(paths, made, TERMS, aligned=Aligned("pairs", "0" * 64, PAIRS))


@pytest.fixture(scope="module")
def covered(world: tuple[CertifiedCorpus, Covered]) -> Covered:
    """What was counted."""
    return world[1]


@pytest.fixture(scope="module")
def value(world: tuple[CertifiedCorpus, Covered]) -> Value:
    """The value of the report."""
    return to_json(world[0], [LIST], world[1])


def slices(value: Value, at: int) -> dict[str, Value]:
    """The slices of a tokenizer by name."""
    return {one["slice"]: one for one in value["tokenizers"][at]["slices"]}


def every(value: Value) -> Iterator[tuple[int, str, Value]]:
    """Each tokenizer and slice."""
    for at in range(len(value["tokenizers"])):
        for name, one in slices(value, at).items():
            yield at, name, one


def texts_in(name: str) -> list[str]:
    """The texts of the slice of that name."""
    kind, _, which = name.partition(":")
    if name in ("all", "held-out"):
        return [one.text for one in DOCUMENTS if name == "all" or one.part == name]
    return [one.text for one in DOCUMENTS if getattr(one, kind) == which]


def ppm(above: float, below: float) -> int | None:
    return round(above / below * 1_000_000) if below else None


def test_slices_are_all_languages_sources_types_and_what_was_held_out(value: Value) -> None:
    """Each in the order of its names."""
    names = [
        "all", "lang:en", "lang:fr", "lang:ko", "source:filings", "source:press", "source:speeches", "type:memo",
        "type:report", "type:speech", "held-out",
    ]  # fmt: skip
    assert [[*slices(value, at)] for at in range(4)] == [names] * 4
    assert value["corpus"]["documents"] == sum(one.part == "documents" for one in DOCUMENTS)
    assert value["corpus"]["held_out"] == 6


def test_slices_of_a_kind_add_up_to_all(value: Value) -> None:
    """Whatever is counted, for every tokenizer."""
    for at in range(4):
        found = slices(value, at)
        for kind in ("lang:", "source:", "type:"):
            parts = [one for name, one in found.items() if name.startswith(kind)]
            for name in ADDITIVE:
                assert sum(one[name] for one in parts) == found["all"][name], (kind, name)
            for part in ("terms", "all_numbers"):
                for name in (key for key in found["all"][part] if not key.endswith("_ppm")):
                    assert sum(one[part][name] for one in parts) == found["all"][part][name], (kind, part, name)


def test_sizes_are_those_of_the_documents(value: Value) -> None:
    """Bytes, code points, words between white space."""
    for _, name, one in every(value):
        texts = texts_in(name)
        assert one["documents"] == len(texts)
        assert one["text_bytes"] == sum(len(text.encode()) for text in texts)
        assert one["characters"] == sum(map(len, texts))
        assert one["words"] == sum(len(text.split()) for text in texts)


def test_tokens_and_ratios_are_those_of_whole_documents(value: Value, covered: Covered) -> None:
    """With what was saved against the first tokenizer, and the documents that became shorter or longer by it."""
    for at, name, one in every(value):
        documents = texts_in(name)
        first, own = (
            [len(ids) for ids in covered.readers[which].ids(documents, inside=False)] if documents else []
            for which in (0, at)
        )
        tokens, saved = sum(own), sum(first) - sum(own)
        assert one["tokens"] == tokens
        assert one["bytes_per_token_ppm"] == ppm(one["text_bytes"], tokens)
        assert one["characters_per_token_ppm"] == ppm(one["characters"], tokens)
        assert one["fertility_ppm"] == ppm(tokens, one["words"])
        assert one["against_first"] == {
            "tokens_saved": saved,
            "saved_ppm": ppm(saved, sum(first)),
            "relative_cost_ppm": ppm(tokens, sum(first)),
            "documents_shorter": sum(mine < theirs for mine, theirs in zip(own, first, strict=True)),
            "documents_longer": sum(mine > theirs for mine, theirs in zip(own, first, strict=True)),
        }
        whole = [sum(size <= window for size in own) for window in WINDOWS]
        pages = [ppm(window * one["characters"], tokens * PAGE_CHARACTERS) for window in WINDOWS]
        assert one["windows"] == [
            {"tokens": window, "pages_ppm": page, "whole_documents": fits}
            for window, page, fits in zip(WINDOWS, pages, whole, strict=True)
        ]
    whole = [slices(value, at)["all"]["windows"][0]["whole_documents"] for at in range(4)]
    assert [len(DOCUMENTS) - count for count in whole] == [1, 0, 1, 1]
    assert slices(value, 1)["all"]["against_first"]["tokens_saved"] > 1000


def test_ids_are_counted_one_by_one(value: Value, covered: Covered) -> None:
    """Distinct ones, their share of the vocabulary, how even their use is, how rare the rare are."""
    for at, name, one in every(value):
        reader = covered.readers[at]
        counts = counted(reader, texts_in(name))
        total, size = counts.total(), reader.vocab_size
        powers = math.fsum((count / total) ** 2.5 for count in counts.values())
        by_rank = sorted(counts.values(), reverse=True)
        assert one["ids"]["used"] == len(counts)
        assert one["ids"]["utilisation_ppm"] == ppm(len(counts), size)
        assert one["ids"]["renyi_ppm"] == pytest.approx(math.log(powers) / -1.5 / math.log(size) * 1e6, abs=1)
        assert one["ids"]["at_95"] == by_rank[math.ceil(len(counts) * 0.95) - 1]
        assert one["ids"]["below_100"] == sum(count < 100 for count in counts.values())
        unknown = reader.unknown_id
        assert one["unknown_tokens"] == (counts[unknown] if unknown is not None else 0)


def test_intervals_hold_the_ratio(value: Value) -> None:
    """Where a slice has two documents or more; one document has none."""
    for _, name, one in every(value):
        points = {
            **{key: one[key] for key in ("bytes_per_token_ppm", "characters_per_token_ppm", "fertility_ppm")},
            "term_tokens_each_ppm": one["terms"]["tokens_each_ppm"],
            "term_single_ppm": one["terms"]["single_ppm"],
            "number_tokens_each_ppm": one["all_numbers"]["tokens_each_ppm"],
            "saved_ppm": one["against_first"]["saved_ppm"],
        }
        assert one["intervals"].keys() == points.keys()
        for key, point in points.items():
            found = one["intervals"][key]
            if name in ("lang:fr", "type:memo"):
                assert (one["documents"], found) == (1, None)
            else:
                assert found is not None, (name, key)
                assert found[0] <= point <= found[1], (name, key)


def test_terms_cost_the_tokens_that_hold_them(value: Value, covered: Covered) -> None:
    """By slice, weighted by how often they stand there."""
    for at, name, one in every(value):
        found = sum(by_term(covered.readers[at], TERMS, texts_in(name)).values(), Counter[str]())
        occurrences, tokens, single = (found[key] for key in ("occurrences", "tokens", "single"))
        assert one["terms"] == {
            "occurrences": occurrences,
            "tokens": tokens,
            "single": single,
            "tokens_each_ppm": ppm(tokens, occurrences),
            "single_ppm": ppm(single, occurrences),
        }
    assert slices(value, 3)["all"]["terms"]["single"] > slices(value, 0)["all"]["terms"]["single"]


def test_terms_are_listed_by_what_they_cost_and_save(value: Value, covered: Covered) -> None:
    """The dearest with the last tokenizer, and those it saves most on; equal ones by name; with their pieces."""
    found = [by_term(reader, TERMS, texts_in("all")) for reader in covered.readers]
    excess = {term: row["tokens"] - row["occurrences"] for term, row in found[-1].items()}
    saved = {term: found[0][term]["tokens"] - row["tokens"] for term, row in found[-1].items()}
    for key, costs in (("worst_terms", excess), ("gained_terms", saved)):
        order = sorted((term for term in costs if costs[term] > 0), key=lambda term: (-costs[term], term))
        assert [row["term"] for row in value[key]] == order
        assert order
        for row in value[key]:
            assert row["occurrences"] == found[0][row["term"]]["occurrences"]
            for at, one in enumerate(row["by"]):
                assert (one["tokens"], one["single"]) == tuple(
                    found[at][row["term"]][name] for name in ("tokens", "single")
                )
                assert "".join(piece for piece, _ in one["pieces"]).strip() == row["term"]
                assert one["each_tokens"] == sum(tokens for _, tokens in one["pieces"])


def test_terms_by_type_are_tried_after_a_space(value: Value, covered: Covered) -> None:
    """Each once, however often it occurs; and what became of those that occur."""
    first = []
    for at, reader in enumerate(covered.readers):
        single = [tokens_over(reader.offsets([f"a {term}"])[0][0], f"a {term}", 2, 2 + len(term))[1] for term in TERMS]
        one = value["tokenizers"][at]
        assert one["term_types"] == {"terms": len(TERMS), "single_ppm": ppm(sum(single), len(TERMS))}
        (space,) = [row for row in one["contexts"] if row["context"] == "space"]
        assert space == {"context": "space", "terms": len(TERMS), "single": sum(single)}
        first.append(dict(zip(TERMS, single, strict=True)))
    occur = by_term(covered.readers[0], TERMS, texts_in("all"))
    assert value["idle_terms"] == {
        "absent": sum(term not in occur for term in TERMS),
        "already_single": sum(first[0][term] for term in occur),
        "single_now": sum(first[-1][term] and not first[0][term] for term in occur),
        "still_split": sum(not first[-1][term] and not first[0][term] for term in occur),
    }
    assert value["idle_terms"]["absent"] == 2
    assert value["idle_terms"]["single_now"] > 1


def test_new_ids_are_counted_in_both_parts(value: Value, covered: Covered) -> None:
    """Each id of the record, as often as documents have it; those that neither part has are named unused."""
    assert [one["new_ids"] is None for one in value["tokenizers"]] == [True, False, True, False]
    for at in (1, 3):
        found, reader = value["tokenizers"][at]["new_ids"], covered.readers[at]
        assert reader.record is not None
        rest, held_out = (
            counted(reader, [one.text for one in DOCUMENTS if (one.part == "held-out") is held])
            for held in (False, True)
        )
        wanted = [
            {
                **{key: new[key] for key in ("id", "token", "kind")},
                "count": rest[new["id"]],
                "held_out": held_out[new["id"]],
            }
            for new in reader.record["new_ids"]
        ]
        assert found["rows"] == wanted
        kinds = Counter(row["kind"] for row in wanted)
        unused = Counter(row["kind"] for row in wanted if not row["count"] and not row["held_out"])
        assert (found["ids"], found["terms"], found["scaffolds"]) == (len(wanted), kinds["term"], kinds["scaffold"])
        assert (found["numbers"], found["tags"]) == (kinds["number"], kinds["tag"])
        assert (found["zero"], found["zero_terms"]) == (unused.total(), unused["term"])
        assert any(row["count"] for row in wanted)
        assert any(row["held_out"] for row in wanted)
        assert found["zero"]


def test_numbers_are_cut_where_their_tokens_are(value: Value, covered: Covered) -> None:
    """By format: tokens, cuts inside, groups of the value, both at once; a number of every slice comes back as it was."""
    for at, name, one in every(value):
        rows = by_format(covered.readers[at], texts_in(name))
        for form, found in one["numbers"].items():
            counts = {key: rows[form][key] for key in found if not key.endswith("_ppm")}
            assert {key: found[key] for key in counts} == counts, (covered.readers[at].name, name, form)
            assert found["tokens_each_ppm"] == ppm(counts["tokens"], counts["occurrences"])
            assert found["boundary_f1_ppm"] == ppm(2 * counts["hits"], counts["cuts"] + counts["groups"])
        total = sum(rows.values(), Counter[str]())
        assert {key: one["all_numbers"][key] for key in total} == total
    assert (
        slices(value, 3)["all"]["all_numbers"]["boundary_f1_ppm"]
        > slices(value, 0)["all"]["all_numbers"]["boundary_f1_ppm"]
    )


def test_runs_of_digits_have_patterns(value: Value, covered: Covered) -> None:
    """How often the commonest way to cut a length is taken, and how many ways there are."""
    for at, name, one in every(value):
        ways = by_run(covered.readers[at], texts_in(name))
        assert one["digit_runs"] == [
            {
                "length": length,
                "runs": found.total(),
                "patterns": len(found),
                "commonest_ppm": ppm(max(found.values()), found.total()),
            }
            for length, found in sorted(ways.items())
        ]


def test_the_dearest_numbers_are_shapes_with_made_up_digits(value: Value, covered: Covered) -> None:
    """In the order of their tokens with the last tokenizer; the number that stands in the corpus is not among them."""
    rows = value["worst_numbers"]
    tokens: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0] * 5)
    for document in DOCUMENTS:
        listed = [places(reader, document.text) for reader in covered.readers]
        for form, start, end in numbers.find(document.text):
            row = tokens[form, numbers.shape(document.text[start:end])]
            row[0] += 1
            for at, offsets in enumerate(listed):
                row[1 + at] += tokens_over(offsets, document.text, start, end)[0]
    assert {
        (row["format"], row["shape"]): [row["occurrences"], *(one["tokens"] for one in row["by"])] for row in rows
    } == tokens
    assert [row["by"][-1]["tokens"] for row in rows] == sorted((row[-1] for row in tokens.values()), reverse=True)
    assert all(numbers.shape(row["example"]) == row["shape"] for row in rows)


SENTENCE = (
    "The collateral and the mortgages of collaterals fell mort gage illateral EBITDAs "
    "기준금리를 올리자 대출금리 영업이 기준 회원을 원 기준금리가 영업이익에 억원에서"
)


@pytest.mark.parametrize("share", [1, 3])
def test_what_changed_is_counted_word_by_word(
    world: tuple[CertifiedCorpus, Covered], tmp_path: Path, keys: Path, corpus_writer: Writer,
    monkeypatch: pytest.MonkeyPatch, share: int,
) -> None:  # fmt: skip
    """Drift has no new id, leak no term of the extension, neither token nor text; a longer text weighs a word more often."""

    def some_new(reader: Reader) -> desk.Additions | None:
        added = additions(reader)
        return added and replace(added, ids=added.ids[::share])  # words of the others alone drift

    additions = desk.additions
    monkeypatch.setattr(desk, "additions", some_new)
    words = SENTENCE.split()
    texts = [" ".join((*words[at:], *words[:at])) for at in range(len(words))] + ["mort mortgage mort mortgages"]
    corpus = certified(tmp_path / "corpus", keys, corpus_writer, [Document(text) for text in texts])
    readers = world[1].readers
    paths = [readers[at].path for at in (0, 1, 3)]
    value = to_json(corpus, [], cover(paths, corpus, ()))
    for at, (reader, listed) in enumerate(((readers[1], ADDED), (readers[3], KOREAN_ADDED)), 1):
        terms = terms_of([listed])
        assert reader.record is not None
        new = {one["id"] for one in reader.record["new_ids"][::share]}
        found = Counter[str]()
        for text in texts:
            words = text.split(" ")
            for word in [words[0], *(f" {word}" for word in words[1:])]:
                (before,), (after,) = (one.ids([word], inside=True) for one in (readers[0], reader))
                found["words"] += before != after
                found["drift"] += before != after and not new.intersection(after)
                found["leak"] += before != after and not any(term in word for term in terms)
        assert slices(value, at)["all"]["changed"] == {key: found[key] for key in ("words", "drift", "leak")}
        assert found["words"] > 10
        assert (found["drift"] > 0) == (share > 1)
    assert slices(value, 1)["all"]["changed"]["leak"] > 0
    assert [one["extends"] for one in value["tokenizers"]] == [None, readers[0].name, readers[0].name]
    assert slices(value, 0)["all"]["changed"] is None


def test_parity_is_of_the_aligned_sentences(value: Value, covered: Covered) -> None:
    """Each encoded alone; the text is named by its digest."""
    for at, reader in enumerate(covered.readers):
        english, korean = (
            sum(len(ids) for ids in reader.ids([pair[side] for pair in PAIRS], inside=False)) for side in (0, 1)
        )
        found = value["tokenizers"][at]["aligned"]
        assert (found["tokens_en"], found["tokens_ko"]) == (english, korean)
        assert found["parity_ppm"] == ppm(korean, english)
        assert found["parity_interval_ppm"][0] <= found["parity_ppm"] <= found["parity_interval_ppm"][1]
    assert value["aligned"] == {"name": "pairs", "sha256": "sha256:" + "0" * 64, "pairs": 3}


def test_what_the_report_rests_on_is_named(value: Value, world: tuple[CertifiedCorpus, Covered]) -> None:
    """Certificate, tokenizers and lists by digest, and how each tokenizer was counted."""
    made, covered = world
    assert value["corpus"]["certificate"] == made.certificate.digest
    assert value["term_lists"] == [{"name": "list", "sha256": "sha256:" + LIST.sha256}]
    assert [one["sha256"] for one in value["tokenizers"]] == ["sha256:" + reader.sha256 for reader in covered.readers]
    ways = [(one["method"]["way"], one["method"]["engine"]) for one in value["tokenizers"]]
    assert ways == [("units", "tokenizers")] * 2 + [("whole documents", "sentencepiece"), ("units", "tokenizers")]
    for one, method in zip(value["tokenizers"], covered.methods, strict=True):
        assert one["method"]["reason"] == method.reason
        assert one["method"]["proved_texts"] == method.proved


def test_the_value_is_rendered_and_judged(value: Value, tmp_path: Path) -> None:
    """As JSON, a page, a table of all tokenizers and slices, lines, and by the suite of the package."""
    report.write(value, tmp_path / "out")
    frame = pl.read_parquet(tmp_path / "out" / report.PARQUET)
    assert frame.height == 4 * 11
    assert frame.filter(pl.col("slice") == "all")["tokens"].to_list() == [
        slices(value, at)["all"]["tokens"] for at in range(4)
    ]
    assert any("bytes per token" in line or "B/tok" in line for line in report.lines(value))
    judged = thresholds.judge(value)
    assert [one.tokenizer for one in judged] == [one["name"] for one in value["tokenizers"][1:]]
    for one in (judged[0], judged[2]):
        assert one.passed, one.refusals
        assert {result.status for result in one.results if result.severity == "critical"} == {"passed"}
    assert not judged[1].passed


def test_no_text_of_the_corpus_stands_in_a_report(value: Value, tmp_path: Path) -> None:
    """Neither a word nor a number of the documents: not in the files, and not at the terminal."""
    assert sum(WORD in one.text and NUMBER in one.text for one in DOCUMENTS) == 40
    out = tmp_path / "out"
    report.write(value, out)
    table = pl.read_parquet(out / report.PARQUET).write_json()
    said = [(out / report.JSON).read_text("utf-8"), (out / report.HTML).read_text("utf-8"), table, *report.lines(value)]
    assert {path.name for path in out.iterdir()} == {report.JSON, report.HTML, report.PARQUET}
    for text in said:
        for marker in (WORD, WORD[1:], NUMBER, "7,395,182", "rendement"):
            assert marker not in text


@pytest.mark.parametrize(
    ("some", "terms"),
    [
        ([Document(text) for text in ENGLISH[:3]], ()), ([Document("")], TERMS), ([Document(""), Document(" ", "ko")], ()),
        ([Document(ENGLISH[0]), Document(KOREAN[0], "ko", part="held-out")], TERMS),
    ],
    ids=["no terms, nothing held out", "one empty text", "empty texts", "one each"],
)  # fmt: skip
def test_little_is_rendered_and_judged(
    base_folder: Path, world: tuple[CertifiedCorpus, Covered], tmp_path: Path, keys: Path, corpus_writer: Writer,
    some: list[Document], terms: tuple[str, ...],
) -> None:  # fmt: skip
    """Where nothing stands, nothing is divided by it, and no rule passes by that."""
    corpus = certified(tmp_path / "corpus", keys, corpus_writer, some)
    paths = [base_folder, world[1].readers[1].path, world[1].readers[2].path]
    value = to_json(corpus, [], cover(paths, corpus, terms))
    report.write(value, tmp_path / "out")
    assert report.lines(value)
    judged = thresholds.judge(value)
    assert [one.tokenizer for one in judged] == [one["name"] for one in value["tokenizers"][1:]]
    if len(some) == 1:
        assert not any(one.passed for one in judged)
    for at, name, found in every(value):
        if not found["tokens"]:
            nothing = (found["bytes_per_token_ppm"], found["ids"]["renyi_ppm"], found["ids"]["used"])
            assert nothing == (None, None, 0), (at, name)
        if found["documents"] < 2:
            assert set(found["intervals"].values()) == {None}
