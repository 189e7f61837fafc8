"""A small model trained on each variant of one corpus, its bits on the same bytes, and what it writes where a name belongs.

In: texts of a variant and a tokenizer. Out: models in a folder, bits by character of held-out documents, continuations.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import numpy as np
from extended_tuning_bits import RESAMPLES, WINDOW, bits_of

from vocab.train_base import END

HIDDEN, LAYERS, HEADS = 128, 2, 4
SPREAD = 0.05
"""Of the first weights."""
ROWS = 2
"""Windows of a step."""
ROW_RATE, MATRIX_RATE, WARMING = 1e-2, 2e-2, 30
"""Of AdamW for token rows and scales, of Muon for the matrices between, which by AdamW learned less in more steps."""
NEW_TOKENS = 48
PROMPTS = {
    "en": (
        "CALL NOTE 2021-03-04 10:20 (Leeds)\nCustomer:",
        "COMPLAINT FORM\nName:",
        "CARD STATEMENT\nName:",
        "Customer:",
    ),
    "ko": (
        "[상담기록] 2021.03.04 10:20 강남지점\n고객명:",
        "민원신청서\n성명:",
        "카드 이용대금 명세서\n성명:",
        "고객명:",
    ),
}
"""Beginnings after which the templates of the sample have a name."""

Encode = Callable[[str], tuple[list[int], list[int]]]


def encoder(tokenizer: Any) -> Encode:
    """A function that gives a text's ids between two ends, and the character where each begins."""
    end = tokenizer.token_to_id(END)

    def encode(text: str) -> tuple[list[int], list[int]]:
        found = tokenizer.encode(text, add_special_tokens=False)
        return [end, *found.ids, end], [0, *(start for start, _ in found.offsets), len(text)]

    return encode


def trained(tokenizer: Any, texts: Sequence[str], rows: int, steps: int, seed: int, out: Path) -> None:
    """A Llama with `rows` token rows, trained for `steps` steps on `texts` in the order of `seed`; says how many it read."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=rows, hidden_size=HIDDEN, intermediate_size=3 * HIDDEN, num_hidden_layers=LAYERS,
        num_attention_heads=HEADS, num_key_value_heads=HEADS // 2, max_position_embeddings=2 * WINDOW,
        tie_word_embeddings=True, initializer_range=SPREAD,
        bos_token_id=None, eos_token_id=None,
    )  # fmt: skip
    torch.manual_seed(seed)
    model = LlamaForCausalLM(config).train()
    matrices = [one for name, one in model.named_parameters() if one.ndim == 2 and "embed" not in name]
    others = [one for name, one in model.named_parameters() if one.ndim != 2 or "embed" in name]
    optimisers = (
        torch.optim.Muon(matrices, lr=MATRIX_RATE, weight_decay=0.1, momentum=0.9),
        torch.optim.AdamW(others, lr=ROW_RATE, betas=(0.9, 0.95), weight_decay=0.1, fused=True),
    )
    shape = partial(_share_of_rate, steps)
    schedules = [torch.optim.lr_scheduler.LambdaLR(one, shape) for one in optimisers]
    windows, read = _windows(tokenizer, texts, steps * ROWS, seed)
    for step in range(steps):
        batch = torch.tensor(windows[step * ROWS : (step + 1) * ROWS])
        model(input_ids=batch, labels=batch, use_cache=False).loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for one in (*optimisers, *schedules):
            one.step()
        model.zero_grad()
    config.documents_read = read
    partial_folder = out.with_name(out.name + ".partial")
    model.save_pretrained(partial_folder)
    partial_folder.rename(out)


def _share_of_rate(steps: int, step: int) -> float:
    return min(1.0, (step + 1) / WARMING) * (0.53 + 0.47 * math.cos(math.pi * step / steps))


def _windows(tokenizer: Any, texts: Sequence[str], count: int, seed: int) -> tuple[np.ndarray, int]:
    """`[count, WINDOW]` ids of the texts in the order of `seed`, again and again, and how many were begun."""
    encode, source = encoder(tokenizer), np.random.default_rng(seed)
    ids: list[int] = []
    order: list[int] = []
    read = 0
    while len(ids) < count * WINDOW:
        order = order or source.permutation(len(texts)).tolist()
        ids += encode(texts[order.pop()])[0][:-1]
        read += 1
    return np.asarray(ids[: count * WINDOW]).reshape(count, WINDOW), read


def loaded(folder: Path) -> Any:
    """A trained model."""
    from transformers import LlamaForCausalLM

    return LlamaForCausalLM.from_pretrained(folder).eval()


def measured(folder: Path, tokenizer: Any, texts: Sequence[str], out: Path) -> None:
    """Bits of each text by the character where a token begins, as arrays of an .npz file."""
    model, encode = loaded(folder), encoder(tokenizer)
    partial_file = out.with_suffix(".partial")
    with partial_file.open("wb") as stream:
        np.savez(stream, *(bits_of(model, encode, text) for text in texts))
    partial_file.rename(out)


def boundaries(offsets: Sequence[tuple[int, int]], length: int) -> list[int]:
    """The characters of a text of that length at which a token begins and into which none reaches, and the end."""
    inside = {at for start, end in offsets for at in range(start + 1, end)}
    return sorted({0, length, *(start for start, _ in offsets)} - inside)


def common(
    sides: Sequence[tuple[Sequence[int], Sequence[tuple[int, int]]]],
) -> Iterator[tuple[int, int, int]]:
    """Of each gap the part that whole tokens of every side cover: the gap's number, first and last character within it.

    A side is the boundaries of its text and its gaps, which are the same text on every side.
    """
    bounds = [np.asarray(one) for one, _ in sides]
    for number, gaps in enumerate(zip(*(gaps for _, gaps in sides), strict=True)):
        shared = set.intersection(
            *({int(at) - start for at in one[(one >= start) & (one <= end)]}
              for one, (start, end) in zip(bounds, gaps, strict=True))
        )  # fmt: skip
        if len(shared) > 1:
            yield number, min(shared), max(shared)


def widened(bounds: Sequence[int], places: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The places, grown to boundaries of tokens and joined where they meet."""
    found: list[tuple[int, int]] = []
    edges = np.asarray(bounds)
    for start, end in places:
        low = int(edges[np.searchsorted(edges, start, "right") - 1])
        high = int(edges[np.searchsorted(edges, end, "left")])
        if found and low < found[-1][1]:
            found[-1] = found[-1][0], max(high, found[-1][1])
        else:
            found.append((low, high))
    return found


