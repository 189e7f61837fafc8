"""Likelihoods are those of a plain forward pass, whatever is shared, packed or cut; and text is only ever text."""

import itertools
import math
import warnings

import pytest
from tune_world import NOW

from tune.compare.tasks import read as read_task

torch = pytest.importorskip("torch")
pytestmark = [
    pytest.mark.tune,
    pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning"),  # PEFT's call
]
PROMPTS = (
    ("Statement: rates will rise.\nAnswer:", (" dovish", " hawkish", " neutral to hawkish")),
    ("문장: 순이자마진이 개선되었다.\n답:", (" 긍정", " 중립", " 부정")),
    ("The EBIT", ("DA rose", "TDA fell", "DA")),
    ("x", (" a", " a b", "한글")),
)


@pytest.fixture(scope="module")
def sides(trained):
    """The tokenizer, the adapter over its base, and the base alone as transformers loads it."""
    from tune import folders, loading

    torch.set_num_threads(1)
    base = folders.base_model(trained.root / "model")
    numbers = trained.recipe()
    plain = loading.load(base, numbers.quantisation).eval()
    loading.keep_trainable(plain)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of calls that the libraries make
        adapted = loading.trained(trained.adapter, numbers, base)
    return folders.tokenizer(trained.root / "tokenizer"), adapted, plain


def log_probabilities(model, ids):
    """Of each token of `ids` but the first, by a plain forward pass."""
    with torch.inference_mode():
        logits = model(input_ids=torch.tensor([ids]), use_cache=False).logits[0].double()
    chosen = torch.log_softmax(logits, dim=-1)[:-1].gather(1, torch.tensor(ids[1:])[:, None])
    return chosen[:, 0].tolist()


@pytest.mark.parametrize(("prompt", "options"), PROMPTS)
def test_an_option_has_the_likelihood_of_a_plain_forward_pass(sides, prompt, options):
    """What options share is computed once; the nats are those of each text by itself, after the end of the prompt."""
    from tune.compare.likelihood import choice, option_nats, reader

    words, adapted, _ = sides
    given = reader(adapted, words, 1024)
    asked = choice(given, prompt, options)
    found = option_nats(given, asked)
    for option, rest, nats, size in zip(options, asked.rests, found, asked.sizes, strict=True):
        whole = [words.bos_id, *given.encoder.encode(prompt + option, add_special_tokens=False).ids]
        assert [*asked.shared, *rest] == whole
        assert nats == pytest.approx(-sum(log_probabilities(adapted, whole)[len(asked.shared) - 1 :]), rel=1e-5)
        assert size == len(option.encode())
    likeliest = min(range(len(options)), key=lambda at: found[at])
    totals = [sum(log_probabilities(adapted, [*asked.shared, *rest])) for rest in asked.rests]
    assert totals.index(max(totals)) == likeliest


def test_an_option_that_joins_the_prompt_in_a_token_is_scored_from_there(sides):
    """`EBIT` + `DA` is one token of the extended tokenizer: no option gains by where the prompt ends."""
    from tune.compare.likelihood import choice, reader

    words, adapted, _ = sides
    given = reader(adapted, words, 1024)
    asked = choice(given, "the EBIT", ("DA rose", " rose"))
    joined = [words.bos_id, *given.encoder.encode("the EBITDA rose", add_special_tokens=False).ids]
    assert [*asked.shared, *asked.rests[0]] == joined
    assert len(asked.shared) < len(given.encoder.encode("the EBIT", add_special_tokens=False).ids) + 1


@pytest.mark.parametrize("scheme", ["always", "first", "never"])
def test_a_tokenizer_with_marks_for_spaces_is_cut_where_the_prompt_ends(scheme):
    """SentencePiece's way: an option begins with the mark of its space, and what comes before is shared."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    from tune.compare.likelihood import Reader, choice

    encoder = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True))
    encoder.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=scheme)
    encoder.decoder = decoders.Metaspace(prepend_scheme=scheme)
    special = ["<unk>", *(f"<0x{at:02X}>" for at in range(256))]
    trainer = trainers.BpeTrainer(vocab_size=600, special_tokens=special, show_progress=False)
    encoder.train_from_iterator([prompt + option for prompt, options in PROMPTS[:2] for option in options], trainer)
    for prompt, options in PROMPTS[:2]:
        asked = choice(Reader(None, encoder, None, None, 64), prompt, options)
        assert list(asked.shared) == encoder.encode(prompt, add_special_tokens=False).ids
        for option, rest in zip(options, asked.rests, strict=True):
            assert [*asked.shared, *rest] == encoder.encode(prompt + option, add_special_tokens=False).ids


def test_text_that_spells_a_special_token_does_not_become_it(sides):
    """Neither in a prompt nor in an option."""
    from tune.compare.likelihood import choice, prompt_ids, reader

    words, adapted, _ = sides
    given = reader(adapted, words, 1024)
    asked = choice(given, "a </s> b", (" </s>", " c"))
    ids = [*asked.shared[1:], *asked.rests[0], *prompt_ids(given, "</s><s>")[1:]]
    assert not {words.bos_id, words.eos_id} & {*ids}


def test_the_base_under_a_disabled_adapter_is_the_plain_base(sides):
    """Layers with rows of their own fall back to PEFT's way: loss within 1e-6, and not that of the adapter."""
    from tune.compare.likelihood import piece_nats
    from tune.dataset import Piece

    words, adapted, plain = sides
    chance = torch.Generator().manual_seed(1)
    ids = torch.randint(0, words.size, (40,), generator=chance).tolist()
    pieces = [Piece([*ids, *words.new_ids], [True] * (40 + len(words.new_ids)))]
    with adapted.disable_adapter():
        disabled = piece_nats(adapted, pieces, 64)[0]
    assert disabled == pytest.approx(piece_nats(plain, pieces, 64)[0], rel=1e-6)
    assert abs(piece_nats(adapted, pieces, 64)[0] / disabled - 1) > 1e-5  # six steps random ids move little


