"""What each way of masking costs a model, and what it leaves to an attacker: raw, tag, surrogate, pseudonym, 128-bit hex.

    python benchmarks/masking.py --work WORK [--data DATA]

One corpus with labelled values (documents of `govern sample`, and passages of real financial text with sentences of the sample
put into them) is written in each way; WORK is a folder in which a finished stage is kept, so the same command continues. DATA
is the shared folder with `text_en`, `text_ko` and `tokenizers`; without it the real text and those tokenizers are left out,
and the output says so. Hex is made here alone, as the thing to beat: `<PERSON_{32 digits of HMAC}>`.

Measured: tokens of a value; findings of recognizers in what masking wrote; bits per byte of a small model trained on each
variant, on the text outside the values and on raw text; what it writes where a name belongs; values and persons that an
attacker who holds the true values finds again. Prints Markdown: the tables of `results/masking.md`.
"""

import argparse
import json
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import chain
from pathlib import Path
from typing import Any

import masking_model as small
import numpy as np
import polars as pl
from detection_engines import FLOOR, Engine, assay, presidio
from extended_tuning_bits import WINDOW, table
from extension_quick import from_ranks
from masking_corpus import (
    HEX,
    PSEUDONYM,
    RAW,
    SURROGATE,
    TAG,
    WRITINGS,
    Document,
    Sought,
    Written,
    linked,
    planted,
    sample,
    written,
)

from govern.canonical import canonical_value
from govern.collisions import surrogate_names
from govern.files import digest
from govern.normalize import tags as tags_of
from govern.policy import ENTITY_TYPES
from tune import loading
from vocab.ground import ground
from vocab.model_base import Origin, load_origin
from vocab.tags import MIN_DOCUMENTS
from vocab.train_base import train_base

SINGLE = "tag, one token"
ARMS = (RAW, TAG, SINGLE, SURROGATE, PSEUDONYM, HEX)
TOKENIZERS = ("mistral_tekken", "whisper_gpt2", "whisper_multilingual", "mistral_v3")
OWN, OWN_SIZE = "of this run, 4k", 4096
SEED, HELD_OUT_SEED = 1, 2
COUNTED = 5
"""Tokens are counted in every fifth document."""
DRAWN = 3000
NEUTRAL = {"en": "The second line reads {} and nothing else.", "ko": "둘째 줄에는 {} 외에 아무것도 없다."}
FEW = 20
"""Entity types with fewer values have no row."""
KINDS = {"names": ("PERSON",), "other values": tuple(sorted(set(ENTITY_TYPES) - {"PERSON"}))}
SHORT = 6
"""Letters and digits of the shortest number that is sought: shorter ones stand in any text by chance."""
EACH = 25
"""Continuations of a prompt: of eight prompts, 200."""


def main() -> None:
    arguments = parsed()
    loading.go_offline()
    import torch
    import transformers

    transformers.utils.logging.disable_progress_bar()
    torch.set_num_threads(1)
    place = Place(arguments)
    place.folder.mkdir(parents=True, exist_ok=True)
    show_corpus(place)
    show_tokens(place)
    show_findings(place)
    show_models(place)
    show_attacks(place)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--data", type=Path, default=None)
    parser.add_argument("--documents", type=int, default=4000, help="of the sample")
    parser.add_argument("--passages", type=int, default=1000, help="of real text")
    parser.add_argument("--held-out", type=int, default=240, help="documents, two thirds of them of the sample")
    parser.add_argument("--steps", type=int, default=900, help=f"of {small.ROWS} windows of {WINDOW} tokens")
    parser.add_argument("--seeds", type=int, default=2)
    return parser.parse_args()


