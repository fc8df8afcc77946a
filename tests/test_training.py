import io
import math
from contextlib import redirect_stdout

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from IPython.core.interactiveshell import InteractiveShell
from torch import nn

from course_utils import data, training
from course_utils.training import Diverged, Stopped

SGD = torch.optim.SGD


class Point(nn.Module):
    """One parameter p, started at 0."""

    def __init__(self):
        super().__init__()
        self.p = nn.Parameter(torch.zeros(()))


def fit(model, loss, *data, **options):
    return training.fit(model, loss, *data, **{"num_steps": 5, "progress": False} | options)


@pytest.fixture
def regression():
    torch.manual_seed(0)
    x = torch.randn(60, 3, dtype=torch.float64)
    y = x @ torch.tensor([[1.0], [-2.0], [0.5]], dtype=torch.float64) + 0.3
    return x, y + 0.1 * torch.randn_like(y)


@pytest.mark.parametrize("batch_size", [None, 60, 10])
def test_training_reaches_the_least_squares_solution(regression, batch_size):
    x, y = regression
    model = nn.Linear(3, 1).double()

    def loss(x, y):
        return (model(x) - y).square().mean()

    history = fit(model, loss, x, y, num_steps=1200, batch_size=batch_size, lr=0.05, decay=True)
    design = torch.cat([x, torch.ones(60, 1, dtype=x.dtype)], 1)
    solution = torch.linalg.lstsq(design, y).solution.flatten()
    found = torch.cat([model.weight.flatten(), model.bias])
    assert torch.allclose(found, solution, atol=5e-3)
    assert history.loss[-1] < history.loss[0] / 100


def test_one_step_is_one_step_of_the_optimizer(regression):
    x, y = regression
    model = nn.Linear(3, 1).double()
    start = model.weight.detach().clone()
    fit(model, lambda x, y: (model(x) - y).square().mean(), x, y, num_steps=1, optimizer=SGD, lr=1)
    assert torch.allclose(model.weight, start - model.weight.grad)


def test_a_gradient_laid_out_otherwise_in_memory_moves_the_same_entries():
    """torch's fused optimisers read a transposed gradient as if it were not transposed."""
    slopes = torch.tensor([[1.0, -1.0], [1.0, -1.0], [1.0, -1.0]])
    runs = []
    for optimizer in (training.Adam, torch.optim.Adam):
        model = nn.Module()
        model.p = nn.Parameter(torch.zeros(2, 3))
        fit(model, lambda _, p=model.p: (p.T * slopes).sum(), torch.ones(4), optimizer=optimizer)
        runs.append(model.p.detach())
    torch.testing.assert_close(*runs)


def test_steps_follow_a_constant_rate():
    model = Point()
    history = fit(model, lambda _: model.p, torch.ones(4), num_steps=10, optimizer=SGD, lr=0.1)
    assert history.lr == [0.1] * 10
    assert model.p.item() == pytest.approx(-1.0)


def test_decay_follows_half_a_cosine_and_reaches_the_optimizer():
    model = Point()
    history = fit(
        model, lambda _: model.p, torch.ones(4), num_steps=8, optimizer=SGD, lr=0.1, decay=True
    )
    assert history.lr == pytest.approx([0.05 * (1 + math.cos(math.pi * k / 8)) for k in range(8)])
    assert model.p.item() == pytest.approx(-sum(history.lr))


def test_the_history_has_one_entry_a_step(regression):
    model = Point()
    losses = []

    def loss(x, _):
        losses.append(((model.p - x) ** 2).mean())
        return losses[-1]

    history = fit(model, loss, *regression, num_steps=7, batch_size=20)
    assert history.loss == [value.item() for value in losses]
    assert len(history.loss) == len(history.lr) == 7


def batches_of(num_points, batch_size, num_steps):
    model, seen = Point(), []
    rows = torch.arange(num_points)

    def loss(rows, twins):
        assert rows.equal(-twins)
        seen.append(rows.tolist())
        return model.p**2

    fit(model, loss, rows, -rows, num_steps=num_steps, batch_size=batch_size)
    return seen


