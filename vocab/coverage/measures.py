"""The one table of the measures of a coverage report, and the arithmetic of those that rest on how often each id is used.

`MEASURES` says of each count and ratio what it is, in which unit, over which denominator and after which source. Ids are the
names that a suite of thresholds uses (`vocab.coverage.thresholds`). A measure that stands once per format, window or length
of digits is listed once: `of` finds it for `numbers_percent_fused`, `pages_8k_ppm` and `digits_4_runs`, and for the ends of an
interval, `saved_low_ppm` and `saved_high_ppm`. A ratio is a whole number of parts per million, and null where its denominator
is 0. The functions take counts of ids in any order and give the same number for the same counts.
"""

import math
import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vocab.numbers import FORMATS

ALPHA = 2.5
"""The order of the Rényi entropy; the one that went best with the quality of translation in Zouhar et al. 2023."""
PERCENTILE = 95
RARE = 100
"""An id that is seen less often is learned badly (Gowda and May 2020)."""

OWN = "this project"
RUST = "Rust et al. 2021, How Good is Your Tokenizer?"
PETROV = "Petrov et al. 2023, Language Model Tokenizers Introduce Unfairness Between Languages"
ZOUHAR = "Zouhar et al. 2023, Tokenization and the Noiseless Channel"
GOWDA = "Gowda and May 2020, Finding the Optimal Vocabulary Size for Neural Machine Translation"
LAND = "Land and Bartolo 2024, Fishing for Magikarp"
SINGH = "Singh and Strouse 2024, Tokenization counts"
CHAMANDY = "Chamandy et al. 2012, Estimating Uncertainty for Massive Data Streams"
KUDO = "Kudo and Richardson 2018, SentencePiece"

