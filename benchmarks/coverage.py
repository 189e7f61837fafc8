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
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
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
from vocab.coverage.tables import ABSENT, Value, pages, percent, ratio, whole
from vocab.coverage.value import slices_of, to_json
from vocab.extend import ExtendedTokenizer, extend
from vocab.term_lists import OWN, TermList, load, parse, terms_of

TEXTS = (
    *("text_en/sec_filings_en", "text_en/fed_speeches_en"),
    *("text_ko/kr_statutes_finance_ko", "text_ko/kr_court_rulings_finance_ko"),
)
BASES = ("whisper_gpt2", "whisper_multilingual", "mistral_v1", "mistral_v3", "mistral_tekken")
GLOSSARIES = ("fibo_terms_en", "xbrl_labels_en", "ekonlpy_terms_ko")
POLICY = 'name = "benchmark"\nkeep_columns = ["type"]\n[[sources]]\nmatch = "*"\nname = "shared"\n'
APART = ("lang:", "source:")
"""Slices that say nothing which those of the files do not."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("work", type=Path)
    arguments = parser.parse_args()
    data, work = arguments.data, arguments.work
    work.mkdir()
    runs: list[tuple[str, ...]] = []
    corpus = timed(runs, "`govern certify`", partial(certified, data, work))
    bases = [base_of(data / "tokenizers" / name, work) for name in BASES]
    both = [load(name) for name in OWN]
    made = [
        timed(runs, f"`vocab extend` {base.name}", partial(extend, base, corpus, both, work / f"{base.name}+"))
        for base in bases
    ]
    lists = [glossary(data / "glossary" / f"{name}.jsonl") for name in GLOSSARIES]
    paths = [path for base, one in zip(bases, made, strict=True) for path in (base, one.folder)]
    covered = timed(runs, "coverage by all ten", partial(cover, paths, corpus, terms_of(lists)))
    value = timed(runs, "its value", partial(to_json, corpus, lists, covered))
    table("run", ("seconds", "processor seconds", "highest memory so far, GB"), runs)
    show_corpus(value, corpus)
    show_lists(lists, covered)
    show_tokenizers(value, covered, lists, made)
    for name, cells in slices_of(covered):
        if not name.startswith(APART):
            show_slice(value, name, saved(covered, cells))


def timed(runs: list[tuple[str, ...]], name: str, call: Callable[[], Any]) -> Any:
    """What `call` returns; wall and processor seconds, those of finished child processes with them, go to `runs`."""
    before = spent()
    result = call()
    took = [f"{after - began:,.0f}" for began, after in zip(before, spent(), strict=True)]
    runs.append((name, *took, f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.1f}"))
    return result


def spent() -> tuple[float, float]:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return time.monotonic(), sum(one.ru_utime + one.ru_stime for one in used)


def certified(data: Path, work: Path) -> CertifiedCorpus:
    """The four files as a corpus, certified by the project itself under keys made for it."""
    raw, keys, out, policy = work / "raw", work / "keys", work / "corpus", work / "policy.toml"
    raw.mkdir()
    for name in TEXTS:
        frame = pl.read_parquet(data / f"{name}.parquet").select("id", "text", pl.lit(Path(name).name).alias("type"))
        frame.write_parquet(raw / f"{Path(name).name}.parquet")
    policy.write_text(POLICY, "utf-8")
    certify = ["certify", str(raw), "--out", str(out), "--policy", str(policy), "--split", "held-out=0.05"]
    certify += ["--secret", str(keys / "secret.key"), "--sign-key", str(keys / "sign.pem")]
    for command in (["keygen", "--out", str(keys)], certify):
        if govern(command) != 0:
            raise SystemExit(f"govern {command[0]} did not pass")
    return verify(out, [keys / "sign.pub"], now=datetime.now(UTC))


def base_of(folder: Path, work: Path) -> Path:
    """The folder of a base; where it holds a table of ranks, one with a `tokenizer.json` made of them."""
    if not list(folder.glob("*ranks.parquet")):
        return folder
    out = work / folder.name
    out.mkdir()
    (out / "tokenizer.json").write_text(json.dumps(from_ranks(folder).spec, ensure_ascii=False), "utf-8")
    return out


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
    print(f"Documents: {json.dumps(corpus.certificate.claim['accounting'])}.\n")
    rows = [
        (one["slice"].removeprefix("type:"), *(whole(one[key]) for key in ("documents", "text_bytes", "characters", "words")),
         *(whole(one[key]["occurrences"]) for key in ("terms", "all_numbers")))
        for one in value["tokenizers"][0]["slices"]
        if not one["slice"].startswith(APART)
    ]  # fmt: skip
    table("text", ("documents", "bytes", "characters", "words", "terms in it", "numbers in it"), rows)


def show_lists(lists: Sequence[TermList], covered: Covered) -> None:
    occurring = {term for term, count in zip(covered.terms, covered.partial.terms[0], strict=True) if count}
    rows = []
    for one in lists:
        usable = {entry.term for entry in one.entries if not entry.reason}
        reasons = Counter(entry.reason.partition(":")[0] for entry in one.entries if entry.reason)
        said = "; ".join(f"{reason}: {count:,}" for reason, count in reasons.most_common())
        lines = len(one.entries), len(one.entries) - reasons.total(), len(usable), len(usable & occurring)
        rows.append((one.name, *map(whole, lines), said))
    table("list", ("lines", "usable", "distinct", "occur in the corpus", "not usable"), rows)


def show_tokenizers(value: Value, covered: Covered, lists: Sequence[TermList], made: list[ExtendedTokenizer]) -> None:
    english = np.isin(covered.terms, terms_of(lists[:2]))
    rows = []
    for at, one in enumerate(value["tokenizers"]):
        space = next(each for each in covered.contexts[at] if each.context == SPACE)
        alone = [percent(round(1e6 * space.single[english[space.tried] == side].mean())) for side in (True, False)]
        changed = one["slices"][0]["changed"] or dict.fromkeys(("words", "drift", "leak"))
        parity = within(one["aligned"]["parity_ppm"], one["aligned"]["parity_interval_ppm"], ratio)
        new = f"{whole(one['new_ids']['ids'])} ({whole(one['new_ids']['scaffolds'])})" if one["new_ids"] else ABSENT
        longer = whole(made[at // 2].proof.corpus.documents_longer) if one["extends"] else ABSENT
        method = f"{one['method']['way']}{'; ' * bool(one['method']['reason'])}{one['method']['reason']}"
        ids = whole(one["vocab_size"]), new
        rows.append((one["name"], *ids, parity, *alone, *map(whole, changed.values()), longer, method))
    head = ("ids", "new ids (scaffolds)", "parity [95 %]", "English terms one token", "Korean terms one token")
    table("tokenizer", (*head, "changed pieces", "drift", "leak", "documents longer", "method"), rows)


def show_slice(value: Value, name: str, against_base: Sequence[tuple[float, float] | None]) -> None:
    rows, before = [], 0
    for tokenizer, between in zip(value["tokenizers"], against_base, strict=True):
        one = next(each for each in tokenizer["slices"] if each["slice"] == name)
        length = within(one["bytes_per_token_ppm"], one["intervals"]["bytes_per_token_ppm"], ratio)
        numbers, run = one["all_numbers"], next(each for each in one["digit_runs"] if each["length"] == 4)
        part = round(1e6 * (1 - one["tokens"] / before)) if between else None
        share = within(part, [round(1e6 * end) for end in between], percent) if between else ABSENT
        before = one["tokens"]
        cuts = f"{run['patterns']} ({percent(run['commonest_ppm'])})", pages(one["windows"][0]["pages_ppm"])
        rows.append((tokenizer["name"], length, share, ratio(one["fertility_ppm"]), percent(one["terms"]["single_ppm"]),
                     ratio(numbers["tokens_each_ppm"]), percent(numbers["boundary_f1_ppm"]), *cuts))  # fmt: skip
    print(f"## {name.removeprefix('type:')}\n")
    head = ("bytes/token [95 %]", "saved [95 %]", "fertility", "terms one token", "tokens/number", "boundary F1")
    table("tokenizer", (*head, "4 digits: patterns (commonest)", "pages in 8k"), rows)


def within(number: int | None, ends: Sequence[int], show: Callable[[int | None], str]) -> str:
    return f"{show(number)} [{', '.join(map(show, ends))}]"


def table(first: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    print(f"| {first} | {' | '.join(head)} |\n|---|{'---:|' * len(head)}")
    print("\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n", flush=True)


if __name__ == "__main__":
    main()
