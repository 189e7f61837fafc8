"""What a model thinks of text: the nats of a document's tokens, of each completion of a prompt, and what it writes next.

A `Reader` is a model under one tokenizer. Prompts are encoded as text, so what spells a special token does not become it. A
prompt and its completion are encoded in one go, as they would be read; what all completions have in common up to the end of the
prompt is computed once. Nats are added up in float64. Nothing is sampled: a result depends on the model and on what it was
asked, and an item never on another one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from tune.dataset import IGNORED, Piece, collate
from tune.documents import Encoder
from tune.packing import pack

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tune.folders import TokenizerFolder

POSITIONS = 256
"""Positions whose logits are float32 at once: with a vocabulary of 128k some 130 MB."""
Report = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Reader:
    """A model under its tokenizer; `window` is how many tokens it takes at once."""

    model: Any = field(repr=False)
    encoder: Any = field(repr=False)
    bos_id: int | None
    eos_id: int | None
    window: int


@dataclass(frozen=True, slots=True)
class Choice:
    """A prompt with its completions as ids: what all begin with, and how each goes on; `sizes` are bytes of completion."""

    shared: tuple[int, ...] = field(repr=False)
    rests: tuple[tuple[int, ...], ...] = field(repr=False)
    sizes: tuple[int, ...]

    @property
    def length(self) -> int:
        """Tokens of the longest."""
        return len(self.shared) + max(len(rest) for rest in self.rests)


def reader(model: Any, words: "TokenizerFolder", window: int) -> Reader:
    """A model under the tokenizer in a folder."""
    return Reader(model, Encoder(words, templated=False).backend, words.bos_id, words.eos_id, window)


def piece_nats(model: Any, pieces: Sequence[Piece], window: int, report: Report | None = None) -> "NDArray[np.float64]":
    """The nats of the learned tokens of each piece, none longer than `window`; packed as in training."""
    import numpy as np
    import torch

    found = np.zeros(len(pieces), dtype=np.float64)
    rows = pack([len(piece.ids) for piece in pieces], window)
    with torch.inference_mode():
        for number, row in enumerate(rows):
            batch = collate([[pieces[at] for at in row]])
            labels = batch.pop("labels")[0]
            moved = {name: tensor.to(model.device) for name, tensor in batch.items()}
            logits = model(**moved, use_cache=False).logits[0]
            nats = _token_nats(logits[:-1], labels[1:].to(model.device))
            starts = np.cumsum([0, *(len(pieces[at].ids) for at in row[:-1])])
            found[list(row)] = np.add.reduceat(np.concatenate(([0.0], nats)), starts)
            if report is not None:
                report(number + 1, len(rows))
    return found


def choice(given: Reader, prompt: str, options: Sequence[str]) -> Choice:
    """A prompt with each of its completions as ids."""
    first = [] if given.bos_id is None else [given.bos_id]
    encodings = given.encoder.encode_batch([prompt + option for option in options], add_special_tokens=False)
    within = min(_inside(encoding.offsets, len(prompt)) for encoding in encodings)
    columns = zip(*(encoding.ids[:within] for encoding in encodings), strict=True)
    common = sum(1 for _ in takewhile(lambda column: len({*column}) == 1, columns))
    shared = (*first, *encodings[0].ids[:common])
    rests = tuple(tuple(encoding.ids[common:]) for encoding in encodings)
    return Choice(shared, rests, tuple(len(option.encode()) for option in options))


def option_nats(given: Reader, asked: Choice) -> list[float]:
    """The nats of each completion after its prompt: the fewer, the likelier."""
    import torch

    model, many = given.model, len(asked.rests)
    longest = max(len(rest) for rest in asked.rests)
    padded = torch.full((many, longest), IGNORED, dtype=torch.long)
    for at, rest in enumerate(asked.rests):
        padded[at, : len(rest)] = torch.tensor(rest, dtype=torch.long)
    padded = padded.to(model.device)
    with torch.inference_mode():
        ids = torch.tensor([asked.shared], dtype=torch.long, device=model.device)
        read = model(input_ids=ids, use_cache=longest > 1, logits_to_keep=1)
        logits = read.logits[:, -1:].expand(many, 1, -1)
        if longest > 1:
            cache = read.past_key_values
            cache.batch_repeat_interleave(many)
            # Padding follows what it pads, so nothing attends to it.
            follow = model(input_ids=padded[:, :-1].clamp(min=0), past_key_values=cache, use_cache=True).logits
            logits = torch.cat([logits, follow], dim=1)
        nats = _token_nats(logits.reshape(many * longest, -1), padded.reshape(-1))
    return [float(one) for one in nats.reshape(many, longest).sum(axis=1)]


def prompt_ids(given: Reader, prompt: str) -> list[int]:
    """A prompt as ids, after the token that begins a text."""
    first = [] if given.bos_id is None else [given.bos_id]
    return [*first, *given.encoder.encode(prompt, add_special_tokens=False).ids]


def written(given: Reader, ids: Sequence[int], limit: int) -> str:
    """The line that a model writes after a prompt, its likeliest token each time, at most `limit` tokens."""
    import torch

    model, made, text = given.model, list[int](), ""
    with torch.inference_mode():
        step, cache = torch.tensor([list(ids)], dtype=torch.long, device=model.device), None
        while len(made) < limit:
            read = model(input_ids=step, past_key_values=cache, use_cache=True, logits_to_keep=1)
            token = int(read.logits[0, -1].argmax())
            if token == given.eos_id:
                break
            made.append(token)
            text = given.encoder.decode(made, skip_special_tokens=True).lstrip()
            if "\n" in text:
                break
            step, cache = torch.tensor([[token]], dtype=torch.long, device=model.device), read.past_key_values
    return text.partition("\n")[0].strip()


def _inside(offsets: Sequence[tuple[int, int]], end: int) -> int:
    """How many tokens end at `end` or before."""
    return sum(1 for _ in takewhile(lambda offset: offset[1] <= end, offsets))


def _token_nats(logits: Any, labels: Any) -> "NDArray[np.float64]":
    """The nats of each label `[positions]` under `[positions, vocabulary]`; none for a label that is ignored."""
    import torch

    parts = [
        torch.nn.functional.cross_entropy(
            logits[start : start + POSITIONS].float(),
            labels[start : start + POSITIONS],
            ignore_index=IGNORED,
            reduction="none",
        )
        for start in range(0, len(labels), POSITIONS)
    ]
    found: NDArray[np.float64] = torch.cat(parts).double().cpu().numpy()
    return found