def test_every_point_is_visited_once_an_epoch_in_a_new_order():
    seen = batches_of(12, 4, num_steps=9)
    epochs = [[row for batch in seen[start : start + 3] for row in batch] for start in (0, 3, 6)]
    assert [sorted(epoch) for epoch in epochs] == [list(range(12))] * 3
    assert epochs[0] != epochs[1] != epochs[2]


def test_points_left_over_wait_for_the_next_shuffle():
    seen = batches_of(10, 4, num_steps=40)
    for first, second in zip(seen[::2], seen[1::2], strict=True):
        assert len(set(first + second)) == 8
    assert set().union(*seen) == set(range(10))


@pytest.mark.parametrize("batch_size", [None, 5])
def test_a_batch_of_all_points_is_the_data_in_order(batch_size):
    before = torch.get_rng_state()
    assert batches_of(5, batch_size, num_steps=2) == [list(range(5))] * 2
    assert torch.get_rng_state().equal(before)


def test_the_seed_decides_the_run(regression):
    def run():
        torch.manual_seed(3)
        model = nn.Linear(3, 1).double()
        fit(model, lambda x, y: (model(x) - y).square().mean(), *regression, batch_size=7)
        return model.weight

    assert run().equal(run())


def test_frozen_and_unused_parameters_stay_as_they_are():
    model = nn.ModuleDict({"used": Point(), "frozen": Point(), "unused": Point()})
    model["frozen"].p.requires_grad_(False)
    fit(model, lambda _: model["used"].p + model["frozen"].p, torch.ones(3))
    assert model["used"].p != 0
    assert model["frozen"].p == model["unused"].p == 0


def test_a_loss_that_explodes_names_the_step_and_leaves_the_parameters_finite():
    model = Point()
    with pytest.raises(Diverged) as error:
        fit(
            model,
            lambda x: ((model.p - x) ** 2).mean(),
            torch.ones(4),
            num_steps=1000,
            optimizer=SGD,
            lr=30,
        )
    history = error.value.history
    assert 0 < len(history.loss) < 1000 and len(history.lr) == len(history.loss)
    assert f"step {len(history.loss)}:" in str(error.value)
    assert "learning rate below 30" in str(error.value)
    assert all(map(math.isfinite, history.loss))
    assert model.p.isfinite()


def test_a_loss_that_is_nan_keeps_the_parameters_of_the_step_before():
    model, values = Point(), iter([1.0, 1.0, math.nan])
    with pytest.raises(Diverged, match="step 2: the loss is nan") as error:
        fit(model, lambda _: model.p * next(values), torch.ones(4), optimizer=SGD, lr=0.5)
    assert error.value.history.loss == [0.0, -0.5]
    assert model.p == -1.0


def test_a_gradient_that_is_not_finite_keeps_the_parameters():
    model = Point()
    with pytest.raises(Diverged, match="step 0: a gradient is not finite"):
        fit(model, lambda _: model.p.sqrt(), torch.ones(4))
    assert model.p == 0


def test_a_stop_ends_the_run_and_keeps_history_and_model():
    model, calls = Point(), iter(range(9))

    def loss(_):
        if next(calls) == 3:
            raise KeyboardInterrupt
        return 1 * model.p

    with pytest.raises(Stopped, match="after 3 of 5 steps; the model keeps") as stop:
        fit(model, loss, torch.ones(4), optimizer=SGD, lr=1.0)
    history = stop.value.history
    assert history.loss == [0, -1, -2] and history.lr == [1.0] * 3
    assert model.p == -3


def test_a_stop_is_one_line_in_a_notebook_and_fails_the_cell():
    shell = InteractiveShell()
    shell.user_ns["stopped"] = Stopped(5, training.History())
    with redirect_stdout(io.StringIO()) as printed:
        result = shell.run_cell("raise stopped")
    assert isinstance(result.error_in_exec, KeyboardInterrupt)
    assert printed.getvalue().strip() == str(shell.user_ns["stopped"])


def test_other_errors_of_the_loss_come_through():
    with pytest.raises(KeyError, match="mine"):
        fit(Point(), lambda _: {}["mine"], torch.ones(4))


