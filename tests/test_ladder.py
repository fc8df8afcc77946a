"""The table of the ladder: its own consistency, and that the lessons' notebooks claim it."""

from pathlib import Path

import nbformat
import pytest
import scipy.integrate
import torch

from course_utils import data, deep, em, ladder, ppca

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
TABLES = {"ARC": ladder.ARC, "DIGITS": ladder.DIGITS}


@pytest.mark.parametrize("table", TABLES)
def test_ppca_and_em_are_what_they_reach(table):
    train, test = (x.double() for x in (ladder.arc if table == "ARC" else ladder.digits)())
    H = 1 if table == "ARC" else 2
    models = {"PPCA": ppca.fit(train, H), "EM": em.fit(train, H, 500)[0]}
    for name, model in models.items():
        rung = TABLES[table][name]
        assert model.log_evidence(test).mean().item() == pytest.approx(rung.evidence, abs=1e-3)
        assert rung.elbo == rung.evidence


@pytest.mark.parametrize("table", TABLES)
def test_no_bound_is_above_its_evidence_nor_an_evidence_above_the_limit(table):
    for rung in TABLES[table].values():
        assert rung.elbo <= rung.evidence
        assert table != "ARC" or rung.evidence < ladder.limit()


def test_the_bars_over_seeds_hold_their_rungs():
    for name, (low, high) in ladder.DIGITS_SEEDS.items():
        assert low < ladder.DIGITS[name].evidence < high


def test_the_limit_is_the_log_density_of_the_test_points_by_a_sum_over_the_angle():
    z = torch.linspace(-8, 8, 6401).double()
    x = ladder.arc()[1].double()
    sums = []
    for row in x.split(500):
        miss = (row[:, :1] - z.cos()) ** 2 + (row[:, 1:] - z.sin()) ** 2
        density = (-miss / 0.02 - z**2 / 2).exp() / (2 * torch.pi * 0.01 * (2 * torch.pi) ** 0.5)
        sums.append(torch.from_numpy(scipy.integrate.simpson(density.numpy(), x=z.numpy())).log())
    values = torch.cat(sums)
    assert ladder.limit() == pytest.approx(values.mean().item(), abs=1e-6)
    assert values.std().item() / 5000**0.5 == pytest.approx(ladder.ARC_ERROR, abs=5e-4)


def test_the_digits_standard_error_is_that_of_ppcas_rung():
    train, test = (x.double() for x in ladder.digits())
    values = ppca.fit(train, 2).log_evidence(test)
    assert values.std().item() / 397**0.5 == pytest.approx(ladder.DIGITS_ERROR, abs=5e-3)


def test_a_gap_of_an_encoder_is_measured_on_fresh_points():
    """A linear model at its posterior but for a side of the plane, where q is a constant off."""
    torch.manual_seed(0)
    model = deep.Decoder(1, 2)
    layer = model.network[0]
    exact = ppca.PPCA(layer.weight.detach(), layer.bias.detach(), model.sigma2)

    class Encoder(torch.nn.Module):
        def forward(self, x):
            q = exact.posterior(x)
            shift = 2.0 * (x[:, :1] > 1.2) * q.covariance_matrix[0, 0].sqrt()
            return torch.distributions.MultivariateNormal(q.mean + shift, q.covariance_matrix)

    rung, error = ladder.amortised(model, Encoder())
    test, fresh = ladder.arc()[1], data.arc(100_000, seed=1).x
    assert rung.evidence == pytest.approx(exact.log_evidence(test).mean().item(), abs=1e-5)
    share = (fresh[:, 0] > 1.2).double().mean().item()  # where KL(q || posterior) = 2^2 / 2
    assert rung.evidence - rung.elbo == pytest.approx(2 * share, abs=4 * error)
    assert 0 < error < 0.01


def test_the_data_are_split_once_and_for_all():
    train, test = ladder.arc()
    assert (train.shape, test.shape, train.dtype) == ((15_000, 2), (5_000, 2), torch.float32)
    assert torch.cat([train, test]).equal(data.arc(20_000).x.float())
    train, test = ladder.digits()
    assert (train.shape, test.shape, train.dtype) == ((1400, 64), (397, 64), torch.float32)
    assert train.equal(data.digits().train.float()) and test.equal(data.digits().test.float())


def test_below_keeps_the_order():
    assert list(ladder.below("VAE", ladder.ARC)) == ["PPCA", "EM", "vEM"]
    assert ladder.below("VAE", ladder.ARC)["vEM"] is ladder.ARC["vEM"]
    assert ladder.below("PPCA", ladder.DIGITS) == {}
    with pytest.raises(ValueError, match="name must be one of PPCA, EM"):
        ladder.below("flow", ladder.ARC)


def test_measure_is_the_sampled_bound_and_the_exact_evidence():
    """At the posterior of a linear decoder both are the evidence, which PPCA has in closed form."""
    model = deep.Decoder(1, 2)
    layer = model.network[0]
    exact = ppca.PPCA(layer.weight.detach(), layer.bias.detach(), model.sigma2)
    x = exact.sample(2000)
    rung = ladder.measure(x, model, exact.posterior(x))
    evidence = exact.log_evidence(x).mean().item()
    assert rung.evidence == pytest.approx(evidence, abs=1e-5)
    assert rung.elbo == pytest.approx(evidence, abs=0.02)
    wider = torch.distributions.MultivariateNormal(exact.posterior(x).mean, torch.eye(1))
    bound = em.elbo(exact, wider, x).mean().item()
    assert ladder.measure(x, model, wider).elbo == pytest.approx(bound, abs=0.02)


@pytest.mark.parametrize(
    ("table", "name"), [(table, name) for table in TABLES for name in TABLES[table]]
)
def test_every_rung_is_claimed_in_a_notebook(table, name):
    cells = [cell for path in NOTEBOOKS.glob("*.ipynb") for cell in nbformat.read(path, 4).cells]
    entry = f'ladder.{table}["{name}"]'
    assert any(
        entry in cell.source and "claim(" in cell.source
        for cell in cells
        if cell.cell_type == "code"
    )
