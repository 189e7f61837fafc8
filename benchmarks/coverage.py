"""How well five public tokenizers cover financial text, English and Korean, and what extending each of them changes.

    python benchmarks/coverage.py DATA WORK

DATA is the shared folder with `text_en`, `text_ko`, `glossary` and `tokenizers`; WORK is a new folder. Certifies four files
of text, whole, with `govern certify` (default policy, a kept column `type` that names the file, one document in twenty held
out), extends each base by both term lists of the package (`vocab extend`, profile portable), and covers the corpus by all
ten tokenizers in one call of `vocab.coverage.cover`. Terms that are measured come from other lists than those that were
added: labels of FIBO and of XBRL, and the dictionary of eKoNLPy. Prints Markdown: the tables of `results/coverage.md`.
"""

import argparse
import json
import resource
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from extension_quick import from_ranks

from govern.attestation import CertifiedCorpus, verify
from govern.cli import main as govern
from vocab.coverage import Covered, cover
from vocab.coverage.intervals import interval
from vocab.coverage.partial import EACH, SHARED
from vocab.coverage.probing import SPACE
from vocab.coverage.tables import ABSENT, pages, percent, ratio, whole
from vocab.coverage.value import slices_of, to_json
from vocab.extend import ExtendedTokenizer, extend
from vocab.term_lists import OWN, TermList, load, parse, terms_of

TEXTS = (
    "text_en/sec_filings_en",
    "text_en/fed_speeches_en",
    "text_ko/kr_statutes_finance_ko",
    "text_ko/kr_court_rulings_finance_ko",
)
BASES = ("whisper_gpt2", "whisper_multilingual", "mistral_v1", "mistral_v3", "mistral_tekken")
GLOSSARIES = ("fibo_terms_en", "xbrl_labels_en", "ekonlpy_terms_ko")
POLICY = 'name = "benchmark"\nkeep_columns = ["type"]\n[[sources]]\nmatch = "*"\nname = "shared"\n'
HELD_OUT = "held-out=0.05"
EXTENDED = "+"
Value = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("work", type=Path)
    arguments = parser.parse_args()
    data, work = arguments.data, arguments.work
    work.mkdir()
    clock = Clock()
    corpus = certified(data, work)
    clock.lap("`govern certify`")
    made = [extended(data / "tokenizers" / name, corpus, work, clock) for name in BASES]
    lists = [glossary(data / "glossary" / f"{name}.jsonl") for name in GLOSSARIES]
    clock.start()
    covered = cover([path for one in made for path in one[:2]], corpus, terms_of(lists))
    value = to_json(corpus, lists, covered)
    clock.lap("coverage by ten tokenizers")
    clock.show()
    show_corpus(value, corpus)
    show_lists(lists, covered)
    show_tokenizers(value, covered, lists, [one[2] for one in made])
    for slice_name, cells in slices_of(covered):
        if slice_name == "all" or slice_name.startswith(("type:", "held-out")):
            show_slice(value, slice_name, saved(covered, cells))


class Clock:
    """Wall and processor seconds from one lap to the next, those of finished child processes with them."""

    def __init__(self) -> None:
        self.laps: list[tuple[str, float, float]] = []
        self.start()

    def start(self) -> None:
        self.began = time.monotonic(), self._spent()

    def lap(self, name: str) -> None:
        self.laps.append((name, time.monotonic() - self.began[0], self._spent() - self.began[1]))
        self.start()

    def show(self) -> None:
        table(
            "run",
            ("seconds", "processor seconds"),
            [(name, f"{one:.0f}", f"{two:.0f}") for name, one, two in self.laps],
        )
        print(
            f"Memory of the process at its highest: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.1f} GB.\n"
        )

    @staticmethod
    def _spent() -> float:
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return sum(one.ru_utime + one.ru_stime for one in used)


def certified(data: Path, work: Path) -> CertifiedCorpus:
    """The four files as a corpus, certified by the project itself under keys made for it."""
    raw, keys, out, policy = work / "raw", work / "keys", work / "corpus", work / "policy.toml"
    raw.mkdir()
    for name in TEXTS:
        frame = pl.read_parquet(data / f"{name}.parquet").select("id", "text", pl.lit(Path(name).name).alias("type"))
        frame.write_parquet(raw / f"{Path(name).name}.parquet")
    policy.write_text(POLICY, "utf-8")
    certify = ["certify", str(raw), "--out", str(out), "--policy", str(policy), "--split", HELD_OUT]
    certify += ["--secret", str(keys / "secret.key"), "--sign-key", str(keys / "sign.pem")]
    for command in (["keygen", "--out", str(keys)], certify):
        if govern(command) != 0:
            raise SystemExit(f"govern {command[0]} did not pass")
    return verify(out, [keys / "sign.pub"], now=datetime.now(UTC))


def extended(base: Path, corpus: CertifiedCorpus, work: Path, clock: Clock) -> tuple[Path, Path, ExtendedTokenizer]:
    """The base, a `tokenizer.json` where it was ranks, and its extension by both lists of the package."""
    if list(base.glob("*ranks.parquet")):
        spec = from_ranks(base).spec
        base = work / base.name
        base.mkdir()
        (base / "tokenizer.json").write_text(json.dumps(spec, ensure_ascii=False), "utf-8")
    clock.start()
    made = extend(base, corpus, [load(name) for name in OWN], work / f"{base.name}{EXTENDED}")
    clock.lap(f"`vocab extend` {base.name}")
    return base, made.folder, made