def test_the_progress_bar_can_be_shown(capsys):
    model = Point()
    training.fit(model, lambda _: model.p, torch.ones(4), num_steps=3)
    assert "3" in capsys.readouterr().err


class Table(nn.Module):
    """A parameter with a row per data point, whose gradient is sparse."""

    def __init__(self, num_points):
        super().__init__()
        self.rows = nn.Parameter(torch.zeros(num_points, 2))

    def forward(self, n):
        return nn.functional.embedding(n, self.rows, sparse=True)


def test_groups_of_parameters_keep_the_ratio_of_their_rates_while_they_decay():
    model, seen = nn.ModuleList([Point(), Point()]), []

    def optimizer(parameters, lr):
        slow, fast = parameters
        descent = SGD([{"params": [slow], "lr": lr}, {"params": [fast], "lr": 10 * lr}])
        seen.append(descent)
        return descent

    history = fit(
        model,
        lambda _: model[0].p + model[1].p,
        torch.ones(4),
        num_steps=8,
        lr=0.1,
        decay=True,
        optimizer=optimizer,
    )
    assert history.lr == pytest.approx([0.05 * (1 + math.cos(math.pi * k / 8)) for k in range(8)])
    assert model[0].p.item() == pytest.approx(-sum(history.lr))
    assert model[1].p.item() == pytest.approx(-10 * sum(history.lr), rel=1e-5)
    assert [group["lr"] for group in seen[0].param_groups] == pytest.approx(
        [history.lr[-1], 10 * history.lr[-1]]
    )


def test_without_decay_every_group_keeps_its_own_rate():
    model = nn.ModuleList([Point(), Point()])

    def optimizer(parameters, lr):
        return SGD([{"params": parameters[:1]}, {"params": parameters[1:], "lr": 5.0}], lr=lr)

    fit(model, lambda _: model[0].p + model[1].p, torch.ones(4), lr=0.1, optimizer=optimizer)
    assert [each.p.item() for each in model] == pytest.approx([-0.5, -25])


def test_sparse_gradients_move_the_rows_of_the_minibatch_as_dense_ones_do():
    n, target = torch.arange(6), torch.randn(6, 2)

    def run(forward, table):
        torch.manual_seed(1)

        def loss(n, target):
            return (forward(n) - target).square().sum()

        return fit(
            table, loss, n, target, num_steps=5, batch_size=2, optimizer=SGD, lr=0.1, decay=True
        )

    sparse, dense = Table(6), Table(6)
    histories = [run(sparse, sparse), run(lambda n: dense.rows[n], dense)]
    assert sparse.rows.grad.is_sparse and not dense.rows.grad.is_sparse
    torch.testing.assert_close(sparse.rows, dense.rows)
    assert histories[0].loss == pytest.approx(histories[1].loss)


def test_a_row_drawn_twice_gets_both_gradients():
    table = Table(3)
    twice = torch.tensor([1, 1])
    fit(table, lambda n: table(n).sum(), twice, num_steps=1, optimizer=SGD, lr=0.5)
    assert table.rows.tolist() == [[0, 0], [-1, -1], [0, 0]]


def test_a_sparse_gradient_that_is_not_finite_keeps_the_rows():
    table = Table(3)
    with pytest.raises(Diverged, match="step 0: a gradient is not finite"):
        fit(table, lambda n: table(n).sqrt().sum(), torch.tensor([2]), optimizer=SGD)
    assert (table.rows == 0).all()


def test_infinite_gradients_that_would_cancel_as_duplicates_are_noticed():
    table = Table(2)
    sign = torch.tensor([[1.0], [-1.0]])
    with pytest.raises(Diverged, match="a gradient is not finite"):
        fit(table, lambda n: (sign * table(n).sqrt()).sum(), torch.zeros(2).long(), optimizer=SGD)


