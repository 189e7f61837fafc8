"""A Hugging Face token classifier in a folder: what its labels call a person, by transformers' own model class.

The text is encoded once, without cutting; its tokens go through the model in windows that overlap, and each token takes
the probabilities of the window where it stands furthest from an edge. Probabilities are summed by type over positions (a
person is what is likelier a person than any other type), and a person's score is the mean over its tokens.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from govern.errors import InputError
from govern.ner.models import labels
from govern.ner.models.folder import read_json
from govern.ner.models.labels import Scheme
from govern.ner.models.loading import UNLOADABLE, need, one_thread, quiet, unloadable
from govern.ner.models.persons import NameModel, Person, Window, parts, tidied, windows
from govern.normalize import legible

CLASS = "ForTokenClassification"
LONGEST = 512
"""Tokens of a window at most, also where a model could read more: time grows with the square."""
SHORTEST = 4
"""Tokens of a text that a window must hold at least."""
BATCH = 16
"""Windows of one text computed at once; texts are not mixed, since sums vary with what else is in a batch."""
WORD = 64
"""How far a person is widened to the edge of its word, in characters."""


@dataclass(frozen=True, slots=True)
class TokenClassifier(NameModel):
    """A loaded model and tokenizer."""

    model: Any = field(repr=False)
    tokenizer: Any = field(repr=False)
    scheme: Scheme = field(repr=False)
    room: int
    """Tokens of the text in a window."""
    ahead: tuple[int, ...]
    behind: tuple[int, ...]
    """Ids that the tokenizer puts before and after a text."""
    padding: int
    recognizer: str = "names.tokens"

    def persons(self, texts: Sequence[str]) -> list[list[Person]]:
        """The persons of each text; a person of cased letters reaches to the edges of its word."""
        import torch

        with one_thread(), torch.inference_mode():
            return [tidied(text, self._found(legible(text))) for text in texts]

    def _found(self, text: str) -> Iterator[Person]:
        for begin, stop in parts(text):
            part = text[begin:stop]
            encoding = self.tokenizer.encode(part, add_special_tokens=False)
            positions, likely = self._judged(encoding.ids)
            offsets = encoding.offsets
            for first, last in labels.spans(positions):
                seen = [offset for offset in offsets[first:last] if offset[0] < offset[1]]
                if seen:
                    start, end = _whole(part, min(one[0] for one in seen), max(one[1] for one in seen))
                    yield Person(begin + start, begin + end, labels.mean(likely[first:last]))

    def _judged(self, ids: list[int]) -> tuple[list[str | None], list[float]]:
        """For each token its position in a person, or None, and how likely it is part of one."""
        positions: list[str | None] = []
        likely: list[float] = []
        cut = list(windows([1] * len(ids), self.room, self.room))
        for number in range(0, len(cut), BATCH):
            batch = cut[number : number + BATCH]
            for window, probabilities in zip(batch, self._probabilities(ids, batch), strict=True):
                low = len(self.ahead) + window.first - window.start
                found, sure = self._read(probabilities[low : low + window.last - window.first])
                positions += found
                likely += sure
        return positions, likely

    def _probabilities(self, ids: list[int], batch: list[Window]) -> Any:
        """The probabilities of the labels, as `[window, token, label]`."""
        import torch

        rows = [[*self.ahead, *ids[window.start : window.stop], *self.behind] for window in batch]
        width = max(map(len, rows))
        inputs = torch.tensor([row + [self.padding] * (width - len(row)) for row in rows])
        mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows])
        return self.model(input_ids=inputs, attention_mask=mask).logits.float().softmax(-1)

    def _read(self, probabilities: Any) -> tuple[list[str | None], list[float]]:
        """As `_judged`, from the probabilities `[token, label]` of a window's own tokens."""
        import torch

        types = torch.tensor(self.scheme.types)
        sums = torch.zeros(len(probabilities), max(self.scheme.types) + 1).index_add_(1, types, probabilities)
        persons = self.scheme.persons
        chosen = probabilities[:, list(persons)].argmax(-1).tolist()
        positions = [
            self.scheme.positions[persons[label]] if best == 0 else None
            for label, best in zip(chosen, sums.argmax(-1).tolist(), strict=True)
        ]
        return positions, sums[:, 0].tolist()