def glossary(file: Path) -> TermList:
    """The terms of a glossary as a list, one a line."""
    terms = [json.loads(line)["term"] for line in file.read_text("utf-8").splitlines()]
    return parse("\n".join(["term", *terms]).encode(), file.stem)


def saved(covered: Covered, cells: Sequence[Any]) -> list[tuple[float, float] | None]:
    """The interval of the share of tokens saved against the base, for each tokenizer; None for a base."""
    total = sum((covered.partial.replicates[cell] for cell in cells), np.zeros(1))
    tokens = [total[:, len(SHARED) + at * len(EACH)] for at in range(len(covered.readers))]
    return [
        None if base is None else interval(tokens[base] - tokens[at], tokens[base])
        for at, base in enumerate(covered.extends)
    ]


def show_corpus(value: Value, corpus: CertifiedCorpus) -> None:
    counts = corpus.certificate.claim["accounting"]
    print(f"Documents: {', '.join(f'{name} {counts[name]}' for name in counts)}.\n")
    slices = value["tokenizers"][0]["slices"]
    rows = [
        (one["slice"].removeprefix("type:"), *(whole(one[key]) for key in ("documents", "text_bytes", "characters", "words")),
         *(whole(one[key]["occurrences"]) for key in ("terms", "all_numbers")))
        for one in slices
        if not one["slice"].startswith(("lang:", "source:"))
    ]  # fmt: skip
    table("text", ("documents", "bytes", "characters", "words", "terms in it", "numbers in it"), rows)


def show_lists(lists: Sequence[TermList], covered: Covered) -> None:
    places = {term: at for at, term in enumerate(covered.terms)}
    rows = []
    for one in lists:
        usable = {entry.term for entry in one.entries if not entry.reason}
        reasons = Counter(entry.reason.partition(":")[0] for entry in one.entries if entry.reason)
        occur = sum(bool(covered.partial.terms[0][places[term]]) for term in usable)
        said = "; ".join(f"{reason}: {count:,}" for reason, count in reasons.most_common())
        lines = len(one.entries), len(one.entries) - reasons.total(), len(usable), occur
        rows.append((one.name, *map(whole, lines), said))
    table("list", ("lines", "usable", "distinct", "occur in the corpus", "not usable"), rows)


def show_tokenizers(
    value: Value, covered: Covered, lists: Sequence[TermList], made: Sequence[ExtendedTokenizer]
) -> None:
    english = np.isin(covered.terms, terms_of(lists[:2]))
    rows = []
    for at, one in enumerate(value["tokenizers"]):
        space = next(each for each in covered.contexts[at] if each.context == SPACE)
        alone = [percent(round(1e6 * space.single[english[space.tried] == side].mean())) for side in (True, False)]
        changed = one["slices"][0]["changed"] or dict.fromkeys(("words", "drift", "leak"))
        low, high = map(ratio, one["aligned"]["parity_interval_ppm"])
        new = f"{whole(one['new_ids']['ids'])} ({whole(one['new_ids']['scaffolds'])})" if one["new_ids"] else ABSENT
        longer = whole(made[at // 2].proof.corpus.documents_longer) if one["extends"] else ABSENT
        method = f"{one['method']['way']}{'; ' * bool(one['method']['reason'])}{one['method']['reason']}"
        rows.append((one["name"], whole(one["vocab_size"]), new, f"{ratio(one['aligned']['parity_ppm'])} [{low}, {high}]",
                     *alone, *map(whole, changed.values()), longer, method))  # fmt: skip
    head = ("ids", "new ids (scaffolds)", "parity [95 %]", "English terms one token", "Korean terms one token")
    table("tokenizer", (*head, "changed pieces", "drift", "leak", "documents longer", "method"), rows)


def show_slice(value: Value, name: str, against_base: Sequence[tuple[float, float] | None]) -> None:
    rows, before = [], 0
    for tokenizer, between in zip(value["tokenizers"], against_base, strict=True):
        one = next(each for each in tokenizer["slices"] if each["slice"] == name)
        low, high = map(ratio, one["intervals"]["bytes_per_token_ppm"])
        numbers, run = one["all_numbers"], next(each for each in one["digit_runs"] if each["length"] == 4)
        share = ABSENT
        if between:
            ends = ", ".join(percent(round(1e6 * end)) for end in between)
            share = f"{percent(round(1e6 * (before - one['tokens']) / before))} [{ends}]"
        before = one["tokens"]
        rows.append((tokenizer["name"], f"{ratio(one['bytes_per_token_ppm'])} [{low}, {high}]", share,
                     ratio(one["fertility_ppm"]), percent(one["terms"]["single_ppm"]), ratio(numbers["tokens_each_ppm"]),
                     percent(numbers["boundary_f1_ppm"]), f"{run['patterns']} ({percent(run['commonest_ppm'])})",
                     pages(one["windows"][0]["pages_ppm"])))  # fmt: skip
    print(f"## {name.removeprefix('type:')}\n")
    head = ("bytes/token [95 %]", "saved [95 %]", "fertility", "terms one token", "tokens/number", "boundary F1")
    table("tokenizer", (*head, "4 digits: patterns (commonest)", "pages in 8k"), rows)


def table(first: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    print(f"| {first} | {' | '.join(head)} |\n|---|{'---:|' * len(head)}")
    print("\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n", flush=True)


if __name__ == "__main__":
    main()