def test_the_default_is_adam():
    ours, theirs = nn.Linear(3, 2), nn.Linear(3, 2)
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(7, 3)
    fit(ours, lambda x: ours(x).square().mean(), x, num_steps=20, lr=0.01)
    adam = torch.optim.Adam(theirs.parameters(), lr=0.01)
    for _ in range(20):
        adam.zero_grad()
        theirs(x).square().mean().backward()
        adam.step()
    torch.testing.assert_close(ours.weight, theirs.weight)
    torch.testing.assert_close(ours.bias, theirs.bias)


@pytest.mark.parametrize("fused", [True, False])
def test_weight_decay_is_adamws(fused):
    ours, theirs = nn.Linear(3, 2), nn.Linear(3, 2)
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(7, 3)
    mine = training.Adam(ours.parameters(), lr=0.01, weight_decay=0.5)
    mine.fused = fused
    adamw = torch.optim.AdamW(theirs.parameters(), lr=0.01, weight_decay=0.5)
    for _ in range(20):
        for model, descent in ((ours, mine), (theirs, adamw)):
            model.zero_grad()
            model(x).square().mean().backward()
            descent.step()
    torch.testing.assert_close(ours.weight, theirs.weight)
    torch.testing.assert_close(ours.bias, theirs.bias)


def test_a_parameter_without_a_gradient_waits_as_in_torch():
    """Its own count of steps, by which Adam corrects its means, stands still meanwhile."""
    ours, theirs = ([nn.Parameter(torch.ones(2)) for _ in range(3)] for _ in range(2))
    optimizers = training.Adam(ours, lr=0.1), torch.optim.Adam(theirs, lr=0.1)
    for step in range(6):
        for parameters, optimizer in zip((ours, theirs), optimizers, strict=True):
            for k, p in enumerate(parameters):
                p.grad = (step + p - k).detach() if k == 0 or step % (k + 1) == 0 else None
            optimizer.step()
    torch.testing.assert_close(ours, theirs)


def test_adam_takes_parameters_of_two_dtypes():
    parameters = [
        nn.Parameter(torch.ones(2, dtype=dtype)) for dtype in (torch.float64, torch.float)
    ]
    adam = training.Adam(parameters, lr=0.1)
    for p in parameters:
        p.grad = torch.ones_like(p)
    adam.step()
    assert all(torch.allclose(p, torch.full_like(p, 0.9)) for p in parameters)


# Ways for a parameter of shape (3, 4) to lie in memory.
PLACES = {
    "plain": lambda x: x,
    "transposed": lambda x: x.T.contiguous().T,
    "a slice of columns": lambda x: torch.cat([x, 7 + x], 1)[:, :4],
    "every other row": lambda x: x.repeat_interleave(2, 0)[::2],
    "the end of something": lambda x: torch.cat([7 + x, x])[3:],
}
# Losses of W (3, 4), many of whose gradients lie in memory otherwise than W.
LOSSES = {
    "einsum": lambda W, x: torch.einsum("nd,hd,ho->no", x, W, W).sub(x).square().mean(),
    "product": lambda W, x: (x @ W.T).square().mean() + W.square().sum(),
    "transpose": lambda W, x: (W.T @ W - 1).square().sum(),
    "expanded": lambda W, _: (W.sum() - 3).square(),
    "rows": lambda W, x: (W[1:].sum(0) - x.mean(0)).square().sum() + W[0, 0],
    "permuted": lambda W, x: (x[:, None] * W.T[None].permute(0, 2, 1)).sum().square() / 100,
}


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(sorted(PLACES)),
    st.lists(st.sampled_from(sorted(LOSSES)), min_size=1, max_size=3),
    st.booleans(),
    st.integers(0, 99),
)
def test_fit_is_plain_adam_wherever_parameters_and_gradients_lie(place, losses, shared, seed):
    torch.manual_seed(seed)
    start, x = torch.randn(3, 4), torch.randn(5, 4)

    def made():
        model = nn.Module()
        model.W = nn.Parameter(PLACES[place](start.clone()))
        model.V = model.W if shared else nn.Parameter(start.flip(0))

        def loss(x):
            of_V = (model.V.T * x.sum(0)[:, None]).square().mean()
            return sum(LOSSES[name](model.W, x) for name in losses) + of_V

        return model, loss

    ours, loss = made()
    fit(ours, loss, x, num_steps=20, lr=0.05)
    theirs, loss = made()
    adam = torch.optim.Adam(theirs.parameters(), lr=0.05, foreach=False, fused=False)
    for _ in range(20):
        adam.zero_grad()
        loss(x).backward()
        adam.step()
    torch.testing.assert_close(ours.W, theirs.W)
    torch.testing.assert_close(ours.V, theirs.V)


