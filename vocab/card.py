"""The card of an extended tokenizer, `README.md`: what was added, the measured numbers, the limits."""

from collections import Counter
from typing import Any

_HOW = {"portable": "appended as merges", "exact": "isolated by its pre-tokenizer"}
_LIMITS = {
    "portable": (
        "- A term that the base's pre-tokenizer cuts cannot be joined by merges; `extension.json` names each.",
        "- Before a particle or an ending, merges of the base run first and may cross the edge of a term.",
    ),
    "exact": (
        "- For Hugging Face tokenizers only: an engine that keeps the base's own pre-tokenizer (llama.cpp, tiktoken) cuts",
        "  terms in another way. Do not convert it.",
        "- A term is found at the boundary of a word, before a plural s, and before a known Korean particle; never inside",
        "  a word.",
    ),
}


def card(value: dict[str, Any]) -> str:
    """The Markdown card of an `extension.json` value: numbers and digests, and no term by name."""
    proof, base = value["proof"], value["base"]
    terms = Counter(term["status"] for term in value["terms"])
    scaffolds = len(value["scaffold_ids"])
    kinds = Counter(one["kind"] for one in value["new_ids"])
    lines = [
        "---",
        "library_name: transformers",
        "tags: [tokenizer, finance]",
        "---",
        "",
        "# Extended tokenizer",
        "",
        f"A {base['family']} tokenizer with financial terms {_HOW[value['profile']]} (profile `{value['profile']}`).",
        "",
        f"- base: `{base['sha256']}` ({base['vocab_size']:,} tokens)",
        f"- certified corpus it was measured on: certificate `{value['certificate']}`",
        f"- term lists: {', '.join(_list(one) for one in value['term_lists'])}",
        f"- new ids: {len(value['new_ids']):,}, from {base['next_id']:,} to {value['tokenizer']['next_id'] - 1:,}"
        if value["new_ids"]
        else "- new ids: none",
        f"- of these, groups of digits: {kinds['number']:,}; masking tags, as special tokens: {kinds['tag']:,}; scaffolds: "
        f"{scaffolds:,} (they exist so that merges can reach a term; train their rows too)",
        "- terms: " + ", ".join(f"{terms[status]:,} {status}" for status in sorted(terms)),
        "",
        "## Measured",
        "",
        *_measured(proof),
        "",
        *_grouped(proof.get("numbers")),
        *_exports(value["exports"]),
        "## One token, by context",
        "",
        "| context | terms | one token in the base | one token here |",
        "| --- | ---: | ---: | ---: |",
        *(
            f"| {one['context']} | {one['tried']:,} | {one['single_base']:,} | {one['single_extended']:,} |"
            for one in proof["positions"]
        ),
        "",
        "## Limits",
        "",
        *_LIMITS[value["profile"]],
        "- New rows of a model must be initialised and trained (`vocab embed`, `tune run`); until then this tokenizer",
        "  does not fit a model that was trained with the base.",
        "- The numbers are of this corpus; another has others: `vocab check TOKENIZER --corpus DIR --trust PUB`.",
        "",
    ]
    if proof["missing_bytes"]:
        missing = proof["missing_bytes"]
        lines.insert(-1, f"- The base has no token for {missing} of the 256 bytes and loses text that holds one.")
    return "\n".join(lines)


def _grouped(numbers: dict[str, Any] | None) -> list[str]:
    """What cutting numbers into groups of three from the right did to the base, before any term."""
    if numbers is None:
        return []
    text = numbers["corpus"]
    return [
        "## Numbers in groups of three from the right",
        "",
        f"- the base: {numbers['policy']}; new ids for groups: {numbers['new_ids']:,}; groups that are not one token: "
        f"{len(numbers['not_single']):,}",
        f"- tokens of the corpus: {text['tokens_base']:,} before, {text['tokens_extended']:,} after; documents longer: "
        f"{text['documents_longer']:,}, shorter: {text['documents_shorter']:,}",
        "- Every number is another sequence of ids than with the base: train on it before use.",
        "- Readers that replace the pre-tokenizer of `tokenizer.json` by their own (the classes of Qwen2 and GPT-2 in",
        "  transformers 5) undo this; load it by the class that `tokenizer_config.json` names.",
        "",
    ]


def _exports(exports: list[dict[str, Any]]) -> list[str]:
    """What was written for other engines, or why nothing was."""
    said = [
        f"- for {one['engine']}: {', '.join(f'`{name}`' for name in one['files']) or 'nothing, since ' + one['refused']}"
        for one in exports
    ]
    return ["## Other engines", "", *said, ""] if said else []


def _list(one: dict[str, Any]) -> str:
    return f"{one['name']} ({one['terms']:,} terms and variants, `{one['sha256'][:19]}…`)"


def _measured(proof: dict[str, Any]) -> list[str]:
    corpus, leak, drift = proof["corpus"], proof["leak"], proof["drift"]
    before, after = corpus["tokens_base"], corpus["tokens_extended"]
    saved = f"{100 * (before - after) / before:.2f}%" if before else "not measured"
    lines = [
        f"- documents: {corpus['documents']:,}; longer than before: {corpus['documents_longer']:,}; "
        f"shorter: {corpus['documents_shorter']:,}",
        f"- tokens: {before:,} before, {after:,} after (saved {saved})",
        f"- ids of the base with another meaning: {proof['base_ids_changed']:,} of {proof['base_ids']:,}",
        f"- documents that decode to other text than by the base: {corpus['decoded_otherwise']:,}",
    ]
    if leak is not None:
        lines.append(
            f"- leaks: {leak['changed_occurrences']:,} of {leak['occurrences']:,} occurrences of pre-tokens without a term "
            f"are split in another way; longer: {leak['longer_pretokens']:,}"
        )
    if drift is not None:
        lines.append(
            f"- documents where text without a term has other ids, or a term is not one token: {len(drift['broken']):,} kinds "
            f"of them in {drift['documents']:,} documents"
        )
    return lines
