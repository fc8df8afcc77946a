"""Lesson 06, amortised inference: its questions, explorers, figures and exercises."""

from collections.abc import Callable
from functools import lru_cache
from math import pi

import ipywidgets as widgets
import numpy as np
import torch
from matplotlib import colormaps
from torch import Tensor, nn
from torch.distributions import Normal, kl_divergence

from course_utils import data, deep, pca, training, vae, vem
from course_utils.kit import Exercise, Explorer, Mistake, Option, Poll, figure, predict, style
from course_utils.kit.figure import Picture, mosaic
from course_utils.kit.poll import Prediction
from course_utils.lessons.l05_variational_em import ring_points, ring_table

DATA, TRUTH, Q, MODEL, PRIOR = (
    style.ROLES[role] for role in ("data", "truth", "q", "model", "prior")
)
BOUND, AMORTISATION, APPROXIMATION = "#56B4E9", "#E69F00", "#F0E442"  # fills
BLANK: dict = {"xticks": [], "yticks": []}


# Questions


def recall(number: int) -> Poll:
    """The retrieval questions, 1 to 3."""
    return [
        Poll(
            "From lesson 04: q.sample() stands where q.rsample() is meant. The encoder of a VAE …",
            [
                Option("raises an error", False, "The code runs, and the loss may even fall."),
                Option(
                    "no longer hears from the decoder",
                    True,
                    "The sample is a constant: the gradient of log p(x | z) stops there.",
                ),
                Option("learns, only more slowly", False, "What is left knows nothing of x."),
            ],
        ),
        Poll(
            "From lesson 05: after a perfect E-step with a Gaussian q for each point, the gap is …",
            [
                Option("0", False, "Only where the posterior is a Gaussian of that family."),
                Option(
                    "KL(q* ‖ posterior), a property of the family and the model",
                    True,
                    "The best q* of a family that lacks the posterior stays below the evidence.",
                ),
                Option("the Monte Carlo error", False, "More samples do not close it."),
            ],
        ),
        Poll(
            "From lesson 02: at its maximum, with R = I, how long is the i-th column of PPCA's W?",
            [
                Option("√λᵢ", False, "Part of the variance λᵢ is noise."),
                Option("√(λᵢ − σ²)", True, "What the noise does not explain. Section 8 uses it."),
                Option("1", False, "That is PCA's; PPCA's columns have lengths."),
            ],
        ),
    ][number - 1]


def poll_new_point() -> Poll:
    """What a new data point costs."""
    return Poll(
        "Lesson 05's model is trained: θ, and one λₙ for each of N points. A new x arrives. Its q is …",
        [
            Option("the λₙ of the nearest point", False, "A guess; nobody has optimised it for x."),
            Option(
                "not there: it takes an optimisation of its own",
                True,
                "Hundreds of gradient steps for one new point. That is what we want to get rid of.",
            ),
            Option(
                "already in θ", False, "θ fixes the posterior; the best q still has to be found."
            ),
        ],
    )


def poll_collapse() -> Poll:
    """Whose fault posterior collapse is."""
    return Poll(
        "“In a linear VAE, σ² held fixed, posterior collapse is the ELBO's fault; exact maximum "
        "likelihood would avoid it.”",
        [
            Option(
                "true",
                False,
                "Exact maximum likelihood is known here: PPCA. At a given σ² it sets the same columns "
                "to zero, those with λᵢ ≤ σ².",
            ),
            Option(
                "false",
                True,
                "The ELBO is tight at its maximum, so both agree: a noise variance too large "
                "for the data makes the unit useless, whoever fits it.",
            ),
        ],
    )


# Explorer 1: the gaps round the ring

WIDTHS = (2, 8, 128)
DEGREES = np.arange(0, 361, 2)


@lru_cache(maxsize=1)
def ring_gaps() -> dict[int, vae.Gaps]:
    """For encoders of two layers of each width: the gaps at DEGREES, on the ring itself.

    The decoder is the true one, `deep.ring()`, and stays: only the encoders are trained. The
    best q are lesson 05's, and the same for every encoder.
    """
    x, model = data.ring(10_000).x.float(), deep.ring()
    evidence, best, *_ = (column[DEGREES] for column in ring_table())
    on_ring, truth = ring_points(torch.from_numpy(DEGREES)), deep.in_double(model)
    table = {}
    for width in WIDTHS:
        with torch.random.fork_rng():
            torch.manual_seed(0)
            encoder = vae.Encoder(2, 1, (width, width))
            vae.fit(x, encoder, model, 600, batch_size=200, progress=False)
        with torch.no_grad():
            elbo = vem.exact_elbo(on_ring, deep.in_double(encoder)(on_ring), truth)
        table[width] = vae.Gaps(evidence, elbo, evidence - best, best - elbo)
    return table


