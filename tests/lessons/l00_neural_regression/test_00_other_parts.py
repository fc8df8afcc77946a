import math

import pytest
import torch
from shared_00 import choices, explorers, mse, points
from torch import nn

from course_utils import data, training
from course_utils.lessons.l00_neural_regression.other_parts import (
    GRID,
    mean_and_error,
    train_choices,
)


def test_no_choice_beats_the_sine_and_sigmoid_under_sgd_is_far_from_it():
    test = data.sine(10_000, seed=2)
    z, x = test.z.float(), test.x.float()
    last = train_choices(*points(), z, every=1000)[-1]
    assert last.shape == (4, 2, 4, 10_000, 1)
    average, error = mean_and_error((last - x).square() - (z.sin() - x).square())
    assert (average / error).min() > -3
    assert (average[0, :, 3] > 0.02).all()
    # What is measured is noise plus miss, up to the cross term's chance.
    miss = (last - z.sin()).square().mean((-2, -1))
    assert ((average - miss).abs() < 4 * 2 * 0.1 * (miss / len(z)).sqrt()).all()


def test_the_choices_show_measured_errors_with_their_bars():
    predictions, _, _, z, x = choices()
    frame = explorers()["choices"].frame(activation="tanh", optimizer="SGD, α = 0.1", layers=2)
    squares = (predictions[:, 0, 1, 2, len(GRID) :, 0] - x[:, 0]).square()  # (T, M)
    score, error = squares.mean(1), squares.std(1) / len(x) ** 0.5
    torch.testing.assert_close(frame["score"][1], score)
    bars = torch.as_tensor(frame["bars"])
    torch.testing.assert_close(bars[:, 0, 1].float(), score - 2 * error)
    torch.testing.assert_close(bars[:, 1, 1].float(), score + 2 * error)
    assert f"{score[-1]:.4f} ± {2 * error[-1]:.4f}" in frame["end_label"]
    assert f"the sine itself scores {(x - z.sin()).square().mean():.4f}" in frame["alt"]


def test_networks_trained_side_by_side_are_networks_trained_alone():
    z, x = points()
    grid = torch.linspace(-2, 2, 5)[:, None]
    fits = train_choices(z, x, grid, num_steps=100, every=100)[-1]
    torch.manual_seed(0)
    first, second, last = nn.Linear(1, 20), nn.Linear(20, 20), nn.Linear(20, 1)
    alone = nn.Sequential(first, nn.Tanh(), second, nn.Tanh(), last)
    optimizer = torch.optim.Adam(alone.parameters(), lr=0.03)
    for step, rows in enumerate(torch.randperm(len(z)).split(100)):
        optimizer.param_groups[0]["lr"] = 0.03 * (1 + math.cos(math.pi * step / 100)) / 2
        optimizer.zero_grad()
        mse(alone, z[rows], x[rows]).backward()
        optimizer.step()
    torch.testing.assert_close(fits[3, 1, 2], alone(grid).detach(), rtol=0, atol=1e-3)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_twenty_passes_in_minibatches_come_within_one_per_cent_of_the_floor(seed):
    sample = data.sine(10_000)
    z, x = sample.z.float(), sample.x.float()
    torch.manual_seed(seed)
    decoder = nn.Sequential(nn.Linear(1, 20), nn.GELU(), nn.Linear(20, 1))
    settings = {"num_steps": 2000, "batch_size": 100, "lr": 0.03, "decay": True}
    training.fit(decoder, lambda z, x: mse(decoder, z, x), z, x, progress=False, **settings)
    floor = (x - z.sin()).square().mean()
    assert 0.99 < mse(decoder, z, x) / floor < 1.01
