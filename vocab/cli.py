"""The `vocab` command: parse, call one function, print, choose the exit code."""

import argparse
import os
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from govern.console import run, show, trusted_keys
from govern.errors import GovernError
from govern.flags import local
from vocab.embedding_rows import INPUT, OUTPUT
from vocab.errors import VocabError, VocabRefused

if TYPE_CHECKING:
    from collections.abc import Iterable

    from govern.attestation import CertifiedCorpus
    from govern.keys import PrivateKey
    from vocab.extend import ExtendedTokenizer
    from vocab.parity import Parity
    from vocab.proof import Proof

DIGITS = 8
"""Of a number of ids; a vocabulary has fewer."""
SHOWN = 10
"""Lines of a term list that are named for each reason."""


def main(argv: list[str] | None = None) -> int:
    """Runs `vocab`; returns 0 passed, 1 a gate refused, 2 bad usage or unreadable input, 3 interrupted."""
    return run("vocab", parser(), argv, (VocabError, GovernError), resumes=False)


def parser() -> argparse.ArgumentParser:
    """The argument parser of `vocab`; building it loads nothing heavy."""
    top = argparse.ArgumentParser(
        prog="vocab", description="Extend a tokenizer with financial terms, prove what that did, and report coverage."
    )
    commands = top.add_subparsers(title="commands", metavar="COMMAND")

    inspect = _command(commands, "inspect", _inspect, "say what a tokenizer is, and what it can be extended by")
    inspect.add_argument(
        "tokenizers", type=local, nargs="+", metavar="TOKENIZER", help="a folder, tokenizer.json, .model or rank file"
    )

    mine = _command(commands, "mine", _mine, "list candidate terms of a certified corpus, for a person to edit")
    mine.add_argument("corpus", type=local, metavar="DIR", help="a certified corpus")
    _trust(mine)
    mine.add_argument("--base", type=local, metavar="TOKENIZER", help="whose tokens are saved; default: an estimate")
    mine.add_argument(
        "--min-documents", type=int, default=5, metavar="N", help="distinct documents that hold a term; default: 5"
    )
    mine.add_argument(
        "--min-sources", type=int, metavar="N", help="distinct sources; default: 2, or 1 where the corpus has one"
    )
    mine.add_argument("--limit", type=int, default=2000, metavar="N", help="terms at most; default: 2000")
    mine.add_argument("--out", type=local, required=True, metavar="TERMS.tsv", help="a new file")

    extend = _command(commands, "extend", _extend, "add terms to a base tokenizer, measured on a certified corpus")
    extend.add_argument("base", type=local, metavar="BASE", help="a folder, tokenizer.json, .model or rank file")
    _corpus(extend, required=True)
    _terms(extend, "the terms to add; repeatable; default: both lists of the package")
    extend.add_argument(
        "--profile",
        choices=("portable", "exact"),
        default="portable",
        help="by merges, so every engine agrees; or by isolating each term, for Hugging Face tokenizers only",
    )
    extend.add_argument(
        "--digits",
        choices=("keep", "r2l3"),
        default="keep",
        help="numbers as the base cuts them, or in groups of three from the right",
    )
    extend.add_argument(
        "--budget",
        type=_count,
        metavar="N",
        help="new ids at most; what saves most tokens goes first; default: no limit",
    )
    extend.add_argument(
        "--particles", type=_count, default=0, metavar="N", help="also N terms with a Korean particle; default: none"
    )
    extend.add_argument("--sign-key", type=local, metavar="KEY", help="sign the result")
    extend.add_argument("--passphrase", type=local, metavar="FILE", help="file whose first line opens the signing key")
    extend.add_argument("--out", type=local, required=True, metavar="TOKENIZER", help="a new folder")

    check = _command(commands, "check", _check, "prove every claim of an extended tokenizer again")
    check.add_argument("tokenizer", type=local, metavar="TOKENIZER", help="a folder that `vocab extend` wrote")
    _corpus(check, required=False)

    coverage = _command(commands, "coverage", _coverage, "report what text, terms and numbers cost, side by side")
    coverage.add_argument(
        "tokenizers",
        type=local,
        nargs="+",
        metavar="TOKENIZER",
        help="of any family; the first is the measure of the others, the last the candidate",
    )
    _corpus(coverage, required=True)
    _terms(coverage, "single-token rates are of these; repeatable; default: both lists of the package")
    coverage.add_argument(
        "--aligned",
        default="finance-en-ko",
        metavar="FILE",
        help="sentences in English and Korean that say the same; default: those of the package",
    )
    coverage.add_argument(
        "--type-column", metavar="NAME", help="the kept column of document types; default: type, where there is one"
    )
    coverage.add_argument(
        "--fail-under",
        metavar="FILE",
        help="thresholds to exit 1 by: a suite of expectations, or tokenizer-coverage of the package",
    )
    coverage.add_argument(
        "--engine",
        choices=("tokenizers", "gigatoken"),
        default="tokenizers",
        help="what encodes byte-level BPE; gigatoken (assay[fast]) only where both agree",
    )
    coverage.add_argument("--workers", type=_count, default=1, metavar="N", help="processes; default: 1")
    coverage.add_argument("--out", type=local, required=True, metavar="REPORT_DIR", help="a new folder")

    shown = _command(commands, "show", _show, "print the pieces of a text by each tokenizer")
    shown.add_argument("tokenizers", type=local, nargs="+", metavar="TOKENIZER", help="of any family")
    shown.add_argument("text", metavar="TEXT", help="what to cut; - reads it from standard input")

    embed = _command(commands, "embed", _embed, "give a model rows for the new ids, made of their sub-tokens")
    embed.add_argument("model", type=local, metavar="MODEL", help="a transformers model folder with safetensors")
    embed.add_argument("--tokenizer", type=local, required=True, metavar="TOKENIZER", help="the extended tokenizer")
    embed.add_argument("--input", choices=INPUT, default="mean", help="new input rows; default: mean of the sub-tokens")
    embed.add_argument("--output", choices=OUTPUT, help="new output rows; default: mean, or the input's where tied")
    embed.add_argument("--out", type=local, required=True, metavar="MODEL2", help="a new folder")
    return top


