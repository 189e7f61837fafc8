"""What terms as pieces gain and cost on SentencePiece models: terms as one piece, text that changes, time and memory.

    python benchmarks/extension_pieces.py BPE.model UNIGRAM.model TEXT... [--export MODEL...]

TEXT are Parquet or JSON Lines files with columns `text…`, read whole. A third model, Unigram with 16,000 pieces, is trained on
a quarter of them, so that one Unigram model knows Korean. Prints Markdown: the tables of `results/extension_pieces.md`.
"""

import argparse
import io
import itertools
import random
import resource
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import polars as pl
from extension_exact import ENGLISH, IN_ENGLISH, IN_KOREAN, KOREAN

from vocab.errors import VocabRefused
from vocab.grow import ADDED, PRESENT
from vocab.piece_export import export, parity
from vocab.piece_models import SPACE, encoded, extended_model, plain_processor
from vocab.pieces import PieceGrowth, grow_pieces, words
from vocab.pretokens import holding
from vocab.processors import PieceProcessor
from vocab.sentence_piece import SentencePiece, parse_model, read_model
from vocab.term_lists import OWN, Entry, usable
from vocab.term_lists import load as load_terms
from vocab.trials import made_up

TRAINED_PIECES = 16_000
EVERY = 4
"""Of how many documents one is trained on."""
LINE_CHARACTERS = 2000
TERMS = 2000
COUNTED_BYTES = 20_000_000
FUZZED = 3000
_SHARED = (
    ("", ""), ("the ", " of"), ("(", ")"), ("[", "]"), ('"', '"'), ("“", "”"), ("\n", "\n"), ("a ", ","), ("a ", "."),
    ("/", "/"), ("non-", "-like"),
)  # fmt: skip
ENGLISH_13 = (*_SHARED, ("the ", "'s"), ("a ", ":"))
KOREAN_13 = (*_SHARED, ("그 ", "을/를"), ("그 ", "에서"))
"""`을/를` stands for the particle that fits the last syllable."""
Context = tuple[str, str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bpe", type=Path)
    parser.add_argument("unigram", type=Path)
    parser.add_argument("texts", type=Path, nargs="+")
    parser.add_argument(
        "--export", type=Path, nargs="+", default=[], help="models whose tokenizer.json is compared too"
    )
    arguments = parser.parse_args()
    texts = {file.name: read(file) for file in arguments.texts}
    models = {
        "BPE": read_model(arguments.bpe),
        "Unigram": read_model(arguments.unigram),
        "Unigram trained here": trained(texts.values()),
    }
    entries = [Entry(term, "", "benchmark") for term in (*ENGLISH, *KOREAN)]
    for name, model in models.items():
        print(f"## {name}, {len(model.pieces):,} pieces\n", flush=True)
        counts = words(model, itertools.chain.from_iterable(texts.values()))
        for across in (False, True):
            started = time.process_time()
            growth = grow_pieces(model, entries, counts, across)
            spent = time.process_time() - started
            print(f"### Terms of several words {'as pieces' if across else 'left out'}\n")
            print(f"{described(growth)}; {spent:.1f} CPU seconds.\n")
            made = extended_model(model, growth.pieces)
            positions(model, made)
        effects(model, made, growth, texts)
        exported(model, made, growth, texts)
    print("## Many terms\n")
    for name, model in models.items():
        many(name, model, texts)
    exports(arguments.export, texts)


def read(file: Path) -> list[str]:
    """Each document of `file`."""
    frame = pl.read_parquet(file) if file.suffix == ".parquet" else pl.read_ndjson(file)
    columns = [name for name in frame.columns if name.startswith("text")]
    return [text for name in columns for text in frame[name] if text]


def trained(texts: Iterable[Sequence[str]]) -> SentencePiece:
    """A Unigram model of a part of `texts`, trained now."""
    from sentencepiece import SentencePieceTrainer

    out = io.BytesIO()
    lines = (
        line[:LINE_CHARACTERS] for some in texts for text in some[::EVERY] for line in text.split("\n") if line.strip()
    )
    SentencePieceTrainer.train(
        sentence_iterator=lines, model_writer=out, vocab_size=TRAINED_PIECES, model_type="unigram", minloglevel=2,
        input_sentence_size=60_000, shuffle_input_sentence=True, num_threads=1,
    )  # fmt: skip
    return parse_model(out.getvalue(), Path("trained.model"))


def described(growth: PieceGrowth) -> str:
    """How many pieces are new and why, and which variants are none."""
    left = [
        f"`{variant.text}` {variant.status}"
        for term in growth.terms
        for variant in term.variants
        if variant.status not in (ADDED, PRESENT)
    ]
    return (
        f"{len(growth.pieces)} new ids, of which {len(growth.scaffolds)} scaffolds and {len(growth.unknown)} with a character "
        f"that the base lacks; no piece: {', '.join(left) or 'none'}"
    )


def positions(model: SentencePiece, made: SentencePiece) -> None:
    """Prints at how many positions one known piece is a term, by the base and by its extension."""
    sides = [(one, PieceProcessor(one)) for one in (model, made)]
    print("| contexts | terms | positions | one piece, base | one piece, extension | by the extension not |")
    print("|---|---|---:|---:|---:|---|")
    for contexts, english, korean in (("13", ENGLISH_13, KOREAN_13), ("24", IN_ENGLISH, IN_KOREAN)):
        for name, terms, frames in (("28 English", ENGLISH, english), ("22 Korean", KOREAN, korean)):
            texts = [placed(term, frame) for term, frame in itertools.product(terms, frames)]
            kept = [[text for text, at in texts if is_piece(*side, text, *at)] for side in sides]
            missed = [text for text, _ in texts if text not in kept[1]]
            shown = ", ".join(map(repr, missed)) or "none"
            print(f"| {contexts} | {name} | {len(texts)} | {len(kept[0])} | {len(kept[1])} | {shown} |")
    print(flush=True)


def placed(term: str, frame: Context) -> tuple[str, tuple[int, int]]:
    """The term in its context, and where it stands."""
    head, tail = frame
    if tail == "을/를":
        tail = "을" if (ord(term[-1]) - ord("가")) % 28 else "를"
    return head + term + tail, (len(head), len(head + term))


def is_piece(model: SentencePiece, processor: PieceProcessor, text: str, start: int, end: int) -> bool:
    """True where one piece, not the unknown one, covers the term and at most the space before it."""
    encoding = processor.encode(text)
    over = [
        (at, *span)
        for at, span in zip(encoding.ids, encoding.offsets, strict=True)
        if span[0] < end and span[1] > start
    ]
    starts = (start, start - 1) if text[:start][-1:].isspace() else (start,)
    return len(over) == 1 and over[0][0] != model.unk_id and over[0][1] in starts and over[0][2] == end


def effects(model: SentencePiece, made: SentencePiece, growth: PieceGrowth, texts: dict[str, list[str]]) -> None:
    """Prints what changed in the documents, and in words that hold no term."""
    sides = [model.processor(), made.processor()]
    plain = [plain_processor(one.data) for one in (model, made)]
    cores = {variant.spelled.lstrip(SPACE) for term in growth.terms for variant in term.variants}
    first = len(model.pieces)
    one_by_one = Counter[int]()
    within = Counter[int]()
    crossing = {at for piece, at in growth.new_tokens if SPACE in piece[1:]}
    print("| text | documents | without a term | other ids there | longer | longer, none unknown | decode otherwise "
          "| words without a term | changed | pieces before | after | new ids |")  # fmt: skip
    print("|---|" + "---:|" * 11)
    for name, some in texts.items():
        olds, news = (encoded(side, some) for side in sides)
        normal = [sides[0].normalize(text) for text in some]
        free = [at for at, held in enumerate(hold(normal, cores)) if not held]
        longer = [at for at, (old, new) in enumerate(zip(olds, news, strict=True)) if len(new) > len(old)]
        known = sum(model.unk_id not in olds[at] for at in longer)
        otherwise = sum(
            sides[0].decode(old) != sides[1].decode(new)
            for old, new in zip(olds, news, strict=True)
            if old != new and model.unk_id not in old
        )
        counts = words(model, some)
        within.update(at for new in news for at in new if at >= first)
        for word, new in zip(counts, encoded(plain[1], counts), strict=True):
            one_by_one.update({at: counts[word] * new.count(at) for at in set(new) if at >= first})
        termless = sorted(counts.keys() - holding(counts, cores))
        changed = sum(
            counts[word]
            for word, old, new in zip(termless, *(encoded(one, termless) for one in plain), strict=True)
            if old != new
        )
        print(
            f"| {name} | {len(some):,} | {len(free):,} | {sum(olds[at] != news[at] for at in free)} | {len(longer)} | {known} "
            f"| {otherwise} | {sum(counts[word] for word in termless):,} | {changed:,} | {sum(map(len, olds)):,} "
            f"| {sum(map(len, news)):,} | {sum(at >= first for new in news for at in new):,} |",
            flush=True,
        )
    there, alone = (sum(some.values()) - sum(some[at] for at in crossing) for some in (within, one_by_one))
    print(
        f"\nNew ids in whole documents, those across spaces aside: {there:,}; in the same words one by one: {alone:,}.\n"
    )


def hold(texts: Iterable[str], cores: Iterable[str]) -> Iterator[bool]:
    """Whether each of `texts` holds one of `cores`."""
    every = sorted(cores)
    for text in texts:
        yield any(core in text for core in every)


def exported(model: SentencePiece, made: SentencePiece, growth: PieceGrowth, texts: dict[str, list[str]]) -> None:
    """Prints in how many documents a tokenizer.json of the base, and of the extension, has other ids."""
    terms = [term.entry.term for term in growth.terms]
    every = list(itertools.chain.from_iterable(texts.values()))
    sides = {"base": model, "extension": made}
    if growth.unknown:
        known = grow_pieces(model, [term.entry for term in growth.terms], words(model, every), True, unknown=False)
        sides["extension without characters that are no piece"] = extended_model(model, known.pieces)
        print(f"Without characters that are no piece: {described_shortly(known)}.\n")
    print(
        "| tokenizer.json of | made-up texts | other ids | documents | other ids | documents longer than by the base |"
    )
    print("|---|---:|---:|---:|---:|---:|")
    sizes = [len(ids) for ids in encoded(model.processor(), every)]
    for name, one in sides.items():
        longer = sum(len(ids) > size for ids, size in zip(encoded(one.processor(), every), sizes, strict=True))
        try:
            spec = export(one)
        except VocabRefused as refused:
            print(f"| {name} | refused: {str(refused).removeprefix(f'{one.file}: ')} | | | | {longer} |")
            continue
        odd = made_up(terms)
        counted = (parity(one, spec, odd), parity(one, spec, every))
        print(f"| {name} | {len(odd):,} | {counted[0]} | {len(every):,} | {counted[1]} | {longer} |", flush=True)
    print()


def exports(files: Sequence[Path], texts: dict[str, list[str]]) -> None:
    """Prints for each model on how many texts its tokenizer.json has other ids."""
    every = list(itertools.chain.from_iterable(texts.values()))
    odd, fuzz = made_up([*ENGLISH, *KOREAN]), fuzzed()
    print("## A tokenizer.json of each model: texts with other ids than by the library\n")
    print(
        f"| model | family | {len(every):,} documents | {len(odd):,} made-up texts | {len(fuzz):,} of random characters |"
    )
    print("|---|---|---:|---:|---:|")
    for file in files:
        model = read_model(file)
        spec = export(model)
        counted = " | ".join(str(parity(model, spec, some)) for some in (every, odd, fuzz))
        print(f"| {file.parent.name} | {model.family} | {counted} |", flush=True)


def fuzzed() -> list[str]:
    """Strings of random characters of many scripts among common ones; the same each time."""
    source = random.Random(5)
    ranges = ((0x20, 0x3100, 1), (0xAC00, 0xD7A4, 37), (0xF900, 0xFFFE, 1), (0x1F300, 0x1F700, 1))
    odd = [chr(code) for start, end, step in ranges for code in range(start, end, step)]
    common = f"  aeiouthe 금리를\n\t{SPACE}"
    return [
        "".join(source.choice(odd if source.random() < 0.3 else common) for _ in range(source.randrange(1, 30)))
        for _ in range(FUZZED)
    ]


def many(name: str, model: SentencePiece, texts: dict[str, list[str]]) -> None:
    """Prints what 2,000 terms cost with 20 MB of counted text."""
    entries = usable([load_terms(name) for name in OWN], {})
    listed = [entry for entry in entries if not entry.reason]
    chosen = [listed[at * len(listed) // TERMS] for at in range(TERMS)]
    held, size = [], 0
    for text in itertools.chain.from_iterable(itertools.zip_longest(*texts.values())):
        if text and size < COUNTED_BYTES:
            held.append(text)
            size += len(text.encode())
    started = time.process_time()
    counts = words(model, held)
    counted = time.process_time()
    growth = grow_pieces(model, chosen, counts)
    ended = time.process_time()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(
        f"{name}, {TERMS:,} terms, {size / 1e6:.0f} MB of text with {len(counts):,} words: {counted - started:.1f} CPU seconds "
        f"to count, {ended - counted:.1f} to grow; {described_shortly(growth)}; the process held at most {memory:.1f} GB.\n",
        flush=True,
    )


def described_shortly(growth: PieceGrowth) -> str:
    """Numbers of new ids and of variants by what became of them."""
    states = Counter(variant.status for term in growth.terms for variant in term.variants)
    said = ", ".join(f"{count:,} {status}" for status, count in sorted(states.items()))
    return f"{len(growth.pieces):,} new ids, {len(growth.scaffolds):,} scaffolds, variants: {said}"


if __name__ == "__main__":
    main()