def predict_gaps() -> Prediction:
    """Ask which gap a wider encoder closes, then look."""
    question = (
        "The decoder stays as it is. We make the encoder's hidden layers wider. Which part of "
        "evidence = ELBO + amortisation gap + approximation gap can change?"
    )
    options = [
        Option("the evidence", False, "It contains no q: the top of the bar stays where it is."),
        Option(
            "the amortisation gap (and so the ELBO)",
            True,
            "A better regression comes closer to q*. What q* itself lacks is not the encoder's.",
        ),
        Option(
            "the approximation gap",
            False,
            "It belongs to the family of q, one Gaussian, not to the network that chooses in it.",
        ),
        Option("both gaps", False, "The approximation gap contains no encoder."),
    ]
    return predict(question, options, explore_gaps())


def explore_gaps() -> Explorer:
    """The bar evidence = ELBO + amortisation + approximation at a point of the ring."""
    table, low, high = ring_gaps(), -4.0, 0.0
    floor = 1e-3  # of the axis: the curves go below it
    hard = next(iter(table.values())).approximation  # of the family: the same for all widths

    def scene():
        fig, (left, right) = style.subplots(2, width_ratios=[1.5, 1])
        left.plot(DEGREES, hard.clamp(min=1e-9), **TRUTH.line)
        left.text(10, 500, "approximation gap", color=TRUTH.color)
        left.set(yscale="log", xlim=(0, 360), ylim=(floor, 2000), xticks=[0, 90, 180, 270, 360])
        left.set_yticks([1e-2, 1, 1e2])
        left.set(xlabel="angle of $x$ (degrees)", ylabel="gap in nats")
        left.set_title("Two gaps round the ring")
        right.set(xlim=(-0.6, 3.1), ylim=(low, high), xticks=[], ylabel="nats")
        right.set_title("The bar at this $x$")
        bar = {"width": 1, "edgecolor": "white"}
        return fig, {
            "gap": left.plot([], [], **Q.line | {"linewidth": 2.5})[0],
            "gap_label": left.text(10, 110, "", color=Q.color),
            "cursor": left.plot([], [], color=DATA.color, linewidth=1.5, zorder=1)[0],
            "elbo": right.bar([0], [0], color=BOUND, **bar)[0],
            "amortisation": right.bar([0], [0], color=AMORTISATION, hatch="//", **bar)[0],
            "approximation": right.bar([0], [0], color=APPROXIMATION, hatch="..", **bar)[0],
            "evidence": right.plot([], [], **TRUTH.line)[0],
            "top_label": right.text(0.6, high - 0.3, "", color=TRUTH.color, va="bottom"),
            "labels": right.text(0.6, -2.2, "", va="center", linespacing=1.6),
        }

    def update(width: int, angle: int) -> dict:
        gaps, at = table[width], angle // 2
        evidence, elbo, approximation, amortisation = (value[at].item() for value in gaps)
        best = evidence - approximation
        shown = {"elbo": (low, elbo), "amortisation": (elbo, best)}
        shown["approximation"] = (best, evidence)
        bars = {
            name: (-0.5, max(a, low), 1, max(b, low) - max(a, low))
            for name, (a, b) in shown.items()
        }
        return bars | {
            "gap": (DEGREES, gaps.amortisation.clamp(min=1e-9)),
            "gap_label": f"amortisation gap, width {width}",
            "cursor": ([angle, angle], [floor, 90]),
            "evidence": ([-0.5, 0.5], [evidence, evidence]),
            "top_label": f"evidence {evidence:.3f}",
            "labels": f".. approx. {approximation:.3f}\n// amort. {_short(amortisation)}\n"
            f"ELBO {_short(elbo)}" + ("\n(off the axis)" if elbo < low else ""),
            "alt": f"At {angle} degrees, with an encoder of width {width}: evidence {evidence:.3f} = "
            f"ELBO {elbo:.3f} + amortisation gap {amortisation:.3f} + approximation gap "
            f"{approximation:.3f} nats. Round the ring the amortisation gap lies between "
            f"{gaps.amortisation.min():.1g} and {gaps.amortisation.max():.1f}, its median is "
            f"{gaps.amortisation.median():.3f}; it is largest near the seam at 0 degrees.",
        }

    controls = {
        "width": widgets.SelectionSlider(
            options=[(str(w), w) for w in WIDTHS], value=8, description="width of the encoder"
        ),
        "angle": widgets.IntSlider(
            value=90, min=0, max=360, step=2, description="angle of x (degrees)"
        ),
    }
    strip = [{"width": w, "angle": a} for w, a in ((2, 90), (128, 90), (128, 350))]
    return Explorer(scene, update, controls, strip)


def _short(nats: float) -> str:
    """Three decimals, or one where there is no room for three."""
    return f"{nats:.3f}" if abs(nats) < 10 else f"{nats:.1f}"


# Explorer 2: the latent map