def _command(commands: Any, name: str, call: Any, text: str) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(
        name, help=text, description=text[0].upper() + text[1:] + "."
    )
    command.add_argument("--json", action="store_true", help="print the result as one JSON object")
    command.set_defaults(call=call)
    return command


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > DIGITS:
        raise argparse.ArgumentTypeError(f"{text!r}, expected a whole number from 0 on, of at most {DIGITS} digits")
    return int(text)


def _corpus(command: argparse.ArgumentParser, *, required: bool) -> None:
    command.add_argument("--corpus", type=local, required=required, metavar="DIR", help="a certified corpus")
    _trust(command)


def _trust(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--trust", type=local, action="append", metavar="PUB", help="a public key to trust; repeatable; or ASSAY_TRUST"
    )
    command.add_argument("--revocations", type=local, metavar="FILE", help="a signed revocation list")


def _terms(command: argparse.ArgumentParser, text: str) -> None:
    command.add_argument("--terms", action="append", metavar="FILE|finance-en|finance-ko", help=text)


def _verified(arguments: argparse.Namespace, purpose: str | None) -> "CertifiedCorpus":
    from govern.attestation import verify

    return verify(
        arguments.corpus,
        trusted_keys(arguments.trust),
        now=datetime.now(UTC),
        revocations=arguments.revocations,
        purpose=purpose,
    )


def _lists(arguments: argparse.Namespace) -> tuple[Any, ...]:
    from vocab.term_lists import OWN, load

    return tuple(load(name) for name in dict.fromkeys(arguments.terms or OWN))


