"""Lesson 01, PCA as an autoencoder: its questions, explorers, figures and exercises."""

from math import radians

import ipywidgets as widgets
import numpy as np
import torch
from matplotlib.collections import LineCollection
from torch import Tensor

from course_utils import pca
from course_utils.kit import Exercise, Explorer, Mistake, Option, Poll, figure, predict, style
from course_utils.kit.figure import Picture, mosaic
from course_utils.kit.poll import Prediction

DATA, TRUTH, MODEL = style.ROLES["data"], style.ROLES["truth"], style.ROLES["model"]
KEPT, LOST = "#56B4E9", "#E69F00"  # fills: variance kept, variance lost


# Questions


def recall(number: int) -> Poll:
    """The retrieval questions, 1 to 3."""
    return [
        Poll(
            "A perfect network, x = sin z + 0.1 ε, endless data. Its mean squared error is …",
            [
                Option("0", False, "The noise ε cannot be predicted from z, whatever the network."),
                Option(
                    "0.01", True, "What is left is the variance of 0.1 ε, which is 0.1² = 0.01."
                ),
                Option("0.1", False, "0.1 is the standard deviation; squared error is a variance."),
            ],
        ),
        Poll(
            "W has orthonormal columns, D = 3 and H = 2. Which product is the identity?",
            [
                Option("WᵀW", True, "It is 2 × 2 and holds the inner products of the columns."),
                Option("WWᵀ", False, "It is 3 × 3 of rank 2: the projector on the columns' plane."),
                Option("Both", False, "A 3 × 3 matrix of rank 2 cannot be the identity."),
            ],
        ),
        Poll(
            "A, B, C are matrices whose product ABC is square. Tr[ABC] always equals …",
            [
                Option(
                    "Tr[ACB]", False, "Swapping neighbours is not allowed; its shape may not fit."
                ),
                Option("Tr[A] Tr[B] Tr[C]", False, "Already for A = B = C = I in 2-D: 2 is not 8."),
                Option(
                    "Tr[CAB]", True, "The trace is circular: the last factor may go to the front."
                ),
            ],
        ),
    ][number - 1]


def poll_axes() -> Poll:
    """What an unconstrained linear autoencoder's encoder converges to."""
    return Poll(
        "Encoder and decoder are free matrices, H = 2, S has full rank, and training has "
        "converged from a random start. The two rows of the encoder are …",
        [
            Option(
                "the first two principal components",
                False,
                "Nothing in the loss points at them: it sees only decoder times encoder.",
            ),
            Option(
                "the first two principal components, rotated",
                False,
                "A rotation is possible, but so is a shear or a stretch that the decoder undoes.",
            ),
            Option(
                "any basis of their plane, perhaps not orthogonal",
                True,
                "For every invertible M the pair (MA, BM⁻¹) has the same product and the same loss.",
            ),
            Option(
                "perhaps something else: gradient descent may end in a bad local minimum",
                False,
                "There is none: every critical point but the best plane is a strict saddle "
                "(Baldi & Hornik 1989), and a random start misses those with probability 1.",
            ),
        ],
    )


# Explorers


def cloud() -> Tensor:
    """Forty points in the plane with a long axis at 30 degrees. (40, 2)"""
    generator = torch.Generator().manual_seed(4)
    z = torch.randn(40, 2, generator=generator, dtype=torch.float64) * torch.tensor([2.0, 0.7])
    c, s = np.cos(np.pi / 6), np.sin(np.pi / 6)
    return z @ torch.tensor([[c, s], [-s, c]], dtype=torch.float64)


def predict_rotation(x: Tensor) -> Prediction:
    """Ask what stays constant as the line turns, then turn it."""
    question = "We turn a line round the mean of the cloud. What stays the same at every angle?"
    options = [
        Option("The residual", False, "It is smallest along the cloud and largest across it."),
        Option("The variance kept", False, "It is largest along the cloud and smallest across it."),
        Option("Their sum", True, "Pythagoras, once per point: kept² + residual² = distance²."),
        Option("None of these", False, "Add the two bars: the total does not move."),
    ]
    return predict(question, options, explore_rotation(x))