class Place:
    """The corpus, its variants, and the folder of finished stages, which is named by the settings."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.given = arguments
        real = arguments.passages if arguments.data else 0
        self.folder = arguments.work / f"{arguments.documents}-{real}-{arguments.held_out}-{arguments.steps}"

    def once(self, name: str, make: Callable[[Path], object]) -> Path:
        """The file or folder `name`, made where a run before this one did not; `make` leaves it whole or not at all."""
        path: Path = self.folder / name
        if not path.exists():
            make(path)
        return path

    @cached_property
    def documents(self) -> list[Document]:
        """What is trained on and attacked."""
        return [*sample(self.given.documents, SEED), *self._real(self.given.passages, SEED, held_out=False)]

    @cached_property
    def held_out(self) -> list[Document]:
        """Other documents; none has a text that is trained on."""
        known = {document.text for document in self.documents}
        passages = self.given.held_out // 3 if self.given.data else 0
        real = self._real(passages, HELD_OUT_SEED, held_out=True)
        found = [*sample(self.given.held_out - passages, HELD_OUT_SEED), *real]
        return [document for document in found if document.text not in known]

    def _real(self, passages: int, seed: int, *, held_out: bool) -> Iterable[Document]:
        return planted(self.given.data, passages, seed, held_out=held_out) if self.given.data else ()

    @cached_property
    def sides(self) -> dict[str, list[Written]]:
        """The documents as each operator leaves them."""
        return {name: [written(document, name) for document in self.documents] for name in WRITINGS}

    @cached_property
    def tags(self) -> tuple[str, ...]:
        """The tags in so many documents that `vocab extend` makes tokens of them."""
        pattern = tags_of(tuple(sorted(ENTITY_TYPES)))
        found = Counter(
            chain.from_iterable({match[0] for match in pattern.finditer(one.text)} for one in self.sides[TAG])
        )
        return tuple(sorted(tag for tag, count in found.items() if count >= MIN_DOCUMENTS))

    @cached_property
    def own(self) -> tuple[Any, Any]:
        """A byte-level BPE trained on the raw text, and the same with the tags as tokens."""

        def make(out: Path) -> None:
            out.mkdir()
            text = train_base((document.text for document in self.documents), OWN_SIZE).to_str()
            (out / "tokenizer.json").write_text(text, "utf-8")

        return both(load_origin(self.once("base", make)), self.tags)


def both(base: Origin, tags: Sequence[str]) -> tuple[Any, Any]:
    """The tokenizer of a base, and the one that `vocab extend` makes of it for the tags."""
    return base.tokenizer(), ground(base, "keep", tags).base.tokenizer()


def show_corpus(place: Place) -> None:
    print("## The corpus\n")
    if not place.given.data:
        print(f"No --data: real text and the tokenizers {', '.join(TOKENIZERS)} are left out.\n")
    rows = []
    parts = {"trained on and attacked": place.documents, "held out": place.held_out}
    for name, documents in parts.items():
        for kind, lang in sorted({(document.kind, document.lang) for document in documents}):
            some = [document for document in documents if (document.kind, document.lang) == (kind, lang)]
            values = Counter(one.entity_type for document in some for one in document.values)
            size = sum(document.size_bytes for document in some)
            inside = sum(len(text.encode()) for document in some for _, text in document.spelled())
            rows.append((f"{name}: {kind}, {lang}", f"{len(some):,}", f"{size / 1e6:.2f}", f"{values.total():,}",
                         f"{values['PERSON']:,}", f"{100 * inside / size:.1f} %"))  # fmt: skip
    table("text", ("documents", "MB", "values", "names", "of the bytes in values"), rows)


def readers(place: Place) -> dict[str, tuple[Any, Any]]:
    """Each tokenizer, and the one with the tags as tokens."""
    found = {}
    for name in TOKENIZERS if place.given.data else ():
        folder = place.given.data / "tokenizers" / name
        base = from_ranks(folder) if list(folder.glob("*ranks.parquet")) else load_origin(folder)
        found[name] = both(base, place.tags)
    return {**found, OWN: place.own}


def show_tokens(place: Place) -> None:
    """Tokens that stand for a value: those of a document's encoding that touch it."""
    chosen = range(0, len(place.documents), COUNTED)
    rows, whole, by_type = [], [], {}
    for name, pair in readers(place).items():
        sums: Counter[tuple[str, str, str]] = Counter()
        sizes: Counter[str] = Counter()
        for arm in ARMS:
            side = place.sides[TAG if arm == SINGLE else arm]
            encodings = pair[arm == SINGLE].encode_batch([side[at].text for at in chosen], add_special_tokens=False)
            for at, encoding in zip(chosen, encodings, strict=True):
                sizes[arm] += len(encoding.ids)
                document = place.documents[at]
                for value, count in zip(document.values, touching(encoding.offsets, side[at].places), strict=True):
                    sums[arm, document.lang, value.entity_type] += count
        counts = Counter(
            (place.documents[at].lang, one.entity_type) for at in chosen for one in place.documents[at].values
        )
        for kind, types in KINDS.items():
            for lang in ("en", "ko"):
                total = sum(counts[lang, one] for one in types)
                means = (sum(sums[arm, lang, one] for one in types) / total for arm in ARMS)
                rows.append((f"{name}: {kind}, {lang}", f"{total:,}", *(f"{mean:.1f}" for mean in means)))
        whole.append((name, f"{sizes[RAW]:,}", *(f"{100 * (sizes[arm] / sizes[RAW] - 1):+.1f} %" for arm in ARMS[1:])))
        by_type[name] = sums, counts
    print(f"## Tokens of a value\n\n{len(place.tags)} tags stand in {MIN_DOCUMENTS} documents or more.\n")
    table("tokenizer", ("values", *ARMS), rows)
    table("tokens of whole documents", (RAW, *(f"{arm}, against raw" for arm in ARMS[1:])), whole)
    first = next(iter(by_type))
    sums, counts = by_type[first]
    rows = [
        (f"{kind}, {lang}", f"{count:,}", *(f"{sums[arm, lang, kind] / count:.1f}" for arm in ARMS))
        for (lang, kind), count in sorted(counts.items(), key=lambda one: one[0][::-1])
        if count >= FEW
    ]
    table(f"{first}: type and language", ("values", *ARMS), rows)