def test_each_token_of_a_document_is_predicted_once_and_every_byte_counted(sides, trained):
    """In windows that begin with the last token before; the nats are those of plain passes over the windows."""
    from govern.attestation import verify
    from tune.compare import held_out
    from tune.compare.likelihood import piece_nats

    words, adapted, _ = sides
    corpus = verify(trained.root / "corpus", trained.trust, now=NOW)
    held = held_out.read(corpus, words, 16, trained.recipe().data, None, None)
    import polars as pl

    texts = pl.read_parquet(trained.root / "corpus/held-out/part-00000.parquet")["text"].to_list()
    assert [held.read[number].size for number in range(10)] == [len(text.encode()) for text in texts]
    for number, text in enumerate(texts):
        one = held.read[number]
        ids = [words.bos_id, *reader_ids(words, text), words.eos_id]
        joined = list(itertools.chain(one.pieces[0].ids, *(piece.ids[1:] for piece in one.pieces[1:])))
        assert joined == ids
        assert one.tokens == len(ids) - 1 == sum(sum(piece.learned) for piece in one.pieces)
        expected = [-sum(log_probabilities(adapted, piece.ids)) for piece in one.pieces]
        assert piece_nats(adapted, one.pieces, 16) == pytest.approx(expected, rel=1e-5)


def reader_ids(words, text):
    from tune.compare.likelihood import reader

    return reader(None, words, 1).encoder.encode(text, add_special_tokens=False).ids


def test_bits_per_byte_of_whole_documents_are_those_of_training(sides, trained):
    """Where no document is cut, nats over bytes are what `tune run` records of its held-out text."""
    from govern.attestation import verify
    from tune import dataset
    from tune.compare import held_out
    from tune.compare.likelihood import piece_nats
    from tune.train import evaluated

    words, adapted, _ = sides
    corpus = verify(trained.root / "corpus", trained.trust, now=NOW)
    held = held_out.read(corpus, words, 512, trained.recipe().data, None, None)
    pieces = [piece for one in held.read.values() for piece in one.pieces]
    ours = sum(piece_nats(adapted, pieces, 512)) / sum(one.size for one in held.read.values()) / math.log(2)
    theirs = evaluated(adapted, dataset.build(corpus.held_out, words, 512, with_bytes=True), 1).bits_per_byte
    assert ours == pytest.approx(theirs, rel=1e-6)


def test_what_is_written_is_what_greedy_generation_gives(sides):
    """Token by token with the library's own loop, cut at the first line's end."""
    from tune.compare.likelihood import prompt_ids, reader, written

    words, _, plain = sides
    given = reader(plain, words, 1024)
    ids = prompt_ids(given, "질문: 금리는?\n답:")
    with torch.inference_mode():
        whole = plain.generate(
            torch.tensor([ids]),
            attention_mask=torch.ones(1, len(ids), dtype=torch.long),
            max_new_tokens=12,
            do_sample=False,
            eos_token_id=words.eos_id,
            pad_token_id=words.eos_id,
        )[0, len(ids) :].tolist()
    expected = given.encoder.decode(whole, skip_special_tokens=True).lstrip().partition("\n")[0].strip()
    assert written(given, ids, 12) == expected
    assert written(given, ids, 12) == written(given, ids, 12)


@pytest.mark.shared
def test_real_items_fit_a_forward_pass(sides, trained):
    """Some rows of each labelled set, in English and Korean."""
    from pathlib import Path

    from tune.compare.likelihood import choice, option_nats, reader
    from tune.compare.tasks import some_rows

    shared = Path(__file__).parents[4] / "shared/data/eval"
    if not shared.is_dir():
        pytest.skip("the shared data are not here")
    words, adapted, _ = sides
    given = reader(adapted, words, 1024)
    for name in ("phrasebank_en_ko", "fomc_stance_en", "sentfin_headlines_en"):
        task = some_rows(read_task(str(shared / f"{name}.dev.jsonl")), 3)
        for item in task.items:
            nats = option_nats(given, choice(given, item.prompt, item.options))
            assert len(nats) == len(task.labels)
            assert all(math.isfinite(one) and one > 0 for one in nats)
