"""Trains the two pipelines in two rounds and writes them without a word of what they learned from.

The first round learns persons, companies and places from the labelled sets alone. It then reads real text, and where what
it calls a person can be one by the lists, the sentence is learned from with other names in that place. It also says which
words of the planted sentences and of real text without persons are companies and places, so that the second round, which
learns from all of it, is told no falsehood. Each step's seed is fixed.
"""

import json
import random
import shutil
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern.ner import gate, likely, syllables
from govern.ner.models.persons import Person
from govern.ner.recipe import corpora, fillers, korean_words, lexicon, plant
from govern.ner.recipe import ordinary as words
from govern.ner.recipe.corpora import Example
from govern.ner.recipe.names import latin, unlisted
from govern.ner.tokens import tokenizer
from govern.recognizers.korean_names import plausible

if TYPE_CHECKING:
    from spacy.language import Language

SEED = 4711
LANGUAGES = ("en", "ko")
SWAPS = {"en": 3, "ko": 3}
"""How often each labelled text with persons comes again with other names."""

DEV = 800
"""Planted sentences beside the labelled ones that the best state of a run is chosen on."""

PLANTED = {"en": 24_000, "ko": 24_000}
PLAIN = {"en": 9_000, "ko": 8_000}
TAUGHT = {"en": 5_000, "ko": 5_000}
"""Sentences of templates; real sentences in which nobody is named; and those whose persons the first round is believed on."""

SHAPES: dict[str, dict[str, Any]] = {
    "en": {
        "components.tok2vec.model.embed.include_static_vectors": True,
        "components.tok2vec.model.embed.rows": [4000, 1000, 2500, 500, 50],
        "components.tok2vec.model.encode.depth": 3,
    },
    "ko": {"training.dropout": 0.2},
}
SYLLABLES: dict[str, Any] = {
    "@architectures": "assay.Syllables.v1",
    "width": 96,
    "embed_width": 40,
    "rows": [2000, 2000, 2000, 2500, 2500, 1000, 2000, 2000, 2000, 100, 100, 200, 300, 300],
}
"""What embeds the tokens of the Korean pipeline."""

STEPS = {"en": (2500, 6500), "ko": (2000, 5000)}
LABELS = ("PERSON", "ORG", "LOC")


def build(
    shared: Path, out: Path, lang: str, *, work: Path, dictionary: Path, steps: tuple[int, int] | None = None
) -> None:
    """Trains the pipeline of a language and writes it to `out`, which must not exist; `work` takes what is between.

    `dictionary` is a list of English words, one a line, those of proper names capitalised.
    """
    first, second = steps or STEPS[lang]
    work.mkdir(parents=True, exist_ok=True)
    rng = random.Random(SEED)  # noqa: S311 - the same draw every time is what is wanted
    sets = corpora.ENGLISH if lang == "en" else (corpora.KOREAN,)
    real = [example for name in sets for example in corpora.labelled(shared, name, held=False)]
    held = [example for name in sets for example in corpora.labelled(shared, name, held=True)]
    texts = list(lexicon.plain_texts(shared)) if lang == "en" else list(_korean_texts(shared))
    known = lexicon.vectors([*texts, *(example.text for example in real)]) if lang == "en" else None
    if known is not None:
        _write_vectors({word: row for word, row in known.places.items() if word not in known.hidden}, known.hidden_rows, work)
    learned = [*real, *_swaps(real, lang, rng)]
    _binned_for_training(learned, work / "first.spacy", lang, rng)
    binned([*held, *plant.filled(lang, DEV, rng, part="dev")], work / "dev.spacy")
    others = fillers.fillers(lang, shared, dictionary)
    teacher = train(work / "first.spacy", work / "dev.spacy", lang, first, work)
    made = list(plant.filled(lang, PLANTED[lang], rng, part="train", fillers=others))
    plain, taught = _read(teacher, texts, lang, rng)
    _binned_for_training([*learned, *_told(teacher, made), *plain, *taught], work / "second.spacy", lang, rng)
    nlp = train(work / "second.spacy", work / "dev.spacy", lang, second, work)
    if known is not None:
        _set_vectors(nlp, known.places, known.rows)
    else:
        syllables.set_lexicon(nlp.get_pipe("tok2vec").model, korean_words.words())
    write(nlp, out)
    if lang == "en":
        write_lists(out, texts, real, shared, dictionary)
    else:
        gate.write(out / likely.NEVER, words.korean(_korean_texts(shared, NAMELESS), real))