def load(path: Path) -> TokenClassifier:
    """The token classifier in the folder `path`, on the processor, in float32.

    Raises:
        InputError: it is of another kind, its labels name no person, a package is missing, or its files do not fit together.
    """
    config = read_json(path / "config.json")
    names = config.get("architectures")
    name = next((one for one in names if str(one).endswith(CLASS)), None) if isinstance(names, list) else None
    if name is None:
        raise InputError(
            f"{path / 'config.json'}: architectures names no class that ends in {CLASS}, so this is no token classifier; "
            "choose a model that was trained to label tokens"
        )
    id2label = config.get("id2label")
    scheme = labels.read(id2label if isinstance(id2label, dict) else {}, str(path / "config.json"))
    need(path, ("torch", "transformers"), "install the extra: pip install 'assay[tune]'")
    model = _model(path, name)
    tokenizer = _tokenizer(path, model)
    ahead, behind = _round_text(path, tokenizer)
    room = _positions(model) - len(ahead) - len(behind)
    if room < SHORTEST:
        raise InputError(
            f"{path}: the model reads {room} tokens of a text, expected {SHORTEST} at least; choose one with more positions"
        )
    padding = model.config.pad_token_id
    return TokenClassifier(model, tokenizer, scheme, room, ahead, behind, padding if isinstance(padding, int) else 0)


def _model(path: Path, name: str) -> Any:
    """The model with every weight from the file."""
    import torch
    import transformers
    from huggingface_hub.errors import StrictDataclassError
    from safetensors import SafetensorError

    known = getattr(transformers, name, None)
    if known is None:
        raise InputError(
            f"{path}: the installed transformers has no class {name}; install the version that wrote config.json"
        )
    try:
        with quiet():
            model, info = known.from_pretrained(
                path,
                dtype=torch.float32,
                attn_implementation="sdpa"
                if getattr(known, "_supports_sdpa", False)
                else "eager",  # never one from a hub
                use_safetensors=True,
                trust_remote_code=False,
                local_files_only=True,
                output_loading_info=True,
            )
    except (*UNLOADABLE, StrictDataclassError, SafetensorError) as error:
        raise unloadable(path, error) from None
    missing = sorted(map(str, info["missing_keys"]))
    if missing:
        raise InputError(
            f"{path}: {len(missing)} tensors are not in model.safetensors ({missing[0]}) and would be random; save the whole "
            "model again"
        )
    return model.eval()


def _tokenizer(path: Path, model: Any) -> Any:
    """The fast tokenizer, which cuts and pads nothing and reads the spelling of a special token as text."""
    from tokenizers import Tokenizer

    spec = read_json(path / "tokenizer.json")
    try:
        tokenizer = Tokenizer.from_str(json.dumps({**spec, "truncation": None, "padding": None}, ensure_ascii=False))
    except Exception as error:
        # The library raises bare Exception for every defect of a file; this is the boundary where it becomes a sentence.
        if type(error) is not Exception:
            raise
        raise InputError(
            f"{path / 'tokenizer.json'}: the tokenizers library cannot read it; save the fast tokenizer again"
        ) from None
    tokenizer.encode_special_tokens = True
    rows = model.get_input_embeddings().num_embeddings
    ids = max(tokenizer.get_vocab(with_added_tokens=True).values(), default=-1) + 1
    if ids > rows:
        raise InputError(
            f"{path}: the tokenizer gives ids up to {ids - 1}, and the model has {rows} rows; copy both from the same model"
        )
    return tokenizer


def _round_text(path: Path, tokenizer: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The ids that the tokenizer puts before a text and after it."""
    encoding = tokenizer.encode("a")
    inner = [number for number, special in enumerate(encoding.special_tokens_mask) if not special]
    if not inner:
        raise InputError(
            f"{path / 'tokenizer.json'}: the tokenizer makes no token of a letter; save the fast tokenizer again"
        )
    return tuple(encoding.ids[: inner[0]]), tuple(encoding.ids[inner[-1] + 1 :])


def _positions(model: Any) -> int:
    """How many tokens the model reads at once: its table of positions, where RoBERTa's first rows stand for padding."""
    stated = getattr(model.config, "max_position_embeddings", None)
    most = min(LONGEST, stated) if isinstance(stated, int) and stated > 0 else LONGEST
    for name, module in model.named_modules():
        rows = getattr(module, "num_embeddings", None)
        if name.endswith("position_embeddings") and rows is not None:
            padding = getattr(module, "padding_idx", None)
            most = min(most, rows if padding is None else rows - padding - 1)
    return most


def _whole(text: str, start: int, end: int) -> tuple[int, int]:
    """The span widened to the edges of a word of cased letters, so that no half of a name stays; Hangul has particles."""
    low, high = max(0, start - WORD), min(len(text), end + WORD)
    while start > low and _cased(text[start]) and _cased(text[start - 1]):
        start -= 1
    while end < high and _cased(text[end - 1]) and _cased(text[end]):
        end += 1
    return start, end


def _cased(letter: str) -> bool:
    return letter.lower() != letter.upper()
