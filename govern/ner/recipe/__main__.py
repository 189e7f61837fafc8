"""`python -m govern.ner.recipe --shared DIR --out FOLDER`: trains and writes the pipelines of both languages."""

import argparse
from pathlib import Path

from govern.ner.recipe.build import LANGUAGES, build


def main() -> None:
    """Trains one language or both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, required=True, help="the folder of labelled sets and financial text")
    parser.add_argument("--out", type=Path, required=True, help="a new folder for `en` and `ko`")
    parser.add_argument("--work", type=Path, required=True, help="takes what is between; can be removed afterwards")
    parser.add_argument(
        "--dictionary", type=Path, default=Path("/usr/share/dict/american-english"),
        help="English words, one a line (default: those of Debian's package wamerican, %(default)s)",
    )  # fmt: skip
    parser.add_argument("--lang", choices=LANGUAGES, action="append")
    parser.add_argument("--steps", type=int, nargs=2, metavar=("FIRST", "SECOND"))
    arguments = parser.parse_args()
    if not (arguments.shared / "pii").is_dir():
        parser.error(f"--shared {arguments.shared}: no folder `pii` there; name the folder of the labelled sets")
    if not arguments.dictionary.is_file():
        parser.error(f"--dictionary {arguments.dictionary}: no such file; install Debian's wamerican, or name a list of words")
    chosen = arguments.lang or LANGUAGES
    for lang in chosen:
        if (arguments.out / lang).exists():
            parser.error(f"--out {arguments.out}: `{lang}` is there already; name another folder")
    for lang in chosen:
        steps = tuple(arguments.steps) if arguments.steps else None
        build(
            arguments.shared, arguments.out / lang, lang,
            work=arguments.work / lang, dictionary=arguments.dictionary, steps=steps,
        )  # fmt: skip


if __name__ == "__main__":
    main()