def write_lists(out: Path, texts: Iterable[str], real: Iterable[Example], shared: Path, dictionary: Path) -> None:
    """Writes the lists beside the English pipeline, as hashes; no word is in two of the gate's three."""
    listed = words.listed()
    plain = words.ordinary(texts, real)
    gate.write(out / gate.FILE, plain & listed)
    gate.write(out / likely.NEVER, plain - listed)
    gate.write(out / likely.ALONE, words.alone(shared) | (words.dictionary(dictionary) - listed - plain))
    gate.write(out / likely.USUAL, words.usual(plain))
    gate.write(out / likely.NAMES, words.every_name() - plain)
    gate.write(out / likely.COMPANIES, words.companies(shared))


def _swaps(real: list[Example], lang: str, rng: random.Random) -> Iterator[Example]:
    for _ in range(SWAPS[lang]):
        for example in real:
            if any(label == "PERSON" for *_, label in example.spans):
                yield corpora.swapped(example, rng)


NAMELESS = 2
"""The first so many of the Korean texts name hardly anybody."""


def _korean_texts(shared: Path, most: int | None = None) -> Iterator[str]:
    """Statutes, in which nobody is named, and rulings; news and reviews, which the first round reads."""
    import polars as pl

    texts = (
        ("kr_statutes_finance_ko.parquet", "text"),
        ("kr_court_rulings_finance_ko.parquet", "text"),
        ("nsmc_reviews_raw_ko.parquet", "text"),
        ("news_park_ko_en.dev.jsonl", "text"),
    )
    for name, column in texts[:most]:
        path = shared / "text_ko" / name
        frame = pl.read_parquet(path) if path.suffix == ".parquet" else pl.read_ndjson(path)
        yield from frame[column].drop_nulls().to_list()


def _read(
    teacher: "Language", texts: Iterable[str], lang: str, rng: random.Random
) -> tuple[list[Example], list[Example]]:
    """Real sentences in which neither the first round nor the rules find a person, and those in which it finds likely ones."""
    from govern.recognizers import english_names, korean_names

    find = english_names.find if lang == "en" else korean_names.find
    lines = [text[start:end].strip() for text in texts for start, end in gate.stretches(text) if end - start > 25]
    chosen = rng.sample(lines, min(len(lines), 60_000))
    never, lexicon = gate.Words(frozenset()), syllables.Lexicon(teacher)
    plain: list[Example] = []
    taught: list[Example] = []
    for doc in teacher.pipe(chosen, batch_size=128):
        if len(plain) >= PLAIN[lang] and len(taught) >= TAUGHT[lang]:
            break
        spans = tuple((entity.start_char, entity.end_char, entity.label_) for entity in doc.ents)
        found = [Person(start, end, 0.5) for start, end, label in spans if label == "PERSON"]
        persons = [doc.text[start:end] for start, end, _ in found]
        if persons and all(_likely(person, lang) for person in persons) and len(taught) < TAUGHT[lang]:
            taught.append(corpora.swapped(Example(doc.text, spans, lang), rng))
        elif len(plain) < PLAIN[lang] and not any(hit.score >= 0.4 for hit in find(doc.text)):
            if any(_likely(person, lang) for person in persons):
                continue
            if lang == "ko" and likely.standing_korean(doc.text, found, never, lexicon):
                continue
            plain.append(Example(doc.text, tuple(span for span in spans if span[2] != "PERSON"), lang))
    return plain, taught


def _likely(person: str, lang: str) -> bool:
    """Whether the lists say that this can be a person's name, so that the first round is believed."""
    if lang == "ko":
        return 3 <= len(person) <= 4 and plausible(person, strong=False)
    firsts, lasts = latin()
    words = person.split()
    return 2 <= len(words) <= 3 and (words[0] in set_of(firsts) or words[-1] in set_of(lasts)) and person.istitle()


@cache
def set_of(names: tuple[str, ...]) -> frozenset[str]:
    """The names to look one up in."""
    return frozenset(names)