def explore_rotation(x: Tensor) -> Explorer:
    """A line through the mean of x (N, 2), its residuals, and where the variance goes."""
    centred = x - x.mean(0)
    total = centred.square().sum(1).mean().item()
    best = pca.fit(x, 1).eigenvalues[0].item()
    reach = 1.15 * centred.norm(dim=1).max().item()

    def scene():
        fig, (left, right) = style.subplots(2, width_ratios=[1.25, 1])
        left.plot(*centred.T, **DATA.dots)
        left.set(xlim=(-reach, reach), ylim=(-0.8 * reach, 0.8 * reach), aspect="equal")
        left.set(xlabel="$x_1$", ylabel="$x_2$", title="The line, and what it misses")
        right.set(xlim=(-0.8, 1.6), ylim=(0, 1.3 * total), xticks=[], ylabel="variance")
        right.set_title("Kept + lost = Tr S")
        right.plot([-0.5, 0.5], [best, best], **TRUTH.line)
        right.text(
            0.6, best, "$\\lambda_1$: the most\na line keeps", color=TRUTH.color, va="center"
        )
        kept = right.bar([0], [0], width=0.8, color=KEPT)[0]
        lost = right.bar([0], [0], width=0.8, color=LOST, hatch="//", edgecolor="white")[0]
        return fig, {
            "line": left.plot([], [], **MODEL.line, zorder=1)[0],
            "misses": left.add_collection(LineCollection([], colors=LOST, linewidths=2.5)),
            "kept": kept,
            "lost": lost,
            "kept_label": right.text(0, 0, "", ha="center", va="center"),
            "lost_label": right.text(0, 0, "", ha="center", va="bottom"),
        }

    def update(angle: float) -> dict:
        direction = np.array([np.cos(radians(angle)), np.sin(radians(angle))])
        w = torch.from_numpy(direction)
        projected = (centred @ w)[:, None] * w
        kept = projected.square().sum(1).mean().item()
        lost = (centred - projected).square().sum(1).mean().item()
        return {
            "line": np.outer(3 * reach * direction, [-1, 1]),
            "misses": torch.stack([centred, projected], 1).numpy(),
            "kept": (-0.4, 0, 0.8, kept),
            "lost": (-0.4, kept, 0.8, lost),
            "kept_label": (0, kept / 2, f"kept\n{kept:.2f}"),
            "lost_label": (0, total * 1.02, f"lost {lost:.2f}"),
            "alt": f"A line at {angle:.0f} degrees through the cloud. The variance kept is "
            f"{kept:.2f} and the mean squared residual {lost:.2f}; their sum is always {total:.2f}. "
            f"The most a line can keep is {best:.2f}.",
        }

    slider = widgets.FloatSlider(value=100, min=0, max=180, step=1, description="angle (degrees)")
    return Explorer(scene, update, {"angle": slider}, [{"angle": a} for a in (0, 30, 75, 120)])


