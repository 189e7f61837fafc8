"""A small Llama of random weights, built on the spot: what the demonstration and the tests train, where no model is at hand.

It knows nothing: its config and README say that it is untrained and project-built, and a certificate chain over it proves
the chain, not the model. Same arguments, same bytes.
"""

from pathlib import Path

from govern.files import write_whole
from tune.errors import TuneError
from tune.loading import go_offline

README = """# Untrained model

Built by `tune.base_model.build` with random weights (seed {seed}); it has learned nothing. It exists so that the chain from
corpus to adapter can be run where no real model is at hand. {parameters:,} parameters, {vocab_size:,} token rows.
"""


def build(
    out: Path,
    *,
    vocab_size: int,
    seed: int = 0,
    hidden: int = 128,
    layers: int = 2,
    heads: int = 4,
    max_length: int = 1024,
    tied: bool = False,
) -> Path:
    """Writes an untrained Llama with `vocab_size` token rows to the folder `out`, and returns it.

    Raises:
        TuneError: `out` exists already, or `vocab_size` is not positive.
    """
    if out.exists():
        raise TuneError(f"{out}: exists already; remove it or name another folder")
    if vocab_size < 1:
        raise TuneError(f"vocab_size {vocab_size}: a model needs one token row at least; give the tokenizer's size")
    go_offline()
    import torch
    import transformers
    from transformers import LlamaConfig, LlamaForCausalLM

    transformers.utils.logging.disable_progress_bar()

    config = LlamaConfig(
        vocab_size=vocab_size,
        hidden_size=hidden,
        intermediate_size=hidden * 3,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=max(1, heads // 2),
        max_position_embeddings=max_length,
        tie_word_embeddings=tied,
        bos_token_id=None,
        eos_token_id=None,
        assay_note="project-built, untrained, random weights",
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = LlamaForCausalLM(config)
    out.mkdir(parents=True)
    model.save_pretrained(out)
    text = README.format(seed=seed, parameters=model.num_parameters(), vocab_size=vocab_size)
    write_whole(out / "README.md", text.encode())
    return out


def build_for(
    tokenizer: Path, out: Path, *, seed: int = 0, hidden: int = 128, layers: int = 2, tied: bool = False
) -> Path:
    """As `build`, with one row for each id of the tokenizer folder, rounded up to a multiple of 64 (trl #5608)."""
    from tune.folders import tokenizer as read_tokenizer

    size = read_tokenizer(tokenizer).size
    return build(out, vocab_size=-(-size // 64) * 64, seed=seed, hidden=hidden, layers=layers, tied=tied)