HIGHER, LOWER, NEITHER = "higher", "lower", ""


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure: its id, a short title, its unit, its definition, where it comes from, and which way is better (or '')."""

    id: str
    title: str
    unit: str
    definition: str
    source: str = OWN
    better: str = NEITHER


_SIZE = (
    Measure("documents", "documents", "documents", "Documents of the slice."),
    Measure("text_bytes", "bytes of text", "bytes", "Bytes of the documents' text in UTF-8."),
    Measure("characters", "characters", "code points", "Unicode code points of the documents' text, spaces included."),
    Measure(
        "words", "words", "words",
        "Runs of non-space characters in the documents' text; in Korean such a run is an eojeol.", RUST,
    ),
    Measure(
        "tokens", "tokens", "tokens",
        "Tokens of the documents' text, each document encoded alone and without special tokens: what one pass of training "
        "over the slice reads.", OWN, LOWER,
    ),
)  # fmt: skip
_LENGTH = (
    Measure(
        "bytes_per_token_ppm", "bytes per token", "bytes per token", "Bytes of text in UTF-8 / tokens.", OWN, HIGHER
    ),
    Measure(
        "characters_per_token_ppm", "characters per token", "code points per token",
        "Code points of text, spaces included / tokens.", OWN, HIGHER,
    ),
    Measure(
        "fertility_ppm", "fertility", "tokens per word",
        "Tokens / words, where a word is a run of non-space characters (in Korean an eojeol).", RUST, LOWER,
    ),
    Measure(
        "aligned_tokens_en", "tokens of the aligned English text", "tokens",
        "Tokens of the English sentences of the aligned text, each encoded alone.", PETROV, LOWER,
    ),
    Measure(
        "aligned_tokens_ko", "tokens of the aligned Korean text", "tokens",
        "Tokens of the Korean sentences of the aligned text, each encoded alone.", PETROV, LOWER,
    ),
    Measure(
        "parity_ppm", "parity, Korean to English", "Korean tokens per English token",
        "Tokens of the Korean sentences of the aligned text / tokens of the English sentences that say the same.",
        PETROV, LOWER,
    ),
)  # fmt: skip
_WHOLE = (
    Measure("unknown_tokens", "unknown tokens", "tokens", "Tokens that are the id for text without a token.", OWN, LOWER),
    Measure(
        "unknown_ppm", "share of unknown tokens", "share of tokens", "Unknown tokens / tokens.", OWN, LOWER,
    ),
    Measure(
        "byte_tokens", "single-byte tokens", "tokens",
        "Tokens that stand for one byte: a byte piece such as <0xEA>, or, in a byte-level vocabulary, one byte of a "
        "character of several.", KUDO, LOWER,
    ),
    Measure("byte_ppm", "byte fallback", "share of tokens", "Single-byte tokens / tokens.", KUDO, LOWER),
    Measure(
        "partial_tokens", "tokens with part of a character", "tokens",
        "Tokens that begin or end inside the UTF-8 bytes of a character.", OWN, LOWER,
    ),
    Measure(
        "partial_ppm", "partial UTF-8", "share of tokens",
        "Tokens that begin or end inside the UTF-8 bytes of a character / tokens.", OWN, LOWER,
    ),
    Measure(
        "divided_characters", "divided characters", "code points", "Code points that two or more tokens share.", OWN, LOWER,
    ),
    Measure(
        "lost_characters", "lost characters", "code points",
        "Code points, spaces aside, that stand in no token.", OWN, LOWER,
    ),
)  # fmt: skip
_IDS = (
    Measure("vocab_size", "vocabulary", "ids", "Ids that mean something, added tokens among them."),
    Measure("ids_used", "ids used", "ids", "Distinct ids among the tokens of the slice.", OWN, HIGHER),
    Measure(
        "utilisation_ppm", "utilisation", "share of the vocabulary", "Distinct ids among the tokens / ids of the vocabulary.",
        OWN, HIGHER,
    ),
    Measure(
        "renyi_ppm", "Rényi efficiency", "share of the greatest entropy",
        "Rényi entropy of order 2.5 of the ids, each by its share of the tokens / the logarithm of the size of the "
        "vocabulary.", ZOUHAR, HIGHER,
    ),
    Measure(
        "ids_at_95", "uses at the 95th percentile", "tokens",
        "Tokens of the id at the 95th percentile of rank: of the used ids, 95% or more occur this often or oftener.",
        GOWDA, HIGHER,
    ),
    Measure("ids_below_100", "rare ids", "ids", "Used ids with fewer than 100 tokens.", GOWDA, LOWER),
    Measure(
        "unreachable_ids", "unreachable ids", "ids",
        "Ids, added tokens aside, of a text that they are not the encoding of, alone, and that stand nowhere in the corpus.",
        LAND, LOWER,
    ),
    Measure(
        "unreachable_not_text", "ids that are no text", "ids",
        "Ids, added tokens aside, that are no text by themselves, such as one byte of a longer character.", LAND,
    ),
)  # fmt: skip
_TERMS = (
    Measure("terms_occurrences", "terms", "occurrences", "Places in the slice where a term of the lists begins a word."),
    Measure(
        "terms_tokens", "tokens of terms", "tokens", "Tokens that hold a character of an occurrence of a term.", OWN, LOWER
    ),
    Measure(
        "terms_single", "terms in one token", "occurrences",
        "Occurrences of terms that one token holds, with no more than white space before it.", OWN, HIGHER,
    ),
    Measure(
        "terms_tokens_each_ppm", "tokens per term", "tokens per occurrence",
        "Tokens of terms / occurrences of terms.", OWN, LOWER,
    ),
    Measure(
        "terms_single_ppm", "share of terms in one token", "share of occurrences",
        "Occurrences of terms in one token / occurrences of terms: weighted by how often each term occurs.", OWN, HIGHER,
    ),
    Measure("term_types_terms", "distinct terms", "terms", "Distinct terms of the lists, those that never occur included."),
    Measure(
        "term_types_single_ppm", "share of distinct terms in one token", "share of distinct terms",
        "Distinct terms that are one token after a space / distinct terms.", OWN, HIGHER,
    ),
    Measure(
        "contexts_terms", "terms tried in contexts", "trials",
        "Trials of a term in a context, such as after a space, in brackets or before a Korean particle.",
    ),
    Measure(
        "contexts_single", "terms in one token in contexts", "trials",
        "Trials of a term in a context in which the term is one token.", OWN, HIGHER,
    ),
    Measure(
        "contexts_single_ppm", "share in one token in contexts", "share of trials",
        "Trials of a term in a context in which the term is one token / trials.", OWN, HIGHER,
    ),
    Measure("idle_absent", "terms that do not occur", "terms", "Distinct terms with no occurrence in the corpus."),
    Measure(
        "idle_already_single", "terms that were one token", "terms",
        "Distinct terms that occur and are one token after a space in the first tokenizer.",
    ),
    Measure(
        "idle_still_split", "terms that are still split", "terms",
        "Distinct terms that occur and are several tokens after a space in the first and in the last tokenizer.", OWN, LOWER,
    ),
    Measure(
        "idle_single_now", "terms that became one token", "terms",
        "Distinct terms that occur and are one token after a space in the last tokenizer and not in the first.", OWN, HIGHER,
    ),
)  # fmt: skip
_NUMBERS = (
    Measure(
        "numbers_occurrences", "numbers", "occurrences",
        "Numbers of a format found in the slice, units included; the number of a masking tag is none.",
    ),
    Measure(
        "numbers_tokens", "tokens of numbers", "tokens", "Tokens that hold a character of a number.", OWN, LOWER,
    ),
    Measure(
        "numbers_single", "numbers in one token", "occurrences",
        "Numbers that one token holds, with no more than white space before it.",
    ),
    Measure(
        "numbers_tokens_each_ppm", "tokens per number", "tokens per number", "Tokens of numbers / numbers.", OWN, LOWER
    ),
    Measure(
        "numbers_hits", "cuts at boundaries of the value", "places",
        "Places inside numbers that are both a token boundary and a boundary of the value.", SINGH, HIGHER,
    ),
    Measure("numbers_cuts", "cuts inside numbers", "places", "Token boundaries strictly inside a number.", SINGH),
    Measure(
        "numbers_groups", "boundaries of the value", "places",
        "Places inside numbers where one group of the value ends and the next begins; digits are grouped by three from the "
        "right.", SINGH,
    ),
    Measure(
        "numbers_boundary_f1_ppm", "boundary F1", "F1",
        "2 x cuts at boundaries of the value / (cuts inside numbers + boundaries of the value): how well tokens follow "
        "groups of three digits from the right.", SINGH, HIGHER,
    ),
    Measure(
        "numbers_fused", "digits fused with a unit", "tokens",
        "Tokens of numbers that hold a digit and a unit in one.", OWN, LOWER,
    ),
    Measure(
        "numbers_broken", "numbers that do not round-trip", "occurrences",
        "Numbers that the tokens of their text do not decode to again.", OWN, LOWER,
    ),
    Measure(
        "digits_runs", "runs of digits", "runs", "Unbroken runs of digits of this length in the slice.",
    ),
    Measure(
        "digits_patterns", "patterns of cuts", "patterns",
        "Different ways in which runs of digits of this length are cut, by the lengths of the pieces.", SINGH, LOWER,
    ),
    Measure(
        "digits_commonest_ppm", "commonest pattern", "share of runs",
        "Runs of digits of this length that are cut in the commonest way / runs of this length.", SINGH, HIGHER,
    ),
)  # fmt: skip
_NEW_IDS = (
    Measure("new_ids", "new ids", "ids", "Ids that the extension added to its base."),
    Measure("new_terms", "new ids of terms", "ids", "New ids that stand for a term or a spelling of one."),
    Measure(
        "new_scaffolds", "scaffolds", "ids", "New ids that exist only so that merges can reach a term.", OWN, LOWER,
    ),
    Measure("new_numbers", "new ids of numbers", "ids", "New ids that stand for a group of digits."),
    Measure("new_tags", "new ids of tags", "ids", "New ids that stand for a tag of masked personal data."),
    Measure(
        "zero_ids", "new ids never used", "ids",
        "New ids that are no token of the corpus or its held-out part: their rows learn nothing from it.", LAND, LOWER,
    ),
    Measure(
        "zero_terms", "new terms never used", "ids",
        "New ids of terms that are no token of the corpus or its held-out part.", LAND, LOWER,
    ),
    Measure(
        "zero_terms_ppm", "share of new terms never used", "share of new ids of terms",
        "New ids of terms that are no token of the corpus or its held-out part / new ids of terms.", LAND, LOWER,
    ),
    Measure(
        "new_id_count", "uses of a new id", "tokens", "Tokens of the corpus, its held-out part aside, that are this new id.",
        OWN, HIGHER,
    ),
    Measure(
        "new_id_held_out", "uses of a new id, held out", "tokens", "Tokens of the held-out part that are this new id.",
        OWN, HIGHER,
    ),
)  # fmt: skip
_CHANGE = (
    Measure(
        "tokens_saved", "tokens saved", "tokens", "Tokens of the first tokenizer of the report - tokens of this one.",
        OWN, HIGHER,
    ),
    Measure(
        "saved_ppm", "share of tokens saved", "share of the first tokenizer's tokens",
        "Tokens saved / tokens of the first tokenizer of the report.", OWN, HIGHER,
    ),
    Measure(
        "documents_shorter", "documents that became shorter", "documents",
        "Documents with fewer tokens than with the first tokenizer of the report.", OWN, HIGHER,
    ),
    Measure(
        "documents_longer", "documents that became longer", "documents",
        "Documents with more tokens than with the first tokenizer of the report.", OWN, LOWER,
    ),
    Measure(
        "changed_words", "changed pieces", "occurrences",
        "Occurrences of pieces of text (a word with the space before it) that are cut otherwise than by the tokenizer that "
        "this one extends.",
    ),
    Measure("drift", "drift", "occurrences", "Changed pieces whose tokens hold none of the new ids.", OWN, LOWER),
    Measure("leak", "leak", "occurrences", "Changed pieces that hold no term of the extension.", OWN, LOWER),
    Measure(
        "leak_ppm", "share of words that leak", "share of words", "Changed pieces that hold no term of the extension / words.",
        OWN, LOWER,
    ),
)  # fmt: skip
_COST = (
    Measure(
        "relative_cost_ppm", "relative cost", "tokens per token of the first tokenizer",
        "Tokens / tokens of the first tokenizer of the report: the price of the same text where tokens are paid.",
        PETROV, LOWER,
    ),
    Measure(
        "pages_ppm", "pages in a context window", "standard pages",
        "Characters per token x the tokens of the window / 1,800, since a standard page has 1,800 characters, spaces "
        "included.", OWN, HIGHER,
    ),
    Measure(
        "whole_documents", "documents that fit whole", "documents",
        "Documents with no more tokens than the context window has.", OWN, HIGHER,
    ),
    Measure(
        "intervals", "interval", "as its ratio",
        "The 2.5th and the 97.5th percentile of the ratio over 1,000 Poisson bootstrap replicates: in each, every document "
        "counts as often as its draw from a Poisson distribution of mean 1.", CHAMANDY,
    ),
)  # fmt: skip

MEASURES: tuple[Measure, ...] = (*_SIZE, *_LENGTH, *_WHOLE, *_IDS, *_TERMS, *_NUMBERS, *_NEW_IDS, *_CHANGE, *_COST)
"""Every measure of a report, in the order in which a reader meets them."""

_BY_ID = {one.id: one for one in MEASURES}
_END = re.compile(r"(.+)_(low|high)_ppm")
_WINDOW = re.compile(r"(pages|whole_documents)_([1-9][0-9]*)k(_ppm)?")
_DIGITS = re.compile(r"digits_([1-9][0-9]*)_(.+)")
_FORMAT = re.compile(r"numbers_(" + "|".join(name.replace(" ", "_") for name in FORMATS) + ")_(.+)")
_ENDS = {"low": "lower end of the interval", "high": "upper end of the interval"}


def of(column: str) -> Measure | None:
    """The measure behind the column of that name, of whatever format, window, length or end of an interval; None if none."""
    return _BY_ID.get(_taken_apart(column)[0])


def title(column: str) -> str:
    """What the column of that name says in words: the title of its measure, and of what; the name itself if it has none."""
    name, about = _taken_apart(column)
    measure = _BY_ID.get(name)
    if measure is None:
        return column
    return measure.title + (f" ({', '.join(about)})" if about else "")


def renyi(counts: npt.NDArray[np.int64], vocab_size: int) -> float | None:
    """The Rényi efficiency of order 2.5 of ids with these counts: 1.0 where each id of the vocabulary is as frequent.

    H / log(vocab_size) with H = log(sum(p ** 2.5)) / (1 - 2.5); 0.0 for a single id. None without a token, and for a
    vocabulary of fewer than two ids. Equal counts are summed exactly, so that the order of the ids never matters.
    """
    used = counts[counts > 0]
    if not len(used) or vocab_size < 2:
        return None
    values, times = np.unique(used, return_counts=True)
    total = sum(int(value) * int(many) for value, many in zip(values, times, strict=True))
    powers = math.fsum(int(many) * (int(value) / total) ** ALPHA for value, many in zip(values, times, strict=True))
    return min(1.0, max(0.0, math.log(powers) / (1 - ALPHA) / math.log(vocab_size)))


def at_95(counts: npt.NDArray[np.int64]) -> int:
    """How often the id at the 95th percentile of rank occurs: 95% of the used ids or more occur so often; 0 without one."""
    used = np.sort(counts[counts > 0])[::-1]
    if not len(used):
        return 0
    return int(used[-(-PERCENTILE * len(used) // 100) - 1])


def below(counts: npt.NDArray[np.int64], limit: int = RARE) -> int:
    """How many used ids occur fewer than `limit` times."""
    return int(np.count_nonzero((counts > 0) & (counts < limit)))


def _taken_apart(column: str) -> tuple[str, tuple[str, ...]]:
    """The id of the measure behind a column, and what the column's name adds to it."""
    about: list[str] = []
    if found := _END.fullmatch(column):
        column = f"{found[1]}_ppm"
        about.append(_ENDS[found[2]])
    if found := _WINDOW.fullmatch(column):
        column = found[1] + (found[3] or "")
        about.insert(0, f"{found[2]}k tokens")
    elif found := _DIGITS.fullmatch(column):
        column = f"digits_{found[2]}"
        about.insert(0, f"{found[1]} digits")
    elif column not in _BY_ID and (found := _FORMAT.fullmatch(column)):
        column = f"numbers_{found[2]}"
        about.insert(0, found[1].replace("_", " "))
    return column, tuple(about)
