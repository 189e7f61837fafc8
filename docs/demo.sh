#!/bin/sh
# The demonstration: `make demo` runs it to the coverage report, `make demo-tune` (argument: tune) to a verified adapter.
# Everything is synthetic or built on the spot: the corpus, its personal data, the base tokenizer, the model.
set -eu
cd "$(dirname "$0")/.."
PATH="$PWD/.venv/bin:$PATH"
export PATH HF_HUB_OFFLINE=1 TRANSFORMERS_OFFLINE=1 TOKENIZERS_PARALLELISM=false
export ASSAY_TRUST="$PWD/demo/keys/sign.pub"

say() { printf '\n== %s\n' "$*"; }
run() { printf '$ %s\n' "$*"; "$@"; }

rm -rf demo
mkdir demo

say "A synthetic bilingual corpus with planted, labelled personal data"
run govern keygen --out demo/keys
run govern sample --documents 1000 --seed 7 --out demo/raw

say "Certify it: mask, measure, validate, sign"
run govern certify demo/raw --out demo/corpus --secret demo/keys/secret.key --sign-key demo/keys/sign.pem --split held-out=0.02
run govern verify demo/corpus
run sh docs/verify.sh demo/corpus demo/keys/sign.pub

say "A base tokenizer, trained here on the certified corpus: what it is, and what terms the corpus has"
python - <<'PYTHON'
from datetime import UTC, datetime
from pathlib import Path

from govern import verify
from vocab.train_base import write_base

write_base(verify(Path("demo/corpus"), [Path("demo/keys/sign.pub")], now=datetime.now(UTC)), 1500, Path("demo/base"))
PYTHON
run vocab inspect demo/base
run vocab mine demo/corpus --base demo/base --out demo/mined.tsv
head -n 5 demo/mined.tsv

say "Its extension: terms as single tokens, numbers in groups of three from the right, masking tags as special tokens"
run vocab extend demo/base --corpus demo/corpus --terms finance-en --terms finance-ko --terms demo/mined.tsv --digits r2l3 \
    --sign-key demo/keys/sign.pem --out demo/tokenizer
run vocab check demo/tokenizer --corpus demo/corpus
run vocab coverage demo/base demo/tokenizer --corpus demo/corpus --terms finance-en --terms finance-ko --fail-under tokenizer-coverage \
    --out demo/coverage

if [ "${1:-}" = tune ]; then
    say "A small untrained Llama, built here; new rows for the new tokens"
    python - <<'PYTHON'
from pathlib import Path

from tune.base_model import build_for

build_for(Path("demo/base"), Path("demo/model"), hidden=256, layers=4)
PYTHON
    run vocab embed demo/model --tokenizer demo/tokenizer --out demo/model-extended

    say "Fine-tune on the certified corpus, and walk the chain back"
    cat > demo/recipe.toml <<'TOML'
corpus = "corpus"
trust = ["keys/sign.pub"]
model = "model-extended"
tokenizer = "tokenizer"
out = "adapter"
sign_key = "keys/sign.pem"

[card]
owner = "the demonstration"
intended_use = "showing the chain from text to adapter"
forbidden_use = "anything else: the model is small and untrained"
legal_basis = "none needed: the corpus is synthetic"

[training]
seed = 1
steps = 24
batch = 4
micro_batch = 4
max_length = 256
learning_rate = 1e-3
checkpoint_steps = 12
evaluation_rows = 8
activation_checkpointing = false
TOML
    run tune plan demo/recipe.toml
    run tune run demo/recipe.toml
    run tune verify demo/adapter --corpus demo/corpus --tokenizer demo/tokenizer --model demo/model-extended

    say "One model of base and adapter, and how far it lies from the trained one"
    run tune merge demo/adapter --model demo/model-extended --tokenizer demo/tokenizer --corpus demo/corpus \
        --sign-key demo/keys/sign.pem --out demo/merged

    say "What the adapter gained over its base, on text that neither saw"
    run tune compare demo/adapter --model demo/model-extended --tokenizer demo/tokenizer --corpus demo/corpus --out demo/compare
    say "Done: open demo/compare/report.html, and the loss plot demo/adapter/loss.svg; demo/adapter/README.md is the card"
else
    say "Done: open demo/corpus/report.html and demo/coverage/report.html"
fi
