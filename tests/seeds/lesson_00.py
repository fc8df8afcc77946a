"""Lesson 00: other first weights and minibatches, other draws of the twenty points."""

import torch
from torch import nn

from course_utils import data, training
from course_utils.lessons import l00_neural_regression as lesson
from seeds import Claim, Measured


def mse(network: nn.Module, z: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    return (x - network(z)).square().mean()


def measure(seed: int) -> Measured:
    """Section 8's networks, the 32 choices, and section 9's large network on twenty points."""
    (x, z), (x_test, z_test) = (
        tuple(part.float() for part in data.sine(10_000, seed=s)) for s in (0, 1)
    )
    own_test = (x_test - z_test.sin()).square().mean()

    def train(steps=2000, size=100, lr=0.03, decay=True, activation=nn.ReLU):
        torch.manual_seed(seed)
        network = nn.Sequential(nn.Linear(1, 20), activation(), nn.Linear(20, 1))
        options = {"num_steps": steps, "batch_size": size, "lr": lr, "decay": decay}
        training.fit(network, lambda z, x: mse(network, z, x), z, x, **options, progress=False)
        return network

    def above(network):
        return 100 * (mse(network, z_test, x_test) / own_test - 1).item()

    inputs, noisy = z_test[:2000], x_test[:2000]
    predictions = lesson.train_choices(z, x, inputs, every=1000, seed=seed)[-1]
    paired = (predictions - noisy).square() - (inputs.sin() - noisy).square()
    average, error = lesson.mean_and_error(paired)
    return {
        "full batch, 0.01": above(train(1000, size=None, lr=0.01, decay=False)),
        "minibatch, 0.03": above(train(1000, decay=False)),
        "minibatch, 0.03 decaying, 10 passes": above(train(1000)),
        "minibatch, 0.03 decaying, 20 passes": above(train()),
        "GELU, 20 passes": above(train(activation=nn.GELU)),
        "best choice against the sine": (average / error).min().item(),
        "SGD, sigmoid": (average[0, :, 3] / 0.01).min().item(),
        **few(seed, z_test[:2000], x_test[:2000]),
    }


def few(seed: int, z_test: torch.Tensor, x_test: torch.Tensor) -> Measured:
    """A network with 10 401 parameters on twenty points."""
    sample = data.sine(20, seed=100 + seed)
    z, x = sample.z.float(), sample.x.float()
    torch.manual_seed(seed)
    parts = [nn.Linear(1, 100), nn.ReLU(), nn.Linear(100, 100), nn.ReLU(), nn.Linear(100, 1)]
    network, test = nn.Sequential(*parts), []
    descent = training.Adam(network.parameters(), lr=0.005)
    for step in range(2001):
        loss = mse(network, z, x)
        if step % 50 == 0:
            test.append(mse(network, z_test, x_test).item())
        network.zero_grad()
        loss.backward()
        descent.step()
    noise = x - z.sin()
    own = noise.square().mean()
    return {
        "twenty points, training / own noise": (loss / own).item(),
        "middle term / own noise": (2 * (noise * (z.sin() - network(z))).mean() / own).item(),
        "lowest test loss / floor": min(test) / 0.01,
        "rise of the test loss": test[-1] / min(test),
    }


CLAIMS = [
    Claim("full batch, 0.01", "within 4 % of the floor", lambda v: v < 4),
    Claim("minibatch, 0.03", "more than 2.5 % above the floor", lambda v: v > 2.5),
    Claim("minibatch, 0.03 decaying, 10 passes", "within 5 % of the floor", lambda v: v < 5),
    Claim("minibatch, 0.03 decaying, 20 passes", "within 3 %", lambda v: v < 3),
    Claim("GELU, 20 passes", "within 1 %", lambda v: v < 1),
    Claim("best choice against the sine", "not beyond chance", lambda v: v > -3),
    Claim("SGD, sigmoid", "its miss is over 1.5 floors", lambda v: v > 1.5),
    Claim("twenty points, training / own noise", "below 1", lambda v: v < 1),
    Claim("middle term / own noise", "below −½", lambda v: v < -0.5),
    Claim("lowest test loss / floor", "above 1.3", lambda v: v > 1.3),
    Claim("rise of the test loss", "by 1 % to a factor of four", lambda v: 1 < v < 5),
]