def explore_latent(encoder: vae.Encoder, decoder: deep.Decoder, x: Tensor, labels: Tensor):
    """Move z over the aggregate posterior, every image a numeral, and see the digit it decodes to."""
    with torch.no_grad():
        mean = encoder(x).mean
    colors = [colormaps["tab10"](d) for d in range(10)]

    def scene():
        fig, (left, right) = style.subplots(2, width_ratios=[1.5, 1])
        for d in range(10):
            dots = {"color": colors[d], "markersize": 8, "linestyle": "none", "alpha": 0.8}
            left.plot(*mean[labels == d].T, marker=f"${d}$", **dots)
        turn = np.linspace(0, 2 * pi, 100)
        left.plot(2 * np.cos(turn), 2 * np.sin(turn), **PRIOR.line)
        left.set(xlim=(-3.6, 3.6), ylim=(-3.6, 3.6), xlabel="$z_1$", ylabel="$z_2$")
        left.set_aspect("equal")
        left.set_title("Where the digits live")
        right.set(**BLANK, title="What z decodes to")
        right.spines[["left", "bottom"]].set_visible(False)
        image = right.imshow(np.zeros((8, 8)), cmap="gray_r", vmin=0, vmax=1)
        return fig, {
            "cross": left.plot([], [], "+", color="k", markersize=26, markeredgewidth=4)[0],
            "image": image,
        }

    def update(z_1: float, z_2: float) -> dict:
        z = torch.tensor([z_1, z_2])
        with torch.no_grad():
            pixels = decoder(z).mean
        near = labels[(mean - z).square().sum(1).topk(15, largest=False).indices].mode().values
        return {
            "cross": ([z_1], [z_2]),
            "image": pixels.reshape(8, 8).numpy(),
            "alt": f"At z = ({z_1:.1f}, {z_2:.1f}), {z.norm():.1f} from the origin, the decoded image "
            f"has a mean ink of {pixels.mean():.2f}; most of the 15 nearest training images are "
            f"of the digit {near}. The dotted circle has radius 2.",
        }

    controls = {
        name: widgets.FloatSlider(value=v, min=-3, max=3, step=0.1, description=label)
        for name, v, label in (("z_1", 0.0, "z₁"), ("z_2", 0.0, "z₂"))
    }
    strip = [{"z_1": a, "z_2": b} for a, b in ((-2.0, 0.0), (0.0, 0.0), (2.0, 0.0))]
    return Explorer(scene, update, controls, strip)


# Explorer 3: collapse as a threshold


def explore_collapse() -> Explorer:
    """beta sigma^2 as a water line over the digits' eigenvalues; what is above it survives."""
    digits = data.digits()
    mean, eigenvalues, eigenvectors = pca.spectrum(digits.train)
    most = 16
    level, axes = eigenvalues[:most], eigenvectors[:, :most]
    shown = digits.test[[0, 1, 2, 4]]
    score, place = (shown - mean) @ axes, np.arange(1, most + 1)

    def scene():
        fig, (left, right) = style.subplots(2, width_ratios=[1.5, 1])
        left.bar(place, level.numpy(), color="#cccccc")
        left.set(xlim=(0.3, most + 0.7), ylim=(0, 0.75), xticks=[1, 4, 8, 12, 16])
        left.set(xlabel="unit $i$", ylabel="eigenvalue $\\lambda_i$", title="Units above the line")
        bars = {
            f"unit_{i}": left.bar([0], [0], color=MODEL.color, hatch="//", edgecolor="white")[0]
            for i in range(most)
        }
        right.set(**BLANK, title="Image, decoded")
        right.spines[["left", "bottom"]].set_visible(False)
        white = np.zeros((4, 64))
        return fig, bars | {
            "line": left.plot([], [], color="k", linewidth=3)[0],
            "label": left.text(most + 0.5, 0.6, "", ha="right"),
            "images": right.imshow(_pairs(white, white), cmap="gray_r", vmin=0, vmax=1),
        }

    def update(sigma2: float, beta: float) -> dict:
        noise = beta * sigma2
        squared = (level - noise).clamp(min=0)
        kept = score * squared / level  # the share 1 - noise / level of every score, or nothing
        decoded, active = mean + kept @ axes.T, int((level > noise).sum())
        lengths = {
            f"unit_{i}": (i + 0.6, noise if s else 0, 0.8, s)
            for i, s in enumerate(squared.tolist())
        }
        height = min(noise, 0.74)
        beyond = " (above the axis)" if noise > 0.74 else ""
        return lengths | {
            "line": ([0, most + 1], [height, height]),
            "label": f"βσ² = {noise:.3g}{beyond}\n{active} of {most} units active",
            "images": _pairs(shown, decoded),
            "alt": f"Sixteen eigenvalues of the digits, from {level[0]:.2f} down to {level[-1]:.2f}, and a "
            f"line at beta sigma^2 = {noise:.3g}: {active} of {most} units lie above it, and their squared "
            f"lengths are {squared.sum() / level.sum():.0%} of the sum. Beside them four digits, each "
            "with its reconstruction from the posterior mean.",
        }

    controls = {
        "sigma2": widgets.FloatLogSlider(
            value=0.1, min=-2, max=1.5, step=0.05, description="noise variance σ²"
        ),
        "beta": widgets.FloatSlider(
            value=1, min=0.25, max=4, step=0.25, description="weight β of the KL"
        ),
    }
    strip = [{"sigma2": s, "beta": 1.0} for s in (0.1, 0.5, 1.0)]
    return Explorer(scene, update, controls, strip)


