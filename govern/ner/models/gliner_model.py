"""A GLiNER model in a folder, asked for one label: person.

GLiNER reads words and cuts a text that is too long without saying so; so a text is shown in windows that fit, by the
model's own words and by the tokens they make, and each person counts in the window where its first word stands furthest
from an edge. The package `gliner` is not part of any extra: its releases ask for an older transformers than `tune`.
"""

import bisect
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from govern.errors import InputError
from govern.ner.models.folder import read_json
from govern.ner.models.labels import mean
from govern.ner.models.loading import UNLOADABLE, need, one_thread, quiet, unloadable
from govern.ner.models.persons import NameModel, Person, parts, tidied, windows
from govern.normalize import legible

LABEL = "person"
THRESHOLD = 0.3
"""The score from which on GLiNER names a span; the policy's least score is applied to what it names."""
BATCH = 8
"""Windows of one text computed at once; texts are not mixed."""
WORDS = 384
"""Words of a window where the configuration states no `max_len`: GLiNER's default."""
ELSEWHERE = ("labels_encoder", "labels_decoder", "relations_layer")
"""Settings by which a GLiNER folder asks for a second model."""
REMEDY = "pip install gliner, in an environment without the extra tune: it asks for an older transformers"


@dataclass(frozen=True, slots=True)
class Gliner(NameModel):
    """A loaded model."""

    model: Any = field(repr=False)
    words: int
    """Words of a window at most."""
    room: int
    """Tokens of the text in a window."""
    recognizer: str = "names.gliner"

    def persons(self, texts: Sequence[str]) -> list[list[Person]]:
        """The persons of each text; a person is whole words of the model's splitter, so a Korean particle is in it."""
        with one_thread():
            return [tidied(text, self._found(legible(text))) for text in texts]

    def _found(self, text: str) -> Iterator[Person]:
        for begin, stop in parts(text):
            part = text[begin:stop]
            words = [(start, end) for _, start, end in self.model.data_processor.words_splitter(part)]
            starts = [start for start, _ in words]
            cut = list(windows(self._sizes(part, words), self.room, self.words))
            shown = [part[words[window.start][0] : words[window.stop - 1][1]] for window in cut]
            for window, entities in zip(cut, self._entities(shown), strict=True):
                ahead = words[window.start][0]
                for entity in entities:
                    start, end = ahead + entity["start"], ahead + entity["end"]
                    if (
                        entity["label"] == LABEL
                        and window.first <= bisect.bisect_right(starts, start) - 1 < window.last
                    ):
                        yield Person(begin + start, begin + end, mean([float(entity["score"])]))

    def _sizes(self, part: str, words: list[tuple[int, int]]) -> list[int]:
        """How many tokens each word makes."""
        if not words:
            return []
        tokenizer = self.model.data_processor.transformer_tokenizer
        with quiet():  # a text that is longer than a window is meant
            encoded = tokenizer(
                [part[start:end] for start, end in words],
                is_split_into_words=True,
                add_special_tokens=False,
                truncation=False,
            )
        counts = Counter(encoded.word_ids(0))
        return [counts[number] for number in range(len(words))]

    def _entities(self, shown: list[str]) -> list[list[dict[str, Any]]]:
        if not shown:
            return []
        found: list[list[dict[str, Any]]] = self.model.inference(
            shown, [LABEL], flat_ner=True, threshold=THRESHOLD, multi_label=False, batch_size=BATCH
        )
        return found


def load(path: Path) -> Gliner:
    """The GLiNER model in the folder `path`, on the processor.

    Raises:
        InputError: it asks for a second model or another splitter, a package is missing, or its files do not fit together.
    """
    where = path / "gliner_config.json"
    config = read_json(where)
    _refuse_second(where, config)
    need(path, ("torch", "transformers", "gliner"), REMEDY)
    from huggingface_hub.errors import StrictDataclassError
    from safetensors import SafetensorError

    try:
        with quiet():
            model = import_module("gliner").GLiNER.from_pretrained(
                str(path), local_files_only=True, map_location="cpu", strict=True
            )
    except (*UNLOADABLE, StrictDataclassError, SafetensorError) as error:
        raise unloadable(path, error) from None
    if not hasattr(model, "inference"):
        raise InputError(f"{path}: the installed gliner is too old; pip install 'gliner>=0.2.29'")
    tokenizer = model.data_processor.transformer_tokenizer
    prompt = [model.config.ent_token, LABEL, model.config.sep_token]
    used = len(tokenizer(prompt, is_split_into_words=True)["input_ids"])
    limits = [tokenizer.model_max_length, getattr(model.config.encoder_config, "max_position_embeddings", None)]
    room = min((one for one in limits if isinstance(one, int) and one > 0), default=WORDS) - used
    if room < 1:
        raise InputError(f"{path}: the model reads no more than its own prompt; choose one with more positions")
    words = model.config.max_len
    return Gliner(model, words if isinstance(words, int) and words > 0 else WORDS, room)


def _refuse_second(where: Path, config: dict[str, Any]) -> None:
    """Refuses a configuration that would look for something outside the folder."""
    if not isinstance(config.get("encoder_config"), dict):
        raise InputError(
            f"{where}: encoder_config is missing, so the encoder would be looked up by name; load the model once where it was "
            "fetched and save it with `save_pretrained(folder, safe_serialization=True)`"
        )
    second = next((name for name in ELSEWHERE if config.get(name)), None)
    if second is not None:
        raise InputError(f"{where}: {second} asks for a second model; choose a GLiNER model with one encoder")
    splitter = config.get("words_splitter_type", "whitespace")
    if splitter != "whitespace":
        raise InputError(
            f"{where}: words_splitter_type is not read here, expected whitespace; choose a model with that splitter"
        )