def explore_components(train: Tensor, test: Tensor) -> Explorer:
    """Digits rebuilt from H components, beside the error for every H. train, test: (N, 64)."""
    full = pca.fit(train, 64)
    floor = left_out_for_every_dim(full.eigenvalues)  # (65,), H = 0 to 64
    scores = full.encode(test)
    scatter = (test - full.mu).square().sum(1).mean()
    left = (scatter - scores.square().mean(0).cumsum(0)).clamp(min=0)  # at H = 64 it is rounding
    held_out = torch.cat([scatter[None], left])
    shown = test[:4]
    codes = full.encode(shown)

    def scene():
        fig, (left, right) = style.subplots(2, width_ratios=[1.2, 1])
        image = left.imshow(mosaic(shown, shown), cmap="gray_r", vmin=0, vmax=1)
        left.axis("off")
        left.text(0, -1.5, "test images, and below them")
        right.plot(np.arange(65), floor, **TRUTH.line)
        right.plot(np.arange(0, 65, 4), held_out[::4], **DATA.dots)
        right.text(24, 1.9, "train: $\\sum_{i>H}\\lambda_i$", color=TRUTH.color)
        right.text(24, 2.5, "● test images", color=DATA.color)
        right.set(xlim=(0, 65), ylim=(0, 5), xlabel="components kept, H")
        right.set(ylabel="squared error / image", title="Error = variance left out")
        return fig, {
            "images": image,
            "count": left.text(0, 20, "", fontsize=18),
            "marker": right.plot([], [], "s", color=MODEL.color, markersize=13)[0],
            "height": right.text(0, 0, "", color=MODEL.color),
        }

    def update(latent_dim: int) -> dict:
        rebuilt = codes[:, :latent_dim] @ full.W[:, :latent_dim].T + full.mu
        error, plural = floor[latent_dim].item(), "s" * (latent_dim != 1)
        return {
            "images": mosaic(shown, rebuilt),
            "count": f"rebuilt from {latent_dim} number{plural}",
            "marker": ([latent_dim], [error]),
            "height": (min(latent_dim + 2, 50), error + 0.15, f"{error:.2f}"),
            "alt": f"Four test digits and, below them, their reconstructions from {latent_dim} "
            f"component{plural}. The squared error per training image is {error:.3f}, the sum of the "
            f"eigenvalues left out; per test image it is {held_out[latent_dim]:.3f}.",
        }

    slider = widgets.IntSlider(value=8, min=1, max=64, description="components kept, H")
    strip = [{"latent_dim": h} for h in (2, 16, 40)]
    return Explorer(scene, update, {"latent_dim": slider}, strip)


def left_out_for_every_dim(eigenvalues: Tensor) -> Tensor:
    """The loss floor for H = 0, 1, ..., D: sums of the eigenvalues left out. (D + 1,)"""
    sums = eigenvalues.flip(0).cumsum(0).flip(0)
    return torch.cat([sums, sums.new_zeros(1)])


def explore_mixing(
    encoder: Tensor, decoder: Tensor, mean: Tensor, x: Tensor, labels: Tensor
) -> Explorer:
    """Shear and stretch the codes of a two-unit autoencoder; the decoder undoes it.

    encoder (2, D), decoder (D, 2), mean (D,): the trained autoencoder. x (N, D) images with
    their labels (N,), of which the digits 0, 3 and 4 are drawn.
    """
    # Start from codes with unit covariance: mixing by M is then all there is to see.
    raw = (x - mean) @ encoder.T
    whiten = torch.linalg.inv(torch.linalg.cholesky(raw.T.cov(correction=0)))
    A, B = whiten @ encoder, decoder @ torch.linalg.inv(whiten)
    groups = {digit: x[labels == digit][:20] for digit in (0, 3, 4)}
    shown = torch.stack([group[0] for group in groups.values()])

    def scene():
        fig, (left, right) = style.subplots(2, width_ratios=[1.1, 1])
        left.set(xlim=(-6, 6), ylim=(-5, 5), xlabel="$z_1$", ylabel="$z_2$", aspect="equal")
        left.set_title("The code moves")
        right.axis("off")
        right.set_title("The reconstruction does not")
        glyphs = {"color": DATA.color, "linestyle": "none", "markersize": 11}
        artists = {f"digit_{d}": left.plot([], [], marker=f"${d}$", **glyphs)[0] for d in groups}
        return fig, artists | {
            "images": right.imshow(mosaic(shown, shown), cmap="gray_r", vmin=0, vmax=1),
            "error": right.text(0, 21.5, ""),
        }

    def update(shear: float, stretch: float, turn: float) -> dict:
        c, s = np.cos(radians(turn)), np.sin(radians(turn))
        rotation = torch.tensor([[c, -s], [s, c]], dtype=A.dtype)
        mix = rotation @ torch.tensor([[stretch, shear], [0, 1]], dtype=A.dtype)
        encode, decode = mix @ A, B @ torch.linalg.inv(mix)
        rebuilt = (shown - mean) @ encode.T @ decode.T + mean
        error = ((x - mean) - (x - mean) @ encode.T @ decode.T).square().sum(1).mean().item()
        codes = {f"digit_{d}": tuple(((g - mean) @ encode.T).T) for d, g in groups.items()}
        return codes | {
            "images": mosaic(shown, rebuilt),
            "error": f"squared error per test image: {error:.6f}",
            "alt": f"Left, the codes of the digits 0, 3 and 4, sheared by {shear:.1f}, stretched by "
            f"{stretch:.1f} and turned by {turn:.0f} degrees. Right, three digits and their "
            f"reconstructions, which never change; the squared error per test image is {error:.6f}.",
        }

    controls = {
        "shear": widgets.FloatSlider(value=0.0, min=-1.5, max=1.5, description="shear"),
        "stretch": widgets.FloatSlider(value=1.0, min=0.5, max=2, description="stretch"),
        "turn": widgets.FloatSlider(value=0, min=0, max=360, step=5, description="turn (degrees)"),
    }
    strip = [
        {"shear": 0.0, "stretch": 1.0, "turn": 0.0},
        {"shear": 1.5, "stretch": 1.0, "turn": 0.0},
        {"shear": 0.0, "stretch": 2.0, "turn": 60.0},
    ]
    return Explorer(scene, update, controls, strip)