def _key(arguments: argparse.Namespace) -> "PrivateKey | None":
    from govern.keys import load_private

    if arguments.sign_key is None:
        return None
    passphrase = None
    if arguments.passphrase is not None:
        try:
            passphrase = next(iter(arguments.passphrase.read_bytes().splitlines()), b"")
        except OSError as error:
            reason = error.strerror or "cannot be read"
            raise VocabError(f"{arguments.passphrase}: {reason}; name the file that holds the passphrase") from None
    return load_private(arguments.sign_key, passphrase)


def _inspect(arguments: argparse.Namespace) -> int:
    from vocab.anatomy import anatomy, lines

    found = [anatomy(path) for path in arguments.tokenizers]
    show(
        {"tokenizers": [one.to_json() for one in found]}, arguments.json, [line for one in found for line in lines(one)]
    )
    return 0


def _mine(arguments: argparse.Namespace) -> int:
    from vocab.mine import mine, refuse_other, write
    from vocab.model_base import load_origin

    refuse_other(arguments.out)
    mined = mine(
        _verified(arguments, "train"),
        load_origin(arguments.base) if arguments.base else None,
        min_documents=arguments.min_documents,
        min_sources=arguments.min_sources,
        limit=arguments.limit,
    )
    write(mined, arguments.out)
    result = {
        "out": str(arguments.out),
        "documents": mined.documents,
        "sources": mined.sources,
        "considered": mined.considered,
        "written": len(mined.candidates),
        "refused": mined.refused,
    }
    lines = [
        f"{arguments.out}: {len(mined.candidates):,} terms of {mined.considered:,} candidates in {mined.documents:,} "
        f"documents from {mined.sources:,} {'source' if mined.sources == 1 else 'sources'}",
        *(f"  {gate}: {count:,}" for gate, count in mined.refused.items()),
        "read every line before `vocab extend --terms` takes the list",
    ]
    show(result, arguments.json, lines)
    return 0


def _extend(arguments: argparse.Namespace) -> int:
    from vocab.extend import extend

    key = _key(arguments)
    made = extend(
        arguments.base,
        _verified(arguments, "train"),
        _lists(arguments),
        arguments.out,
        profile=arguments.profile,
        digits=arguments.digits,
        budget=arguments.budget,
        particles=arguments.particles,
        key=key,
        issued=datetime.now(UTC),
    )
    left = _left(made)
    statuses = [term.status for term in made.growth.terms]
    terms = {status: statuses.count(status) for status in sorted(set(statuses))}
    result = {
        "tokenizer": str(made.folder),
        "digest": made.digest,
        "certificate": made.certificate,
        "profile": arguments.profile,
        "terms": terms,
        "not_added": left,
        "rare": list(made.rare),
        "new_ids": len(made.new_ids),
        "number_ids": len(made.ground.numbers),
        "tag_ids": len(made.ground.tags),
        "scaffold_ids": len(made.growth.scaffolds),
        "engines": [one.to_json() for one in made.engines],
        "exports": [{"engine": one.engine, "files": sorted(one.files), "refused": one.refused} for one in made.exports],
        "warnings": list(made.warnings),
        "signed": key is not None,
        **_numbers(made.proof),
    }
    lines = [
        f"{made.folder}: {len(made.new_ids):,} new ids, of them {len(made.growth.scaffolds):,} scaffolds, "
        f"{len(made.ground.numbers):,} groups of digits, {len(made.ground.tags):,} masking tags; "
        + ", ".join(f"{count:,} terms {status}" for status, count in terms.items()),
        *_proof_lines(made.proof),
        *_engine_lines(made.engines),
        *(f"export for {one.engine}: {one.refused or ', '.join(sorted(one.files))}" for one in made.exports),
        *_left_lines(left),
        *(f"warning: {warning}" for warning in made.warnings),
        f"extension {made.digest}" + ("" if key else "; not signed (--sign-key)"),
    ]
    show(result, arguments.json, lines)
    return 0


