"""New token rows beside the frozen matrix: the numbers of PEFT's own way, under PEFT's names."""

from typing import Any

import pytest

from tune.recipe import Lora
from tune.rows import DELTA, lora_config, split

pytest.importorskip("torch")
pytestmark = [
    pytest.mark.tune,
    pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning"),  # PEFT asks by the old name
]

VOCABULARY = 100
LAST, WITHIN, APART = tuple(range(90, 100)), tuple(range(40, 45)), (3, 50, 97)


def base(*, tied: bool) -> Any:
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(1)
    config = LlamaConfig(
        vocab_size=VOCABULARY, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
        tie_word_embeddings=tied, use_cache=False,
    )  # fmt: skip
    return LlamaForCausalLM(config)


def adapted(ids: tuple[int, ...], *, tied: bool) -> Any:
    """A model whose new rows are far from those that they replace."""
    import torch
    from peft import get_peft_model

    model = get_peft_model(base(tied=tied), lora_config(Lora(rank=4, alpha=8, dropout=0.0), ids, tied=tied))
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.data += torch.randn_like(parameter) / 4
    return model


def run(model: Any) -> tuple[Any, float, dict[str, Any]]:
    """Logits, loss and gradients on text with old and new ids."""
    import torch

    torch.manual_seed(2)
    ids = torch.randint(VOCABULARY, (2, 30))
    model.zero_grad()
    result = model(input_ids=ids, labels=ids)
    result.loss.backward()
    gradients = {name: one.grad.clone() for name, one in model.named_parameters() if one.requires_grad}
    return result.logits.detach(), result.loss.item(), gradients


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("ids", [LAST, WITHIN, APART])
def test_loss_and_gradients_are_those_of_peft(ids: tuple[int, ...], tied: bool) -> None:
    """Tied and untied, ids in a row or apart, at the end or inside."""
    import torch

    model = adapted(ids, tied=tied)
    logits, loss, gradients = run(model)
    assert split(model) == 2
    again, other, changed = run(model)
    torch.testing.assert_close(again, logits, rtol=1e-5, atol=1e-6)
    assert other == pytest.approx(loss, rel=1e-6)
    assert changed.keys() == gradients.keys()
    assert sum(DELTA in name for name in changed) == (1 if tied else 2)
    for name, gradient in gradients.items():
        torch.testing.assert_close(changed[name], gradient, rtol=1e-4, atol=1e-7)
        assert bool(gradient.any()), name


@pytest.mark.parametrize("tied", [True, False])
def test_what_is_saved_is_read_by_peft_alone(tied: bool, tmp_path: Any) -> None:
    """The folder loads without `split`, to the same logits."""
    import torch
    from peft import PeftModel

    model = adapted(LAST, tied=tied)
    split(model)
    logits, _, _ = run(model.eval())
    model.save_pretrained(tmp_path, save_embedding_layers=False)
    again = PeftModel.from_pretrained(base(tied=tied), tmp_path, is_trainable=True).eval()
    torch.testing.assert_close(run(again)[0], logits, rtol=1e-5, atol=1e-5)


def test_without_the_adapter_the_base_speaks() -> None:
    """The rows are left out with the rest of it, and are there again when they are merged."""
    import torch

    model = adapted(LAST, tied=False)
    split(model)
    logits, _, _ = run(model)
    ids = torch.arange(VOCABULARY).unsqueeze(0)
    with model.disable_adapter(), torch.no_grad():
        plain = model(input_ids=ids).logits
        torch.testing.assert_close(plain, base(tied=False)(input_ids=ids).logits)
    with torch.no_grad():
        before = model(input_ids=ids).logits
        model.merge_adapter()
        torch.testing.assert_close(model(input_ids=ids).logits, before, rtol=1e-4, atol=1e-5)
    assert not torch.allclose(plain, before)
    assert logits.shape == (2, 30, VOCABULARY)