def touching(offsets: Sequence[tuple[int, int]], places: Sequence[tuple[int, int]]) -> list[int]:
    """How many tokens touch each place; both are sorted."""
    starts, ends = np.asarray(offsets).T
    return [int(((starts < end) & (ends > start)).sum()) for start, end in places]


def show_findings(place: Place) -> None:
    """Of replacements in a neutral sentence, how many recognizers take for personal data."""
    draw = np.random.default_rng(0)
    values = [(at, number) for at, document in enumerate(place.documents) for number in range(len(document.values))]
    chosen = [values[at] for at in draw.choice(len(values), min(DRAWN, len(values)), replace=False)]
    found: dict[str, dict[str, Any]] = {}

    def make(out: Path) -> None:
        engines = [presidio(), assay()]
        for arm in WRITINGS:
            drawn = Counter(
                (place.documents[at].lang, place.documents[at].values[number].entity_type,
                 place.sides[arm][at].replacements()[number])
                for at, number in chosen
            )  # fmt: skip
            found[arm] = {engine.name: hits(engine, drawn) for engine in engines}
        out.write_text(json.dumps(found), "utf-8")

    read = json.loads(place.once("findings.json", make).read_text("utf-8"))
    rows = []
    for arm, engines in read.items():
        for name, counts in engines.items():
            types = "; ".join(f"{kind} {count}" for kind, count in counts["types"][:6])
            rows.append((f"{arm}, {name}", *(f"{counts[key]:,}" for key in ("any", "sure", "own")), types))
    print(f"## Findings in {len(chosen):,} replacements\n")
    table("variant, engine", ("found", f"score ≥ {FLOOR}", "as its own type", "commonest types"), rows)


def hits(engine: Engine, drawn: Counter[tuple[str, str, str]]) -> dict[str, Any]:
    """How many of the drawn texts the engine finds something in, surely, as their own type; and the types it says."""
    counts: Counter[str] = Counter({"any": 0, "sure": 0, "own": 0})
    types: Counter[str] = Counter()
    for (lang, entity_type, text), count in drawn.items():
        found = engine.find(NEUTRAL[lang].format(text), lang)
        kinds = {one.entity_type for one in found}
        sure = any(one.score >= FLOOR for one in found)
        counts.update({"any": count * bool(found), "sure": count * sure, "own": count * (entity_type in kinds)})
        types.update(dict.fromkeys(kinds, count))
    return {**counts, "types": types.most_common()}


@dataclass(frozen=True, slots=True)
class Arm:
    """A variant, its tokenizer, held-out documents in it; by seed its bits in the variant and in clear, and its writing."""

    name: str
    tokenizer: Any
    sides: list[Written]
    seen: list[list[np.ndarray]]
    clear: list[list[np.ndarray]]
    continued: list[list[tuple[str, str]]]
    read: list[int]