SPECTRUM = torch.tensor([8.0, 4.0, 2.0, 1.0, 0.5], dtype=torch.float64)


def predict_plateaus() -> Prediction:
    """Ask how the loss falls from a tiny start, then watch it."""
    question = (
        "An autoencoder with H = 3 starts from tiny random weights; S has eigenvalues "
        "8, 4, 2, 1, ½. Under gradient descent its loss …"
    )
    options = [
        Option(
            "falls smoothly", False, "It waits near saddles, where the gradient almost vanishes."
        ),
        Option(
            "falls in steps, at heights known beforehand",
            True,
            "It passes near the saddles that keep 0, 1, then 2 components: 15.5, 7.5 and 3.5.",
        ),
        Option(
            "sometimes stops for good above 1.5",
            False,
            "A saddle slows it; from a random start only 1.5 stops it, with probability 1.",
        ),
    ]
    return predict(question, options, explore_plateaus())


def explore_plateaus() -> Explorer:
    """Gradient descent on the linear autoencoder's loss, from starts of many sizes."""
    num_steps, exponents = 600, np.arange(-6, -0.9, 0.5)
    losses, learnt = _descend(torch.tensor(10.0**exponents), num_steps)
    saddles = left_out_for_every_dim(SPECTRUM)[:4].tolist()

    def scene():
        fig, (left, right) = style.subplots(2, width_ratios=[1.25, 1])
        for kept, height in enumerate(saddles):
            left.axhline(height, color=TRUTH.color, linewidth=2, linestyle=(0, (1, 1.5)))
            label = f"keeps {kept}: {height:g}"
            left.text(num_steps, height + 0.2, label, ha="right", va="bottom", color=TRUTH.color)
        left.set(xlim=(0, num_steps), ylim=(0, 17.5), xlabel="gradient step", ylabel="loss")
        left.set_title("Plateaus at the saddles")
        right.set(ylim=(0, 1.1), xlim=(0.4, 5.6), xticks=range(1, 6))
        right.set(xlabel="eigenvector $u_i$", ylabel="$u_i^\\top B A\\, u_i$")
        right.set_title("One at a time")
        bars = right.bar(range(1, 6), 0, width=0.7, color=KEPT)
        return fig, {f"learnt_{i}": bar for i, bar in enumerate(bars)} | {
            "loss": left.plot([], [], **MODEL.line | {"linestyle": "-"})[0],
            "now": left.plot([], [], "s", color=MODEL.color, markersize=12)[0],
        }

    def update(start: float, step: int) -> dict:
        run = int(np.abs(exponents - np.log10(start)).argmin())
        loss, share = losses[run, : step + 1], learnt[run, step]
        bars = {f"learnt_{i}": (i + 0.65, 0, 0.7, max(v, 0)) for i, v in enumerate(share.tolist())}
        return bars | {
            "loss": (np.arange(step + 1), loss),
            "now": ([step], [loss[-1]]),
            "alt": f"Weights start at size {start:.1g}. After {step} steps the loss is "
            f"{loss[-1]:.2f}; dotted lines mark the saddle heights 15.5, 7.5, 3.5 and the minimum "
            f"1.5. The five eigenvectors are learnt to {', '.join(f'{v:.2f}' for v in share)}.",
        }

    controls = {
        "start": widgets.FloatLogSlider(
            value=1e-4, min=-6, max=-1, step=0.5, description="size of the first weights"
        ),
        "step": widgets.IntSlider(value=130, min=0, max=num_steps, step=5, description="step"),
    }
    strip = [{"start": 1e-4, "step": s} for s in (100, 300, 600)]
    return Explorer(scene, update, controls, strip)