def _pairs(left, right) -> np.ndarray:
    """Images beside their partners, a row each."""
    return mosaic(
        *(np.stack([np.asarray(a), np.asarray(b)]) for a, b in zip(left, right, strict=True))
    )


# What the notebook trains out of sight


def linear_elbo(x: Tensor, encoder: vae.Encoder, decoder: deep.Decoder, beta: float = 1) -> Tensor:
    """The ELBO (N,) of a VAE with a linear decoder, without sampling.

    E||x - W z - mu||^2 is the error at the mean plus the spread, sum_h Var(z_h) ||w_h||^2.
    """
    q, sigma2, (W, _) = encoder(x), decoder.log_sigma2.exp(), decoder.network.parameters()
    miss = (x - decoder(q.mean).mean).square().sum(1) + q.variance @ W.square().sum(0)
    log_noise = x.shape[1] / 2 * (2 * pi * sigma2).log()
    return -miss / (2 * sigma2) - log_noise - beta * kl_divergence(q, decoder.prior)


def same_moments(x: Tensor) -> Tensor:
    """2 D points with the mean and covariance of x (N, D), and so with the same best linear VAE."""
    mean, eigenvalues, eigenvectors = pca.spectrum(x)
    reach = (x.shape[1] * eigenvalues.clamp(min=0)).sqrt() * eigenvectors  # a column a direction
    return torch.cat([mean + reach.T, mean - reach.T])


def fit_linear(
    x: Tensor, encoder: vae.Encoder, decoder: deep.Decoder, beta: float = 1, num_steps: int = 250
) -> None:
    """Raise the mean of `linear_elbo`, in place, by L-BFGS: no noise, so a second-order method."""
    parameters = [*encoder.parameters(), *(p for p in decoder.parameters() if p.requires_grad)]
    descent = torch.optim.LBFGS(
        parameters,
        max_iter=num_steps,
        history_size=50,
        tolerance_change=1e-14,
        line_search_fn="strong_wolfe",
    )

    def loss() -> Tensor:
        descent.zero_grad()
        value = -linear_elbo(x, encoder, decoder, beta).mean()
        value.backward()
        return value

    descent.step(loss)  # type: ignore[arg-type]


def kl_of_units(x: Tensor, encoder: vae.Encoder) -> Tensor:
    """The mean KL of every latent's q to its prior, in nats (H,): 0 for a collapsed unit."""
    with torch.no_grad():
        q = encoder(x)
        return kl_divergence(Normal(q.mean, q.stddev), Normal(0.0, 1.0)).mean(0)


def fit_autoencoder(
    x: Tensor, encoder: nn.Module, decoder: deep.Decoder, num_steps: int, noise: float = 0.0
) -> training.History:
    """A plain autoencoder: decode the code of x (plus noise, to denoise) back to x."""

    def loss(x: Tensor) -> Tensor:
        return -decoder(encoder(x + noise * torch.randn_like(x))).log_prob(x).mean()

    both = nn.ModuleList([encoder, decoder])
    settings = {"num_steps": num_steps, "batch_size": 200, "lr": 3e-3, "decay": True}
    return training.fit(both, loss, x, **settings, progress=False)  # type: ignore[arg-type]


# Figures


def plot_arc(model: deep.Decoder, x: Tensor) -> Picture:
    """Samples of the model coloured by their z, and the learned density beside the true one."""
    with torch.no_grad():
        z = model.prior.sample(torch.Size([2000]))
        samples = model(z).sample()
    fig, (left, right) = style.subplots(2)
    left.plot(*x[:1000].T, ".", color="#aaaaaa", markersize=4, zorder=0)
    dots = left.scatter(*samples.T, c=z[:, 0], s=9, cmap="viridis", vmin=-3, vmax=3)
    fig.colorbar(dots, ax=left, label="$z$", shrink=0.8)
    axis = torch.linspace(-1.5, 1.5, 70)
    points = torch.cartesian_prod(axis, axis)
    nodes = deep.grid(1, 0.03)
    density = [deep.log_evidence(points, m, nodes).exp() for m in (model, deep.arc())]
    images = [d.reshape(70, 70).T.sqrt() for d in density]
    view = {"origin": "lower", "cmap": "cividis", "vmin": 0, "vmax": images[1].max()}
    right.imshow(torch.cat(images, 1).numpy(), extent=(-1.5, 4.5, -1.5, 1.5), **view)
    right.axvline(1.5, color="white", linewidth=3)
    right.set(xticks=[0, 3], yticks=[], title="Density (its root)")
    right.set_xticklabels(["learned", "true"])
    left.set(aspect="equal", xlim=(-1.5, 1.5), ylim=(-1.5, 1.5), xticks=[-1, 0, 1])
    left.set(yticks=[-1, 0, 1], title="Samples, by their z")
    area = (axis[1] - axis[0]).item() ** 2
    distance = (density[0] - density[1]).abs().sum().item() * area / 2
    return figure(
        fig,
        alt="2000 samples of the VAE lie on the arc of the data, and z runs along it from -3 to 3. "
        "Beside it the learned and the true density as images; their total variation distance, "
        f"half the integral of |difference|, is {distance:.3f}.",
    )