def show_models(place: Place) -> None:
    size = -(-max(place.own[1].get_vocab().values()) // 64) * 64 + 64
    arms = [arm_of(place, name, size) for name in ARMS]
    print(
        f"## A small model\n\n{place.given.steps} steps of {small.ROWS} × {WINDOW} tokens, {place.given.seeds} seeds.\n"
    )
    share = [f"{arm.name} {100 * np.mean(arm.read) / len(place.documents):.0f} %" for arm in arms]
    print(f"Of the documents, read: {', '.join(share)}.\n")
    places = outside_places(arms)
    sizes = [sum(len(arms[0].sides[at].text[start:end].encode()) for start, end in where)
             for at, where in enumerate(places[0])]  # fmt: skip
    every = sum(len(one.text[start:end].encode()) for one in arms[0].sides for start, end in one.gaps())
    covered = f"{100 * sum(sizes) / every:.1f} % of its bytes are in tokens that every variant cuts alike at both ends"
    bits = [[small.totals(one, where) for one in arm.seen] for arm, where in zip(arms, places, strict=True)]
    show_bits(place, f"outside the values ({covered})", np.asarray(sizes), bits)
    tokenizer = arms[0].tokenizer
    inside = []
    for document in place.held_out:
        offsets = tokenizer.encode(document.text, add_special_tokens=False).offsets
        bounds = small.boundaries(offsets, len(document.text))
        inside.append(small.widened(bounds, [(one.start, one.end) for one in document.values]))
    whole = [[(0, len(document.text))] for document in place.held_out]
    for title, where in (("raw text, whole", whole), ("raw text, tokens of the values", inside)):
        sizes = [sum(len(document.text[start:end].encode()) for start, end in some)
                 for document, some in zip(place.held_out, where, strict=True)]  # fmt: skip
        bits = [[small.totals(one, where) for one in arm.clear] for arm in arms]
        show_bits(place, title, np.asarray(sizes), bits)
    show_written(place, arms)


def arm_of(place: Place, name: str, size: int) -> Arm:
    """The variant, trained and measured by each seed where that was not done before."""
    tokenizer = place.own[name == SINGLE]
    operator = TAG if name == SINGLE else name
    texts = [side.text for side in place.sides[operator]]
    sides = [written(document, operator) for document in place.held_out]
    clear = [document.text for document in place.held_out]
    seen, raw, said, read = [], [], [], []
    for seed in range(place.given.seeds):
        slug = f"{name.replace(', ', '-').replace(' ', '-')}-{seed}"
        model = place.once(f"model-{slug}", partial(small.trained, tokenizer, texts, size, place.given.steps, seed))
        for found, kind, some in ((seen, "seen", [one.text for one in sides]), (raw, "raw", clear)):
            make = partial(small.measured, model, tokenizer, some)
            with np.load(place.once(f"bits-{kind}-{slug}.npz", make)) as held:
                found.append([held[key] for key in held.files])
        file = place.once(f"continued-{slug}.json", partial(continue_into, model, tokenizer, seed))
        said.append([tuple(one) for one in json.loads(file.read_text("utf-8"))])
        read.append(json.loads((model / "config.json").read_text("utf-8"))["documents_read"])
    return Arm(name, tokenizer, sides, seen, raw, said, read)


def continue_into(model: Path, tokenizer: Any, seed: int, out: Path) -> None:
    out.write_text(json.dumps(small.continued(model, tokenizer, EACH, seed), ensure_ascii=False), "utf-8")


def outside_places(arms: Sequence[Arm]) -> list[list[list[tuple[int, int]]]]:
    """For each variant and document the stretches outside the values that whole tokens of every variant cover."""
    found: list[list[list[tuple[int, int]]]] = [[] for _ in arms]
    for at in range(len(arms[0].sides)):
        sides = []
        for arm in arms:
            side = arm.sides[at]
            offsets = arm.tokenizer.encode(side.text, add_special_tokens=False).offsets
            sides.append((small.boundaries(offsets, len(side.text)), side.gaps()))
        shared = list(small.common(sides))
        for places, (_, gaps) in zip(found, sides, strict=True):
            places.append([(gaps[number][0] + low, gaps[number][0] + high) for number, low, high in shared])
    return found


def show_bits(place: Place, title: str, sizes: np.ndarray, bits: Sequence[Sequence[np.ndarray]]) -> None:
    """Bits per byte of each variant, the mean of its seeds, and what it has more than `tag`."""
    slices = {"all": [True] * len(sizes)}
    for kind, lang in sorted({(document.kind, document.lang) for document in place.held_out}):
        slices[f"{kind}, {lang}"] = [(one.kind, one.lang) == (kind, lang) for one in place.held_out]
    base = ARMS.index(TAG)
    print(f"### Bits per byte: {title}\n")
    rows = []
    for name, seeds in zip(ARMS, bits, strict=True):
        cells = []
        for chosen in map(np.asarray, slices.values()):
            one, two = (np.mean(some, axis=0)[chosen] for some in (bits[base], seeds))
            more, low, high = small.paired(one, two, sizes[chosen])
            change = "" if name == TAG else f" ({more:+.3f} [{low:+.3f}, {high:+.3f}])"
            cells.append(f"{two.sum() / sizes[chosen].sum():.3f}{change}")
        apart = (f"{(two.sum() - one.sum()) / sizes.sum():+.3f}" for one, two in zip(bits[base], seeds, strict=True))
        rows.append((name, *cells, "" if name == TAG else ", ".join(apart)))
    table("variant", (*slices, "more than tag, by seed"), rows)


def show_written(place: Place, arms: Sequence[Arm]) -> None:
    """What stands where a name belongs."""
    names = {canonical_value(kind, text) for document in place.documents for kind, text in document.spelled()
             if kind == "PERSON"}  # fmt: skip
    engine, rows = assay(), []
    for arm in arms:
        for lang, prompts in small.PROMPTS.items():
            some = [one for seed in arm.continued for one in seed if one[0] in prompts]
            counts = Counter(chain.from_iterable(what(engine, names, *one) for one in some))
            shares = (f"{100 * counts[key] / len(some):.0f} %" for key in WHATS)
            rows.append((f"{arm.name}, {lang}", f"{len(some):,}", *shares))
    print("### Written where a name belongs\n")
    table("variant, language", ("continuations", *WHATS), rows)


FORMS = {"a tag": r"_[0-9]+>", "a pseudonym": r"_[a-z]{12}>", "hex": r"_[0-9a-f]{32}>"}
BROKEN, NAME, TRUE_NAME, NOTHING = "a broken mark", "a name", "of these in the raw text", "something else"
WHATS = (*FORMS, BROKEN, NAME, TRUE_NAME, NOTHING)


def what(engine: Engine, names: set[str], prompt: str, text: str) -> tuple[str, ...]:
    """Which of `WHATS` a continuation of `prompt` begins with; a name is what our rules find there."""
    body = text.strip()
    if body.startswith("<"):
        return (next((name for name, form in FORMS.items() if re.match(f"<[A-Z_]+{form}", body)), BROKEN),)
    begin = len(prompt) + len(text) - len(text.lstrip())
    for one in engine.find(prompt + text, ""):
        if one.entity_type == "PERSON" and one.start <= begin < one.end:
            name = canonical_value("PERSON", (prompt + text)[begin : one.end])
            return (NAME, TRUE_NAME) if name in names else (NAME,)
    return (NOTHING,)


def show_attacks(place: Place) -> None:
    """Values that are found again by exact match, persons whose documents one replacement links, names that collide."""
    print("## Found again\n")
    groups = {
        "names": [[text for kind, text in document.spelled() if kind == "PERSON"] for document in place.documents],
        "other values": [[text for kind, text in document.spelled() if kind != "PERSON" and long(text)]
                         for document in place.documents],
    }  # fmt: skip
    rows = []
    for name, true in groups.items():
        sought = Sought(chain.from_iterable(true))
        pairs = sum(len(set(some)) for some in true)
        for arm, sides in place.sides.items():
            found = [sought.found(side.text) for side in sides]
            right = sum(len(hit & set(some)) for hit, some in zip(found, true, strict=True))
            distinct, said = len(set().union(*found)), sum(map(len, found))
            every = sum(len(values) for values in sought.by_head.values())
            rows.append((f"{name}, {arm}", f"{every:,}", f"{distinct:,}", f"{100 * distinct / every:.2f} %", f"{said:,}",
                         f"{right:,}", f"{100 * right / pairs:.2f} %"))  # fmt: skip
    head = ("values held", "found anywhere", "of those held", "claims “value in document”", "true", "of all true ones")
    table("values, variant", head, rows)
    rows = []
    for arm, sides in place.sides.items():
        often, shared, alone = linked(place.documents, sides)
        shares = (f"{count:,} ({100 * count / often:.1f} %)" for count in (shared, alone))
        rows.append((arm, f"{often:,}", *shares))
    table("variant", ("names in 2 documents or more", "the same text in two", "and it is of nobody else"), rows)
    show_collisions(place)


def long(text: str) -> bool:
    """Whether a value has letters and digits enough to be sought."""
    return sum(map(str.isalnum, text)) >= SHORT


def show_collisions(place: Place) -> None:
    pairs = {
        (canonical_value(kind, text), canonical_value(kind, replacement))
        for document, side in zip(place.documents, place.sides[SURROGATE], strict=True)
        for (kind, text), replacement in zip(document.spelled(), side.replacements(), strict=True)
        if kind == "PERSON"
    }
    rows = [{"entity_type": "PERSON", "value": digest(one), "surrogate": digest(two)} for one, two in sorted(pairs)]
    with tempfile.TemporaryDirectory() as folder:
        pl.DataFrame(rows).write_parquet(Path(folder) / "findings.parquet")
        print(f"Surrogate names that are names of the corpus: `{json.dumps(surrogate_names(Path(folder)))}`")


if __name__ == "__main__":
    main()