def _descend(starts: Tensor, num_steps: int) -> tuple[Tensor, Tensor]:
    """Losses (R, T) and u_i^T B A u_i (R, T, 5) of gradient descent with S = diag(SPECTRUM)."""
    generator = torch.Generator().manual_seed(2)
    S, identity = SPECTRUM.diag(), torch.eye(5, dtype=torch.float64)
    first = torch.randn(2, 3, 5, generator=generator, dtype=torch.float64)
    A = starts[:, None, None] * first[0]  # (R, 3, 5)
    B = starts[:, None, None] * first[1].T  # (R, 5, 3)
    losses, learnt = [], []
    for _ in range(num_steps + 1):
        miss = identity - B @ A
        losses.append((miss @ S @ miss.mT).diagonal(dim1=1, dim2=2).sum(1))
        learnt.append((B @ A).diagonal(dim1=1, dim2=2))
        grad_A, grad_B = -2 * B.mT @ miss @ S, -2 * miss @ S @ A.mT
        A, B = A - 0.01 * grad_A, B - 0.01 * grad_B
    return torch.stack(losses, 1), torch.stack(learnt, 1)


# Figures


def plot_training(loss: list[float], floor: float) -> Picture:
    """The training loss of the autoencoder above its floor."""
    fig, ax = style.subplots()
    ax.plot(loss, **MODEL.line | {"linestyle": "-"})
    ax.axhline(floor, **TRUTH.line)
    ax.text(
        len(loss),
        floor * 0.97,
        f"$\\sum_{{i>H}}\\lambda_i$ = {floor:.4f}",
        color=TRUTH.color,
        ha="right",
        va="top",
    )
    ax.set(xlabel="step", ylabel="squared error per image", xlim=(0, len(loss)))
    ax.set_ylim(bottom=0.85 * floor)
    ax.set_title("Training stops at the variance left out")
    return figure(
        fig,
        alt=f"The loss falls from {loss[0]:.2f} to {loss[-1]:.4f}, the sum of the eigenvalues left "
        f"out, {floor:.4f}, which it does not pass.",
    )


def plot_saddle(eigenvalues: Tensor) -> Picture:
    """The loss along two turns away from the critical point that keeps u_1 and u_3."""
    degrees = torch.linspace(-90, 90, 181, dtype=torch.float64)
    eye, turn = torch.eye(len(eigenvalues), dtype=torch.float64), degrees.deg2rad()

    def loss_when_turning(towards: int) -> Tensor:
        w = turn.cos()[:, None] * eye[2] + turn.sin()[:, None] * eye[towards]
        kept = eigenvalues[0] + (w.square() * eigenvalues).sum(1)
        return eigenvalues.sum() - kept

    fig, ax = style.subplots()
    down, up = loss_when_turning(1), loss_when_turning(3)
    height = saddle_height(eigenvalues, [0, 2])
    ax.plot(degrees, down, **MODEL.line | {"linestyle": "-"})
    ax.plot(degrees, up, **MODEL.line)
    ax.plot([0], [height], "s", color=TRUTH.color, markersize=13)
    ax.text(0, height + 0.35, "keeps $u_1$, $u_3$", color=TRUTH.color, ha="center")
    ax.text(88, up[-1], "towards $u_4$: up", color=MODEL.color, ha="right", va="bottom")
    ax.text(88, down[-1], "towards $u_2$: down", color=MODEL.color, ha="right", va="top")
    ax.set(xlabel="turn of $u_3$ (degrees)", ylabel="loss", xticks=range(-90, 91, 45))
    ax.set_ylim(down.min().item() - 0.9, up.max().item() + 0.9)
    ax.set_title("A saddle: down one way, up the other")
    return figure(
        fig,
        alt=f"The loss at the critical point keeping u1 and u3 is {height:.1f}. Turning u3 towards "
        f"u2 lowers it to {down.min():.1f}; turning it towards u4 raises it to {up.max():.1f}.",
    )