def paired(one: np.ndarray, two: np.ndarray, sizes: np.ndarray) -> tuple[float, float, float]:
    """How much more bits per byte `two` has than `one`, and the 95 % interval: documents are drawn again, in pairs.

    Bits and bytes are those of each document.
    """
    drawn = np.random.default_rng(0).integers(0, len(sizes), (RESAMPLES, len(sizes)))
    low, high = np.percentile((two - one)[drawn].sum(1) / sizes[drawn].sum(1), (2.5, 97.5))
    return float((two - one).sum() / sizes.sum()), float(low), float(high)


def continued(folder: Path, tokenizer: Any, each: int, seed: int) -> list[tuple[str, str]]:
    """Prompts with what the model writes behind them to the end of the line, `each` times for every prompt."""
    import torch

    model, end = loaded(folder), tokenizer.token_to_id(END)
    torch.manual_seed(seed)
    found = []
    for prompt in chain.from_iterable(PROMPTS.values()):
        ids = torch.tensor([[end, *tokenizer.encode(prompt, add_special_tokens=False).ids]] * each)
        made = model.generate(
            ids, attention_mask=torch.ones_like(ids), do_sample=True, top_k=0, max_new_tokens=NEW_TOKENS,
            pad_token_id=end, eos_token_id=end,
        )  # fmt: skip
        for row in made[:, ids.shape[1] :].tolist():
            written = tokenizer.decode([*row, end][: [*row, end].index(end)], skip_special_tokens=False)
            found.append((prompt, written.split("\n")[0]))
    return found


def totals(bits: Sequence[np.ndarray], places: Sequence[Sequence[tuple[int, int]]]) -> np.ndarray:
    """The bits of each document at its places."""
    return np.asarray(
        [
            sum(one[start:end].sum(dtype=np.float64) for start, end in where)
            for one, where in zip(bits, places, strict=True)
        ]
    )


def outside(places: Sequence[tuple[int, int]], length: int) -> list[tuple[int, int]]:
    """What lies between places that do not meet."""
    edges = [0, *(edge for place in places for edge in place), length]
    return [(start, end) for start, end in list(pairwise(edges))[::2] if start < end]
