"""Low-rank adapters: what is trained, and what is merged into the shipped encoder."""

import pytest
import torch
from torch import nn
from transformers import BertConfig, BertModel

from mejurix_st._default_model import merge_adapter
from mejurix_st.errors import CheckpointError
from mejurix_st.training.lora import LowRankLinear, adapter_state, add_adapters, load_adapter_state

SCALE = 0.75


def make_bert() -> BertModel:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        config = BertConfig(
            vocab_size=50, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32,
            initializer_range=0.3,
        )  # fmt: skip
        return BertModel(config, add_pooling_layer=False).eval()


def trained(adapters: dict[str, LowRankLinear], seed: int = 5) -> None:
    """Fills B, which starts at zero, as training would."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for module in adapters.values():
            module.lora_B.copy_(torch.randn(module.lora_B.shape, generator=generator) * 0.3)


def test_adapters_start_as_the_base():
    base, adapted = make_bert(), make_bert()
    add_adapters(adapted, rank=4, scale=SCALE, seed=1)
    ids = torch.tensor([[2, 7, 9, 3]])
    with torch.no_grad():
        assert torch.equal(base(ids).last_hidden_state, adapted(ids).last_hidden_state)


def test_layer_is_the_formula():
    base = nn.Linear(3, 2)
    layer = LowRankLinear(base, rank=1, scale=2.0)
    with torch.no_grad():
        base.weight.copy_(torch.tensor([[1.0, 0, 0], [0, 1, 0]]))
        base.bias.copy_(torch.tensor([0.5, -0.5]))
        layer.lora_A.copy_(torch.tensor([[1.0, 1, 1]]))
        layer.lora_B.copy_(torch.tensor([[1.0], [3.0]]))
    # x = (1, 2, 3): x A = 6; W x + b = (1.5, 1.5); + 2 * 6 * (1, 3)
    assert layer(torch.tensor([[1.0, 2, 3]])).tolist() == [[13.5, 37.5]]


def test_gradients_are_those_of_the_formula_and_follow_every_change():
    layer = LowRankLinear(nn.Linear(6, 4), rank=2, scale=SCALE)
    trained({"layer": layer})
    layer.base.requires_grad_(False)
    generator = torch.Generator().manual_seed(2)
    for _ in range(2):  # the merged weights must not outlive a step
        x = torch.randn(2, 3, 6, generator=generator, requires_grad=True)
        toward = torch.randn(2, 3, 4, generator=generator)
        a, b = (m.detach().clone().requires_grad_() for m in (layer.lora_A, layer.lora_B))
        own = x.detach().clone().requires_grad_()
        plain = layer.base(own) + SCALE * (own @ a.t()) @ b.t()
        (plain * toward).sum().backward()
        layer.zero_grad()
        found = layer(x)
        (found * toward).sum().backward()
        assert torch.allclose(found, plain, atol=1e-6)
        for one, other in ((layer.lora_A, a), (layer.lora_B, b), (x, own)):
            assert torch.allclose(one.grad, other.grad, atol=1e-5)
        with torch.no_grad():
            layer.lora_A.sub_(layer.lora_A.grad)


def test_merged_weights_give_the_adapted_forward():
    adapted = make_bert()
    adapters = add_adapters(adapted, rank=4, scale=SCALE, seed=1)
    trained(adapters)
    plain = make_bert()
    before = plain.state_dict()
    merged = merge_adapter(before, adapter_state(adapters), SCALE)
    ids = torch.tensor([[2, 7, 9, 3], [2, 11, 3, 0]])
    mask = torch.tensor([[1, 1, 1, 1], [1, 1, 1, 0]])
    with torch.no_grad():
        untouched = plain(ids, attention_mask=mask).last_hidden_state
        plain.load_state_dict(merged)
        one, other = (m(ids, attention_mask=mask).last_hidden_state for m in (plain, adapted))
    assert (one - other)[mask.bool()].abs().max() < 1e-5
    assert (one - untouched)[mask.bool()].abs().max() > 0.01  # the adapter does something


def test_only_adapters_of_the_chosen_layers_are_trained():
    encoder = make_bert()
    adapters = add_adapters(encoder, rank=2, scale=1.0, seed=1, first_layer=1)
    assert len(adapters) == 6  # query, key, value, attention output, feed-forward in and out
    assert all(name.startswith("encoder.layer.1.") for name in adapters)
    learnt = {name for name, p in encoder.named_parameters() if p.requires_grad}
    assert learnt == {f"{name}.lora_{m}" for name in adapters for m in "AB"}


def test_bfloat16_base_has_float32_adapters_and_gradients():
    encoder = make_bert().to(torch.bfloat16)
    adapters = add_adapters(encoder, rank=2, scale=1.0, seed=1)
    trained(adapters)
    encoder(torch.tensor([[2, 7, 3]])).last_hidden_state.float().square().sum().backward()
    for module in adapters.values():
        for matrix in (module.lora_A, module.lora_B):
            assert matrix.dtype == matrix.grad.dtype == torch.float32
            assert matrix.grad.abs().sum() > 0


def test_start_depends_on_the_seed_alone():
    state = torch.get_rng_state()
    one, same, other = (
        adapter_state(add_adapters(make_bert(), rank=2, scale=1.0, seed=s)) for s in (1, 1, 2)
    )
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert any(not torch.equal(one[name], other[name]) for name in one)


def test_state_round_trip():
    adapters, fresh = (add_adapters(make_bert(), rank=2, scale=1.0, seed=s) for s in (1, 2))
    trained(adapters)
    state = adapter_state(adapters)
    load_adapter_state(fresh, state)
    assert all(torch.equal(v, adapter_state(fresh)[k]) for k, v in state.items())
    trained(adapters, seed=9)
    assert any(not torch.equal(v, adapter_state(adapters)[k]) for k, v in state.items())  # state is a copy


@pytest.mark.parametrize(
    "adapter",
    [
        {"dense.lora_A": torch.ones(2, 4)},  # no partner
        {"dense.lora_A": torch.ones(2, 4), "dense.lora_B": torch.ones(4, 3)},  # ranks differ
        {"dense.lora_A": torch.ones(2, 5), "dense.lora_B": torch.ones(4, 2)},  # wrong input
        {"other.lora_A": torch.ones(2, 4), "other.lora_B": torch.ones(4, 2)},  # no such weight
        {"dense.stray": torch.ones(2, 4)},
    ],
)
def test_an_adapter_that_does_not_fit_is_refused(adapter: dict[str, torch.Tensor]):
    with pytest.raises(CheckpointError, match=r"does not fit the base encoder at (dense|other)"):
        merge_adapter({"dense.weight": torch.zeros(4, 4)}, adapter, 1.0)


def test_merging_leaves_its_input_alone():
    state = {"dense.weight": torch.zeros(2, 2)}
    merged = merge_adapter(state, {"dense.lora_A": torch.ones(1, 2), "dense.lora_B": torch.ones(2, 1)}, 3.0)
    assert merged["dense.weight"].tolist() == [[3.0, 3.0], [3.0, 3.0]]
    assert state["dense.weight"].tolist() == [[0.0, 0.0], [0.0, 0.0]]
