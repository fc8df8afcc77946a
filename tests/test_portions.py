"""Memory, by the numbers in the tensors that torch makes: the same on every machine."""

import pytest
import torch
from torch.distributions import Independent, Laplace
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from course_utils import deep, portions, vae, vem
from course_utils.portions import in_portions


class Largest(TorchDispatchMode):
    """How many numbers the largest tensor held that was made, views aside."""

    numbers = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        given = {storage(t) for t in tree_leaves((args, kwargs)) if isinstance(t, torch.Tensor)}
        made = function(*args, **(kwargs or {}))
        for tensor in tree_leaves(made):
            if isinstance(tensor, torch.Tensor) and storage(tensor) not in given:
                held = tensor.untyped_storage().nbytes() // tensor.element_size()
                self.numbers = max(self.numbers, held)
        return made


def storage(tensor):
    return tensor.untyped_storage().data_ptr()


class HeavyTailed(deep.Decoder):
    """x | z with a Laplace density, whose log joint no matrix product gives."""

    def forward(self, z):
        mean = self.network(z)
        return Independent(Laplace(mean, torch.ones_like(mean)), 1)


D, N, NODES = 1000, 40, 12  # all at once is nodes x N x D = 480 000 numbers; x has 40 000


@pytest.fixture
def model():
    return deep.Decoder(1, D, (), sigma2=0.5).double()


@pytest.fixture
def small(monkeypatch):
    """Portions of as many numbers as x has, so that the bound is the same for all."""
    monkeypatch.setattr(portions, "NUMBERS", N * D)


def start():
    return vem.gaussian(0.1 * torch.randn(N, 2).double(), 1)


MEASURES = {
    "elbo": lambda x, m: vem.elbo(x, start(), m, NODES),
    "exact_elbo": lambda x, m: vem.exact_elbo(x, start(), m, NODES),
    "best_q": lambda x, m: vem.best_q(x, m, start(), num_steps=2, num_nodes=NODES)[1],
    "log_evidence": lambda x, m: deep.log_evidence(x, m, deep.grid(1, 0.004)),
    "log_evidence of a Laplace": lambda x, m: deep.log_evidence(
        x, HeavyTailed(1, D).double(), deep.grid(1, 0.1)
    ),
    "mode": lambda x, m: deep.mode(x, m, deep.grid(1, 0.004)),
    "gaps": lambda x, m: torch.stack(
        vae.gaps(x, vae.Encoder(D, 1).double(), m, deep.grid(1, 0.1), num_steps=2, num_nodes=NODES)
    ),
}


@pytest.mark.parametrize("name", MEASURES)
def test_no_tensor_is_larger_than_a_portion_and_the_result_is_the_same(name, model, monkeypatch):
    x = model.sample(N)
    torch.manual_seed(1)
    with Largest() as whole:
        expected = MEASURES[name](x, model)
    monkeypatch.setattr(portions, "NUMBERS", N * D)
    torch.manual_seed(1)
    with Largest() as in_part:
        found = MEASURES[name](x, model)
    assert in_part.numbers <= N * D < 3 * N * D <= whole.numbers
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9)


def test_the_widest_of_many_nodes_is_a_portion_too():
    """The default grid of two latents, 241^2 nodes, times 784 pixels: 46 million numbers."""
    model = deep.Decoder(2, 784)
    with Largest() as largest:
        deep.mode(torch.zeros(2, 784), model)
    assert 15_000_000 < largest.numbers <= portions.NUMBERS


@pytest.mark.parametrize("bound", [vem.elbo, vem.exact_elbo])
def test_a_gradient_keeps_no_portion_and_is_the_same(bound, model, monkeypatch):
    x = model.sample(N)
    lamda = (0.1 * torch.randn(N, 2)).double().requires_grad_()
    parameters = [lamda, *model.parameters()]

    def gradient():
        """The gradient, and how many numbers were kept for it."""
        kept = 0
        torch.manual_seed(1)

        def count(tensor):
            nonlocal kept
            kept += tensor.numel()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(count, lambda tensor: tensor):
            value = bound(x, vem.gaussian(lamda, 1), model, NODES).sum()
        return torch.autograd.grad(value, parameters), kept

    expected, kept_whole = gradient()
    monkeypatch.setattr(portions, "NUMBERS", N * D)
    found, kept = gradient()
    assert kept < 2 * N * D < NODES * N * D < kept_whole  # x, and little more
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("per_row", "sizes"), [(1_000_000, [25, 25, 10]), (26_000_000, [1] * 60), (1, [60])]
)
def test_a_portion_has_25_million_numbers_or_one_row(per_row, sizes):
    x, seen = torch.arange(120.0).view(60, 2), []

    def first(x, z):
        seen.append(len(x))
        return z[..., 0]

    z = x.expand(3, 60, 2)
    assert in_portions(first, per_row, x, z).equal(z[..., 0])
    assert seen == sizes


def test_a_portion_is_no_smaller_than_it_may_be(model, small):
    x, calls = model.sample(N), []
    model.register_forward_hook(lambda module, inputs, output: calls.append(inputs[0].shape[:-1]))
    vem.exact_elbo(x, start(), model, 10)
    assert calls == [(10, 4)] * 10  # 10 nodes x 4 points x 1000 numbers