# Of the digits' VAE whose every q begins as the prior, without and with annealing, for the seeds 1
# to 5: test ELBO, and the mean KL of the weaker latent. From tests/seeds/lesson_06.py, as below.
COLLAPSE = (
    ((4.70, 0.20), (10.56, 1.96)),
    ((12.55, 2.11), (14.45, 2.63)),
    ((16.64, 2.81), (16.60, 2.81)),
    ((13.76, 2.62), (16.90, 2.62)),
    ((13.76, 2.60), (15.93, 2.64)),
)


# The textbook's VAE of the arc: two layers of 20 ReLUs, the noise 0.1 given, Adam at 3e-4. Test
# ELBO and evidence after these epochs of minibatches of 1000, for the seeds 1 to 5, as measured by
# tests/seeds/lesson_06.py, which compares them with a new run.
TEXTBOOK_EPOCHS = (50, 100, 200, 300, 400, 500)
TEXTBOOK = (
    (
        (-4.365, -2.375),
        (-2.246, -1.051),
        (-1.344, -0.734),
        (-1.103, -0.652),
        (-0.966, -0.613),
        (-0.865, -0.596),
    ),
    (
        (-3.667, -2.341),
        (-2.078, -1.064),
        (-1.380, -0.748),
        (-1.125, -0.676),
        (-0.923, -0.623),
        (-0.816, -0.594),
    ),
    (
        (-2.830, -1.652),
        (-1.495, -0.785),
        (-1.023, -0.640),
        (-0.818, -0.596),
        (-0.730, -0.577),
        (-0.692, -0.566),
    ),
    (
        (-3.689, -2.665),
        (-1.820, -1.183),
        (-1.178, -0.758),
        (-0.922, -0.631),
        (-0.805, -0.588),
        (-0.741, -0.569),
    ),
    (
        (-6.952, -5.398),
        (-2.097, -0.921),
        (-1.256, -0.697),
        (-0.958, -0.620),
        (-0.823, -0.579),
        (-0.751, -0.568),
    ),
)