def _engine_lines(engines: "Iterable[Parity]") -> list[str]:
    return [f"{' '.join(part for part in (one.engine, one.version) if part)}: {one}" for one in engines]


def _left(made: "ExtendedTokenizer") -> list[dict[str, str]]:
    """The lines of the lists that did not become one token in every variant, and why."""
    from vocab.grow import ADDED, PRESENT

    return [
        {
            "place": term.entry.place,
            "term": term.entry.term,
            "status": term.status,
            "reason": term.entry.reason
            or "; ".join(f"{one.text!r}: {one.status}" for one in term.variants if one.status not in (ADDED, PRESENT)),
        }
        for term in made.growth.terms
        if term.status not in (ADDED, PRESENT)
    ]


def _left_lines(left: list[dict[str, str]]) -> list[str]:
    lines = []
    for status in dict.fromkeys(one["status"] for one in left):
        alike = [one for one in left if one["status"] == status]
        lines += [f"  {one['place']} {one['term']!r} {status}: {one['reason']}" for one in alike[:SHOWN]]
        if len(alike) > SHOWN:
            lines.append(f"  and {len(alike) - SHOWN:,} more {status} (extension.json, or --json)")
    return lines


def _check(arguments: argparse.Namespace) -> int:
    from vocab.check import check, signature

    trust = trusted_keys(arguments.trust)
    corpus = _verified(arguments, None) if arguments.corpus else None
    signed = signature(arguments.tokenizer, trust)
    if signed == "not signed" and arguments.trust and not arguments.corpus:
        raise VocabRefused((f"{arguments.tokenizer}: not signed, though --trust asks whose signature counts; sign it",))
    proof = check(arguments.tokenizer, corpus, trust=trust if signed == "verified" else (), now=datetime.now(UTC))
    lines = [
        f"{arguments.tokenizer}: every claim holds",
        *_proof_lines(proof),
        *_engine_lines(proof.engines),
        f"scaffold ids: {len(proof.scaffold_ids):,}; signature: {signed}",
        *(() if corpus else ("corpus: not checked (give --corpus and --trust)",)),
    ]
    engines = [one.to_json() for one in proof.engines]
    show({"passed": True, "signature": signed, "engines": engines, "proof": proof.to_json()}, arguments.json, lines)
    return 0


def _coverage(arguments: argparse.Namespace) -> int:
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: with products as small as here, more would only wait
    from vocab import report
    from vocab.coverage import aligned, cover, thresholds
    from vocab.coverage.covering import TYPE_COLUMN
    from vocab.coverage.value import to_json
    from vocab.folders import refuse_taken
    from vocab.term_lists import terms_of

    refuse_taken(arguments.out, report.JSON)
    for folder in (arguments.corpus, *(path for path in arguments.tokenizers if path.is_dir())):
        if arguments.out.resolve().is_relative_to(folder.resolve()):
            raise VocabError(f"{arguments.out}: inside {folder}, which is to stay as it is; choose another --out")
    lists = _lists(arguments)
    for one in lists:
        if not terms_of([one]):
            why = f" (the first, {one.entries[0].place}: {one.entries[0].reason})" if one.entries else ""
            raise VocabError(f"{one.name}: no line is a term that can be measured{why}; correct the list, or give another")
    suite = arguments.fail_under and thresholds.load(arguments.fail_under)
    pairs = aligned.load(arguments.aligned)
    corpus = _verified(arguments, "evaluate")
    columns = corpus.certificate.claim["corpus"]["columns"]
    if arguments.type_column is not None and arguments.type_column not in columns:
        raise VocabError(
            f"column '{arguments.type_column}': the corpus keeps {', '.join(columns)}; correct --type-column"
        )
    covered = cover(
        arguments.tokenizers,
        corpus,
        terms_of(lists),
        aligned=pairs,
        type_column=TYPE_COLUMN if arguments.type_column is None else arguments.type_column,
        engine=arguments.engine,
        workers=arguments.workers,
    )
    value = to_json(corpus, lists, covered)
    report.write(value, arguments.out)
    judged = thresholds.judge(value, arguments.fail_under) if suite else ()
    said = [f"warning: {warning}" for warning in thresholds.warnings(judged)]
    show(value, arguments.json, [*report.lines(value), "", *said, str(arguments.out / report.HTML)])
    if refused := thresholds.refusals(judged):
        raise VocabRefused(refused)
    return 0