# Exercises


def reconstruct(x: Tensor, W: Tensor) -> Tensor:
    """Encode x (N, D) with orthonormal W (D, H), decode it, in the data's own place. (N, D)"""
    mean = x.mean(0)
    z = (x - mean) @ W
    return z @ W.T + mean


def left_out(eigenvalues: Tensor, latent_dim: int) -> Tensor:
    """The smallest possible loss with latent_dim components; eigenvalues (D,) descending."""
    return eigenvalues[latent_dim:].sum()


def saddle_height(eigenvalues: Tensor, kept: list[int]) -> Tensor:
    """The loss at the critical point whose plane is spanned by the eigenvectors in kept."""
    return eigenvalues.sum() - eigenvalues[kept].sum()


def _random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def _orthonormal(rows: int, columns: int, seed: int = 0) -> Tensor:
    return torch.linalg.qr(_random(rows, columns, seed=seed)).Q


Exercise(
    "01.1",
    reconstruct,
    cases=[
        (_random(7, 4) + 3, _orthonormal(4, 2)),
        (_random(5, 3, seed=1) - 1, _orthonormal(3, 1, seed=1)),
    ],
    mistakes=[
        Mistake(
            lambda x, W: x @ W @ W.T,
            "You project around the origin. The plane passes through the mean: subtract it before "
            "encoding and add it after decoding.",
        ),
        Mistake(
            lambda x, W: (x - x.mean(0)) @ W @ W.T,
            "You subtract the mean but never add it back: the reconstruction sits round the origin.",
        ),
        Mistake(
            lambda x, W: x @ W @ W.T + x.mean(0),
            "You add the mean without having subtracted it before encoding.",
        ),
        Mistake(
            lambda x, W: (x - x.mean(0)) @ W,
            "That is the code z, with H numbers a point. Decode it with Wᵀ and add the mean.",
        ),
        Mistake(
            lambda x, W: (x - x.mean()) @ W @ W.T + x.mean(),
            "<code>x.mean()</code> is one number for everything. Each dimension has its own mean: "
            "<code>x.mean(0)</code>.",
        ),
    ],
    nudge="Three moves: into the mean's frame, down to H numbers and up again, and back.",
    formula="$$\\hat x_n = W W^\\top (x_n - \\bar x) + \\bar x$$ With points as rows, "
    "$W W^\\top x_n$ becomes <code>x @ W @ W.T</code>.",
)

Exercise(
    "01.2",
    left_out,
    cases=[
        (torch.tensor([5.0, 3.0, 1.0, 0.5], dtype=torch.float64), 2),
        (torch.tensor([4.0, 2.5, 1.5], dtype=torch.float64), 1),
        (torch.tensor([4.0, 2.5, 1.5, 0.25], dtype=torch.float64), 3),
    ],
    mistakes=[
        Mistake(
            lambda eigenvalues, latent_dim: eigenvalues[:latent_dim].sum(),
            "That is the variance kept. The loss is what is left out.",
        ),
        Mistake(
            lambda eigenvalues, latent_dim: eigenvalues[latent_dim + 1 :].sum(),
            "One eigenvalue too few: Python counts from 0, so the first one left out, number H + 1, "
            "is <code>eigenvalues[latent_dim]</code>.",
        ),
        Mistake(
            lambda eigenvalues, latent_dim: eigenvalues[latent_dim:].mean(),
            "Sum, not mean: the squared error adds up over dimensions.",
        ),
        Mistake(
            lambda eigenvalues, latent_dim: eigenvalues[latent_dim:].sum() / eigenvalues.sum(),
            "That is the share of the variance left out; the loss is the variance itself.",
        ),
    ],
    nudge="Tr[S(I − WWᵀ)] with W the leading eigenvectors: which eigenvalues survive?",
    formula="$$L^* = \\sum_{i>H} \\lambda_i$$",
)