def plot_textbook(loss: list[float], num_epochs: int, limit: float) -> Picture:
    """TEXTBOOK, its median and range, beside the minibatch bounds of our run, -loss."""
    runs = torch.tensor(TEXTBOOK)  # (seeds, epochs, 2)
    low, middle, high = runs.quantile(torch.tensor([0.0, 0.5, 1.0]), 0)
    ours = -torch.tensor(loss).unflatten(0, (-1, len(loss) // num_epochs)).mean(1)  # an epoch each
    fig, ax = style.subplots()
    ax.axhline(limit, **TRUTH.line)
    label = {"ha": "right", "transform": ax.get_yaxis_transform()}
    ax.text(1, limit + 0.05, "entropy limit", color=TRUTH.color, **label)
    for k, role in enumerate((Q, MODEL)):
        ax.fill_between(TEXTBOOK_EPOCHS, low[:, k], high[:, k], color=role.color, alpha=0.25)
        ax.plot(TEXTBOOK_EPOCHS, middle[:, k], **role.line, marker="D")
    ax.plot(range(1, num_epochs + 1), ours, color=Q.color, linewidth=2)
    ax.text(505, -1.60, "textbook: evidence (dash-dotted)", color=MODEL.color, ha="right")
    ax.text(505, -1.85, "textbook: ELBO (dashed)", color=Q.color, ha="right")
    ax.text(505, -2.10, "bands: five seeds", color=DATA.color, ha="right")
    ax.text(20, -1.0, "ours: ELBO", color=Q.color)
    ax.set(xlim=(0, 510), ylim=(-2.5, -0.35), xlabel="epochs", ylabel="nats per test point")
    ax.set_title("The textbook's gap, not its model")
    elbo, evidence = middle[-1].tolist()
    return figure(
        fig,
        alt=f"After 500 epochs the textbook's median over five seeds is ELBO {elbo:.3f} and evidence "
        f"{evidence:.3f}; the ELBOs lie between {low[-1, 0]:.3f} and {high[-1, 0]:.3f}. Ours, on its "
        f"minibatches, is at {ours[-1]:.3f} after {num_epochs}. The entropy limit is {limit:.3f}.",
    )


def plot_seam(x: Tensor, gap: Tensor) -> Picture:
    """The whole gap, evidence minus ELBO, of every point against its angle."""
    angle = torch.atan2(x[:, 1], x[:, 0]).rad2deg()
    worst = gap.topk(10)
    share = worst.values.sum() / gap.sum()
    fig, ax = style.subplots()
    ax.plot(angle, gap.clamp(min=1e-5), ".", color="#8a8a8a", markersize=4)
    ax.plot(angle[worst.indices], worst.values, "D", color=Q.color, markersize=9)
    ax.text(0, 40, f"the ten largest: {share:.0%} of the sum", color=Q.color, ha="center")
    ax.axhline(gap.mean(), **Q.line | {"linewidth": 2})
    ax.text(0, 6, f"mean {gap.mean():.4f}, dashed", color=Q.color, ha="center")
    ax.axhline(gap.median(), **TRUTH.line | {"linewidth": 2})
    ax.text(0, 0.9, f"median {gap.median():.4f}, solid", color=TRUTH.color, ha="center")
    ax.set(yscale="log", xlim=(-182, 182), ylim=(1e-5, 400), xticks=[-180, -90, 0, 90, 180])
    ax.set(xlabel="angle of $x$ (degrees)", ylabel="gap in nats")
    ax.set_title("A handful of points at the seam carries the gap")
    return figure(
        fig,
        alt=f"The gap of {len(x)} test points against their angle: median {gap.median():.4f}, mean "
        f"{gap.mean():.4f} nats. The ten largest, up to {worst.values[0]:.1f} nats, lie at angles of at "
        f"least {angle[worst.indices].abs().min():.0f} degrees, at the seam, and make {share:.0%} of "
        "the sum.",
    )


def plot_images(rows: dict[str, Tensor], title: str, alt: str) -> Picture:
    """Rows of images under one another, each with its name: {name: (n, 64)}."""
    fig, ax = style.subplots(height=0.65 + 0.75 * len(rows))
    ax.imshow(mosaic(*(row.detach() for row in rows.values())), cmap="gray_r", vmin=0, vmax=1)
    ax.set(xticks=[], yticks=[3.5 + 10 * k for k in range(len(rows))], title=title)
    ax.set_yticklabels(list(rows))
    ax.tick_params(length=0)
    ax.spines[["left", "bottom"]].set_visible(False)
    return figure(fig, alt=alt)


def plot_traversal(decoder: deep.Decoder) -> Picture:
    """The decoded mean on a grid of z, at equal steps of prior probability, and samples of z."""
    side = 10
    quantile = Normal(0.0, 1.0).icdf((torch.arange(side) + 0.5) / side)
    z = torch.stack(torch.meshgrid(quantile, quantile.flip(0), indexing="xy"), -1)
    with torch.no_grad():
        grid, drawn = decoder(z).mean, decoder(decoder.prior.sample(torch.Size([side, side]))).mean
    fig, panels = style.subplots(2)
    titles = ("z on a grid", "z from the prior")
    for ax, images, title in zip(panels, (grid, drawn), titles, strict=True):
        ax.imshow(mosaic(*images), cmap="gray_r", vmin=0, vmax=1)
        ax.set(**BLANK, title=title)
        ax.spines[["left", "bottom"]].set_visible(False)
    return figure(
        fig,
        alt="Left, 100 decoded images on a grid of the 5, 15, …, 95 % points of both latents: one digit "
        "turns into another. Right, 100 from random z: most are digits, some are between two. Mean "
        f"ink {grid.mean():.2f} and {drawn.mean():.2f}.",
    )


# Exercises


def encoder_head(output: Tensor, latent_dim: int) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation, (N, H) each, from outputs (N, 2 H): means, then log variances."""
    mean, log_variance = output[:, :latent_dim], output[:, latent_dim:]
    return mean, (log_variance / 2).exp()


def elbo(x: Tensor, mean: Tensor, scale: Tensor, decode: Callable, sigma2: Tensor) -> Tensor:
    """One-sample ELBO (N,) for x (N, D) with q = N(mean, scale^2), both (N, H); sigma2 ()."""
    q = Normal(mean, scale)
    z = q.rsample()
    fit = Normal(decode(z), sigma2**0.5).log_prob(x).sum(1)
    kl = kl_divergence(q, Normal(torch.zeros_like(mean), 1.0)).sum(1)
    return fit - kl


def squared_lengths(eigenvalues: Tensor, beta: float, sigma2: float) -> Tensor:
    """The squared lengths (D,) of the best linear VAE's columns, for noise sigma2 and KL weight beta."""
    return (eigenvalues - beta * sigma2).clamp(min=0)


def split_gap(evidence: Tensor, best: Tensor, bound: Tensor) -> tuple[Tensor, Tensor]:
    """Amortisation and approximation gap (N,), from log p(x), ELBO(q*) and ELBO(encoder)."""
    return best - bound, evidence - best


def _random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


Exercise(
    "06.1",
    encoder_head,
    cases=[(_random(5, 4), 2), (_random(4, 2, seed=1), 1), (_random(3, 6, seed=2), 3)],
    mistakes=[
        Mistake(
            lambda output, latent_dim: (output[:, :latent_dim], output[:, latent_dim:].exp()),
            "exp of a log variance is the variance. The standard deviation is its root: halve first.",
        ),
        Mistake(
            lambda output, latent_dim: (output[:, :latent_dim], output[:, latent_dim:]),
            "The second half holds log variances, which may be negative: a scale needs exp.",
        ),
        Mistake(
            lambda output, latent_dim: (
                output[:, :latent_dim],
                nn.functional.softplus(output[:, latent_dim:]),
            ),
            "Softplus would do for another code. These outputs are log variances: exp(½ ·).",
        ),
        Mistake(
            lambda output, latent_dim: (
                output[:, latent_dim:],
                (output[:, :latent_dim] / 2).exp(),
            ),
            "You took the halves in the wrong order: the means come first.",
        ),
        Mistake(
            lambda output, latent_dim: (output[:, ::2], (output[:, 1::2] / 2).exp()),
            "You alternated. The means are the first H columns, the log variances the last H.",
        ),
        Mistake(
            lambda output, latent_dim: (
                output[:, :latent_dim],
                (-output[:, latent_dim:] / 2).exp(),
            ),
            "The sign: that is one over the standard deviation, as for log precisions.",
        ),
    ],
    nudge="The network's second half is log σ². What is σ?",
    formula="$$\\sigma_n = \\exp\\big(\\tfrac12\\log\\sigma_n^2\\big)$$",
)

Exercise(
    "06.3",
    split_gap,
    cases=[
        (_random(5), _random(5) - 0.3, _random(5) - 1 - _random(5, seed=1).abs()),
        (_random(4, seed=2) + 1, _random(4, seed=2) + 0.75, _random(4, seed=2) - 0.5),
        (_random(3), _random(3) - 0.5, _random(3) - 0.4),  # the search for q* has missed
        (_random(3), _random(3) + 0.1, _random(3) - 0.4),  # so has the quadrature of log p(x)
    ],
    mistakes=[
        Mistake(
            lambda evidence, best, bound: (bound - best, best - evidence),
            "The signs are reversed: both gaps are what is lost, so neither should be negative.",
        ),
        Mistake(
            lambda evidence, best, bound: ((best - bound).abs(), (evidence - best).abs()),
            "Leave the sign: a negative gap would tell you that the search for q* has missed.",
        ),
        Mistake(
            lambda evidence, best, bound: (
                (best - bound).clamp(min=0),
                (evidence - best).clamp(min=0),
            ),
            "You cut negative gaps off. They say that a search or a quadrature has missed: show them.",
        ),
        Mistake(
            lambda evidence, best, bound: (evidence - best, best - bound),
            "You swapped them. Amortisation: what the encoder lacks against q*.",
        ),
        Mistake(
            lambda evidence, best, bound: (evidence - bound, evidence - best),
            "The first is the whole gap. The encoder answers only for the part below ELBO(q*).",
        ),
        Mistake(
            lambda evidence, best, bound: (bound - best, evidence - best),
            "The amortisation gap has the wrong sign: q* is the best, so ELBO(q*) stands first.",
        ),
        Mistake(
            lambda evidence, best, bound: ((best - bound).mean(), (evidence - best).mean()),
            "One value per data point, please: the mean hides who pays.",
        ),
    ],
    nudge="From the bottom: ELBO(encoder), then ELBO(q*), then the evidence. Two steps up.",
    formula="$$\\log p(x) = \\mathcal L(q_\\phi) + \\underbrace{[\\mathcal L(q^*) - "
    "\\mathcal L(q_\\phi)]}_{\\text{amortisation}} + \\underbrace{[\\log p(x) - "
    "\\mathcal L(q^*)]}_{\\text{approximation}}$$",
)

Exercise(
    "06.4",
    squared_lengths,
    cases=[
        (torch.tensor([2.0, 1.2, 0.7, 0.45, 0.3, 0.2, 0.06]).double(), 2.0, 0.2),
        (torch.tensor([3.0, 1.0, 0.64, 0.5, 0.36, 0.3, 0.1]).double(), 0.5, 0.9),
        (torch.tensor([0.5, 0.1]).double(), 1.0, 32.0),
    ],
    mistakes=[
        Mistake(
            lambda eigenvalues, beta, sigma2: (eigenvalues - sigma2).clamp(min=0),
            "Where is β? The threshold is βσ².",
        ),
        Mistake(
            lambda eigenvalues, beta, sigma2: (eigenvalues - sigma2 / beta).clamp(min=0),
            "A heavier KL drowns more units, not fewer: multiply by β.",
        ),
        Mistake(
            lambda eigenvalues, beta, sigma2: eigenvalues - beta * sigma2,
            "A square cannot be negative. Below the threshold the best length is 0.",
        ),
        Mistake(
            lambda eigenvalues, beta, sigma2: (eigenvalues - beta * sigma2).clamp(min=0).sqrt(),
            "These are the lengths; the exercise asks for their squares.",
        ),
        Mistake(
            lambda eigenvalues, beta, sigma2: (eigenvalues.sqrt() - beta * sigma2).clamp(min=0),
            "You subtracted a variance from the singular values, √λ: take the eigenvalues.",
        ),
        Mistake(
            lambda eigenvalues, beta, sigma2: (eigenvalues - beta * sigma2**0.5).clamp(min=0),
            "You subtracted a standard deviation. <code>sigma2</code> is the variance already.",
        ),
        Mistake(
            lambda eigenvalues, beta, sigma2: eigenvalues * (eigenvalues > beta * sigma2),
            "The right units, but with all their variance: βσ² of it is noise.",
        ),
    ],
    nudge="How much of the variance λᵢ is left for the signal when the noise has taken its part?",
    formula="$$w_i^2 = \\max(\\lambda_i - \\beta\\sigma^2,\\ 0)$$",
)


def _elbo_variant(
    across: str = "sum",
    kl: float = 1.0,
    root: bool = True,
    of_q: float = 1.0,
    moving: bool = True,
    divergence: str = "closed",
) -> Callable:
    """`elbo` with one thing done differently."""

    def answer(x: Tensor, mean: Tensor, scale: Tensor, decode: Callable, sigma2: Tensor) -> Tensor:
        q = Normal(mean, scale**of_q)
        z = q.rsample() if moving else q.sample()
        terms = Normal(decode(z), sigma2**0.5 if root else sigma2).log_prob(x)
        fit = terms.sum(1) if across == "sum" else terms.mean(1)
        prior = Normal(torch.zeros_like(mean), 1.0)
        price = {
            "closed": kl_divergence(q, prior),
            "sampled": q.log_prob(z) - prior.log_prob(z),
            "reversed": kl_divergence(prior, q),
        }[divergence]
        return fit - kl * (price.mean(1) if across == "both" else price.sum(1))

    return answer


def _decode(z: Tensor) -> Tensor:
    """A little nonlinear decoder, H latents -> 3."""
    return torch.stack([z.sum(1).sin(), z[:, 0].cos(), z.square().mean(1)], 1)


Exercise(
    "06.2",
    elbo,
    gradients=("mean", "scale", "sigma2"),
    cases=[
        # In float32, as in the notebook, so that torch.randn(mean.shape) draws what rsample draws.
        (
            *(part.float() for part in (_random(n, 3), _random(n, h, seed=n), _random(n, h).exp())),
            _decode,
            torch.tensor(sigma2),
        )
        for n, h, sigma2 in ((6, 2, 0.3), (5, 3, 2.0))
    ],
    mistakes=[
        Mistake(
            _elbo_variant(moving=False),
            "The value is right, the gradient is not: <code>sample()</code> cuts z off from the "
            "encoder. Use <code>rsample()</code>.",
        ),
        Mistake(
            _elbo_variant(across="mean"),
            "You averaged log p(x | z) over the pixels but summed the KL: that multiplies σ² by D.",
        ),
        Mistake(
            _elbo_variant(across="both"),
            "You took means over dimensions. A log density of independent parts is their sum.",
        ),
        Mistake(
            lambda x, mean, scale, decode, s: elbo(x, mean, scale, decode, s.detach()),
            "The value is right, the gradient in <code>sigma2</code> is lost: <code>math.sqrt</code>, "
            "<code>float</code> and <code>item</code> make it a constant. Use <code>sigma2 ** 0.5</code>.",
        ),
        Mistake(
            _elbo_variant(divergence="reversed"),
            "The KL is the wrong way round: the expectation is under q, so q stands first.",
        ),
        Mistake(
            _elbo_variant(divergence="sampled"),
            "Unbiased, but you sampled the KL. In closed form, by <code>kl_divergence</code>, it has "
            "no noise.",
        ),
        Mistake(_elbo_variant(kl=-1.0), "The KL is subtracted: straying from the prior costs."),
        Mistake(_elbo_variant(kl=0.0), "The KL is missing: that is a noisy autoencoder."),
        Mistake(
            _elbo_variant(root=False),
            "<code>sigma2</code> is a variance, and <code>Normal</code> wants a standard deviation.",
        ),
        Mistake(
            _elbo_variant(of_q=0.5),
            "<code>scale</code> is a standard deviation already: no root of it.",
        ),
        Mistake(
            _elbo_variant(of_q=2.0),
            "You squared <code>scale</code>. <code>Normal</code> wants the standard deviation.",
        ),
        Mistake(
            lambda *case: elbo(*case).mean(),
            "One ELBO per data point; the mean over the minibatch is taken later, in sight.",
        ),
        Mistake(
            lambda *case: -elbo(*case),
            "That is the loss. The exercise wants the bound itself, without the minus.",
        ),
    ],
    nudge="Draw z so that gradients pass; log p(x | z) summed over D; the KL of two Normals, over H.",
    tolerance=1e-5,
    formula="$$\\log\\mathcal N(x\\mid g(z),\\sigma^2 I) - \\mathrm{KL}\\big(\\mathcal N(\\mu_n, "
    "\\sigma_n^2)\\,\\|\\,\\mathcal N(0, 1)\\big), \\qquad z = \\mu_n + \\sigma_n\\varepsilon$$ "
    "<code>torch.distributions.kl_divergence</code> knows the KL.",
)