def _show(arguments: argparse.Namespace) -> int:
    from vocab.coverage import open_tokenizer
    from vocab.show import lines
    from vocab.show import show as pieces_of

    text = sys.stdin.read() if arguments.text == "-" else arguments.text
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise VocabError("TEXT: not UTF-8; give it as UTF-8, or a file of it by standard input")
    found = pieces_of([open_tokenizer(path) for path in arguments.tokenizers], text)
    result = [
        {
            "name": one.name,
            "tokens": one.tokens,
            "pieces": [{"start": piece.start, "end": piece.end, "tokens": piece.tokens} for piece in one.pieces],
        }
        for one in found
    ]
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    show({"tokenizers": result}, arguments.json, lines(found, text, colour=colour))
    return 0


def _embed(arguments: argparse.Namespace) -> int:
    from vocab.embed import embed

    made = embed(
        arguments.model,
        arguments.tokenizer,
        arguments.out,
        input_rows=arguments.input,
        output_rows=arguments.output,
    )
    result = {
        "model": str(made.folder),
        "rows_before": made.rows_before,
        "rows_after": made.rows_after,
        "new_rows": made.new_rows,
        "tensors": list(made.tensors),
        "tied": made.tied,
        "input": made.input,
        "output": made.output,
        "padding_rows": made.padding_rows,
        "notes": list(made.notes),
    }
    lines = [
        f"{made.folder}: {made.rows_before:,} rows became {made.rows_after:,}; {made.new_rows:,} new ids set in "
        + ", ".join(made.tensors),
        f"input rows: {made.input}, output rows: {made.output}{' (tied)' if made.tied else ''}; {made.padding_rows:,} rows "
        "of padding added, which hold the average and which no id of the tokenizer reads",
        *made.notes,
    ]
    show(result, arguments.json, lines)
    return 0


def _numbers(proof: "Proof") -> dict[str, Any]:
    base, extended = proof.single_rate
    return {"single_rate_base": round(base, 6), "single_rate": round(extended, 6), "proof": proof.to_json()}


def _proof_lines(proof: "Proof") -> list[str]:
    base, extended = proof.single_rate
    lines = [f"terms that are one token, over {len(proof.positions)} contexts: {base:.1%} before, {extended:.1%} after"]
    if proof.corpus is not None and proof.leak is not None:
        text, leak = proof.corpus, proof.leak
        lines.append(
            f"corpus: {text.tokens_base:,} tokens before, {text.tokens_extended:,} after; documents longer: "
            f"{text.documents_longer:,} of {text.documents:,}; leaks: {leak.changed_occurrences:,} of "
            f"{leak.occurrences:,} occurrences of pre-tokens without a term"
        )
    if proof.numbers is not None:
        numbers = proof.numbers
        line = f"numbers: groups of three from the right, {numbers.new_ids:,} new ids (the base: {numbers.policy})"
        if numbers.corpus is not None:
            text = numbers.corpus
            line += (
                f"; corpus {text.tokens_base:,} tokens before, {text.tokens_extended:,} after, documents longer: "
                f"{text.documents_longer:,}, shorter: {text.documents_shorter:,}"
            )
        lines.append(line)
    if proof.missing_bytes:
        lines.append(f"the base has no token for {proof.missing_bytes} of the 256 bytes and loses text that holds one")
    return lines