def _sines(A: Tensor, B: Tensor) -> Tensor:
    """Sines of the principal angles between the planes of A and B, the largest first."""
    Q_A, Q_B = torch.linalg.qr(A).Q, torch.linalg.qr(B).Q
    return torch.linalg.svdvals(Q_B - Q_A @ (Q_A.T @ Q_B))


Exercise(
    "01.3",
    pca.principal_angle,
    cases=[
        # Short columns: without orthonormal bases the "sines" are wrong, but still below 1.
        (0.2 * _random(6, 2), 0.2 * _random(6, 2, seed=1)),
        (0.2 * _random(7, 3, seed=2), 0.2 * _random(7, 3, seed=3)),
        # Almost the same plane: here the cosine is 1 up to rounding.
        (0.2 * _random(6, 2), 0.2 * _random(6, 2) + 1e-6 * _random(6, 2, seed=1)),
    ],
    mistakes=[
        Mistake(
            lambda A, B: (
                torch.linalg.svdvals(torch.linalg.qr(A).Q.T @ torch.linalg.qr(B).Q)
                .min()
                .acos()
                .rad2deg()
            ),
            "Right for wide angles. Near 0 the cosine is 1 up to rounding, and <code>acos</code> loses "
            "half the digits or returns NaN. Use the sine.",
            tolerance=1e-2,
        ),
        Mistake(
            lambda A, B: _sines(A, B).min().asin().rad2deg(),
            "That is the smallest angle. Two planes can share a line and still differ: take the "
            "largest singular value.",
        ),
        Mistake(
            lambda A, B: _sines(A, B).max().asin(),
            "Right, but in radians: convert with <code>.rad2deg()</code>.",
        ),
        Mistake(
            lambda A, B: _sines(A, B).max(),
            "That is the sine of the angle: take <code>.asin().rad2deg()</code>.",
        ),
        Mistake(
            lambda A, B: torch.linalg.svdvals(B - A @ (A.T @ B)).max().asin().rad2deg(),
            "The columns are not orthonormal, so A Aᵀ does not project. Make them so first: "
            "<code>torch.linalg.qr(A).Q</code>.",
        ),
    ],
    nudge="Take from Q_B its projection on the plane of A. What is left is what sticks out.",
    formula="$$\\sin\\theta_{\\max} = \\sigma_{\\max}\\big(Q_B - Q_AQ_A^\\top Q_B\\big)$$ with $Q_A$, $Q_B$ "
    "from <code>torch.linalg.qr</code>, then <code>.asin().rad2deg()</code>.",
)

Exercise(
    "01.4",
    saddle_height,
    cases=[
        (torch.tensor([8.0, 4.0, 2.0, 1.0, 0.5], dtype=torch.float64), [0, 2]),
        (torch.tensor([5.0, 3.0, 1.0], dtype=torch.float64), [1]),
        (torch.tensor([6.0, 4.0, 3.0, 1.0], dtype=torch.float64), [0, 2, 3]),
    ],
    mistakes=[
        Mistake(
            lambda eigenvalues, kept: eigenvalues[kept].sum(),
            "That is the variance kept at this point. The loss is the rest.",
        ),
        Mistake(
            lambda eigenvalues, kept: eigenvalues[len(kept) :].sum(),
            "That is the height of the minimum. This point keeps the eigenvectors in "
            "<code>kept</code>, which need not be the leading ones.",
        ),
        Mistake(
            lambda eigenvalues, kept: eigenvalues[max(kept) + 1 :].sum(),
            "You sum what comes after the last one kept, but gaps before it are left out too.",
        ),
    ],
    nudge="The same sum as at the minimum, over a different set.",
    formula="$$L = \\sum_{i \\notin \\text{kept}} \\lambda_i$$",
)