def _told(teacher: "Language", made: list[Example]) -> Iterator[Example]:
    """Planted sentences with the companies and places that the first round finds beside their persons."""
    for example, doc in zip(made, teacher.pipe(example.text for example in made), strict=True):
        taken = list(example.spans)
        for entity in doc.ents:
            apart = all(entity.end_char <= start or end <= entity.start_char for start, end, _ in taken)
            if entity.label_ != "PERSON" and apart:
                taken.append((entity.start_char, entity.end_char, entity.label_))
        yield Example(example.text, tuple(sorted(taken)), example.lang)


def blank() -> "Language":
    """A pipeline of nothing but the tokens."""
    import spacy

    nlp = spacy.blank("xx")
    nlp.tokenizer = tokenizer(nlp)
    return nlp


def binned(examples: Iterable[Example], path: Path) -> None:
    """Writes examples as spaCy reads them; a span that no token boundary ends at is shortened to one."""
    from spacy.tokens import DocBin
    from spacy.util import filter_spans

    nlp = blank()
    store = DocBin(attrs=["ENT_IOB", "ENT_TYPE", "SPACY"])
    for example in examples:
        doc = nlp.make_doc(example.text)
        spans = [doc.char_span(start, end, label, alignment_mode="contract") for start, end, label in example.spans]
        doc.ents = filter_spans([span for span in spans if span is not None and len(span)])
        if len(doc):
            store.add(doc)
    store.to_disk(path)


def _binned_for_training(examples: list[Example], path: Path, lang: str, rng: random.Random) -> None:
    rng.shuffle(examples)
    binned(corpora.joined(examples, rng) if lang == "ko" else examples, path)


def train(data: Path, dev: Path, lang: str, steps: int, work: Path) -> "Language":
    """The best pipeline of a run of `config.cfg` in the shape of the language."""
    import spacy
    from spacy.training.initialize import init_nlp
    from spacy.training.loop import train as run

    @spacy.registry.callbacks("assay.tokens")  # type: ignore[untyped-decorator]
    def make() -> Any:
        def tokens(nlp: "Language") -> "Language":
            nlp.tokenizer = tokenizer(nlp)
            return nlp

        return tokens

    overrides: dict[str, Any] = {
        **SHAPES[lang],
        "paths.train": str(data),
        "paths.dev": str(dev),
        "paths.vectors": str(work / "vectors") if lang == "en" else None,
        "training.max_steps": steps,
    }
    config = spacy.util.load_config(Path(__file__).with_name("config.cfg"), overrides=overrides, interpolate=False)
    if lang == "ko":
        config["components"]["tok2vec"]["model"]["embed"] = SYLLABLES
    folder = work / data.stem
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    nlp = init_nlp(config)
    if lang == "ko":
        syllables.set_lexicon(nlp.get_pipe("tok2vec").model, _told_while_training(korean_words.words()))
    run(nlp, folder)
    return spacy.load(folder / "model-best")


def _told_while_training(words: dict[str, int]) -> dict[str, int]:
    """The lexicon without a third of what it knows of persons: real text has persons that no lexicon has."""
    known = {word: kinds & ~syllables.PERSON if unlisted(word) else kinds for word, kinds in words.items()}
    return {word: kinds for word, kinds in known.items() if kinds}


def _write_vectors(places: dict[str, int], rows: Any, work: Path) -> None:
    nlp = blank()
    _set_vectors(nlp, places, rows)
    nlp.to_disk(work / "vectors")


def _set_vectors(nlp: "Language", places: dict[str, int], rows: Any) -> None:
    from spacy.vectors import Vectors

    nlp.vocab.vectors = Vectors(strings=nlp.vocab.strings, data=rows, attr="LOWER")
    for word, place in places.items():
        nlp.vocab.vectors.add(word, row=place)


def write(nlp: "Language", out: Path) -> None:
    """Saves the pipeline with no string but its labels, and no path of this machine in its configuration."""
    nlp.config["paths"] = {"train": None, "dev": None, "vectors": None}
    nlp.config["initialize"] = {}
    nlp.config["corpora"] = {}
    nlp.config["training"] = {}
    out.parent.mkdir(parents=True, exist_ok=True)
    nlp.to_disk(out)
    (out / "vocab" / "strings.json").write_text(json.dumps(sorted(LABELS)) + "\n", "utf-8")
    meta = json.loads((out / "meta.json").read_text("utf-8"))
    meta.update(name="assay_names", version="1", license="see README.md", author="", email="", url="", performance={})
    (out / "meta.json").write_text(json.dumps(meta, indent=2) + "\n", "utf-8")