def test_an_autoencoder_by_einsum_reaches_the_best_loss():
    x = data.digits().train.float()
    x = x - x.mean(0)
    model = nn.Module()
    model.W = nn.Parameter(0.1 * torch.randn(8, 64))

    def loss(x):
        return (x - torch.einsum("nd,hd,he->ne", x, model.W, model.W)).square().sum(1).mean()

    fit(model, loss, x, num_steps=400, lr=0.02, decay=True)
    best = torch.linalg.eigvalsh(x.T @ x / len(x)).flip(0)[8:].sum().item()
    assert loss(x).item() == pytest.approx(best, rel=1e-2)


def test_a_long_gradient_without_strides_is_followed():
    model = nn.Module()
    model.W = nn.Parameter(torch.zeros(10_000_000))
    fit(model, lambda _: (model.W.sum() - 3).square() * 1e-6, torch.ones(1), num_steps=1, lr=0.1)
    assert (model.W > 0).all() and model.W.min() == model.W.max()


def test_only_the_models_gradients_are_touched():
    other = torch.ones((), requires_grad=True)
    model = Point()
    fit(model, lambda _: (model.p - other).square(), X)
    assert other.grad is None and model.p.grad is not None


def test_a_parameter_without_memory_of_its_own_is_refused():
    model = nn.Module()
    model.wide = nn.Parameter(torch.zeros(1).expand(5))
    with pytest.raises(ValueError, match="parameter wide must have memory"):
        fit(model, lambda _: model.wide.sum(), X)


X = torch.ones(4, 2)


@pytest.mark.parametrize(
    ("argument", "data", "options"),
    [
        ("data", [], {}),
        ("data", [X, X[:3]], {}),
        ("data", [X[:0]], {}),
        ("data", [X * math.nan], {}),
        ("data", [X, X / 0], {}),
        ("data", [torch.tensor(1.0)], {}),
        ("data", [X.tolist()], {}),
        ("num_steps", [X], {"num_steps": 0}),
        ("num_steps", [X], {"num_steps": 1.5}),
        ("batch_size", [X], {"batch_size": 0}),
        ("batch_size", [X], {"batch_size": 5}),
        ("batch_size", [X], {"batch_size": 1.5}),
        ("lr", [X], {"lr": 0}),
        ("lr", [X], {"lr": -0.1}),
        ("lr", [X], {"lr": math.nan}),
        ("lr", [X], {"lr": "fast"}),
    ],
)
def test_a_bad_argument_is_refused_by_name(argument, data, options):
    model = Point()
    with pytest.raises((ValueError, TypeError), match=rf"\b{argument}\b"):
        fit(model, lambda *_: model.p, *data, **options)


@pytest.mark.parametrize("model", [nn.ReLU(), Point().requires_grad_(False), None])
def test_a_model_without_parameters_is_refused(model):
    with pytest.raises((ValueError, TypeError), match="model must"):
        fit(model, lambda _: torch.zeros(()), X)


@pytest.mark.parametrize("loss", [None, lambda x: x, lambda x: 1.0])
def test_a_loss_that_is_not_a_scalar_tensor_is_refused(loss):
    with pytest.raises((ValueError, TypeError), match="loss must"):
        fit(Point(), loss, X)


def test_a_loss_without_gradients_is_refused():
    model, other = Point(), Point()
    with torch.no_grad(), pytest.raises(ValueError, match=r"loss must .* torch.no_grad"):
        fit(model, lambda _: model.p.square(), X)
    with pytest.raises(ValueError, match="loss must depend"):
        fit(model, lambda _: model.p.detach(), X)
    with pytest.raises(ValueError, match="loss must depend on at least one parameter of model"):
        fit(model, lambda _: other.p.square(), X)
