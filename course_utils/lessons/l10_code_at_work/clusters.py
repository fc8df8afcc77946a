"""8, clusters in the code: adjusted Rand index of several codes, and of a mixture prior."""

import torch
from scipy.optimize import linear_sum_assignment
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from sklearn.mixture import GaussianMixture
from torch import Tensor

from course_utils import data, deep, ladder, pca, priors, vae
from course_utils.gaussian import Gaussian
from course_utils.kit import Option, Poll, figure, style
from course_utils.kit.figure import Picture

MODEL, Q = style.ROLES["model"], style.ROLES["q"]

# Adjusted Rand index with the training labels, seeds 1 to 5, ten starts each: (k-means, Gaussians
# with full covariances). Measured by tests/seeds/lesson_10.py.
AGREEMENT = {
    "64 pixels": ((0.654, 0.641, 0.652, 0.656, 0.643), (0.706, 0.699, 0.7, 0.685, 0.676)),
    "20 PCA scores": ((0.65, 0.647, 0.652, 0.648, 0.648), (0.729, 0.736, 0.729, 0.727, 0.726)),
    "2 PCA scores": ((0.386, 0.385, 0.382, 0.381, 0.385), (0.369, 0.366, 0.363, 0.363, 0.361)),
    "2 latents, VAE": ((0.623, 0.49, 0.534, 0.577, 0.52), (0.663, 0.602, 0.525, 0.542, 0.596)),
}
# Of VAEs with two latents, the same seeds: test evidence, and the index of their clusters.
PRIORS = {
    "N(0, I), Gaussians fitted afterwards": (
        (20.064, 19.907, 18.327, 19.272, 19.604),
        AGREEMENT["2 latents, VAE"][1],
    ),
    "ten Gaussians learned with it": (
        (20.287, 20.222, 19.77, 20.464, 18.383),
        (0.402, 0.473, 0.498, 0.503, 0.477),
    ),
}


def poll_dims() -> Poll:
    """Which code of two numbers separates digits better."""
    return Poll(
        "Two numbers a digit: the first two PCA scores, or the mean codes of a VAE with two latents. "
        "Ten clusters in each by k-means, compared with the labels. Which agree better?",
        [
            Option(
                "the VAE's",
                True,
                "A bent decoder puts more of the image into two numbers. Nobody showed it a label.",
            ),
            Option(
                "PCA's: its scores are exact", False, "Exact, but of a plane through the digits."
            ),
            Option(
                "both alike: two numbers hold what they hold",
                False,
                "It matters which two numbers.",
            ),
        ],
    )


def plot_agreement(found: dict[str, float]) -> Picture:
    """Adjusted Rand index of ten clusters, by code: five seeds each, and what was found now."""
    fig, ax = style.subplots(height=4.8)
    said = []
    for place, (name, (means, full)) in enumerate(AGREEMENT.items()):
        ax.plot([place - 0.15] * 5, means, **Q.dots | {"markersize": 9, "marker": "s"}, alpha=0.6)
        ax.plot([place + 0.15] * 5, full, **MODEL.dots | {"markersize": 9}, alpha=0.6)
        if name in found:
            ring = {"markersize": 15, "fillstyle": "none", "marker": "s"}
            ax.plot([place - 0.15], [found[name]], **Q.dots | ring)
        said.append(
            f"{name}: k-means {min(means):.2f} to {max(means):.2f}, Gaussians {min(full):.2f} to "
            f"{max(full):.2f}"
        )
    ax.set_xticks(range(4), [name.replace(" ", "\n", 1) for name in AGREEMENT])
    ax.set(xlim=(-0.5, 3.5), ylim=(0.28, 0.8), ylabel="adjusted Rand index")
    ax.text(1.55, 0.74, "■ k-means   □ just now", color=Q.ink)
    ax.text(1.55, 0.69, "● Gaussians", color=MODEL.ink)
    ax.set_title("Ten clusters and ten digits")
    return figure(fig, alt=f"Agreement of clusters with labels over five seeds. {'; '.join(said)}.")


def plot_confusion(clusters: Tensor, labels: Tensor) -> Picture:
    """How many images of each digit are in each cluster; clusters in their best order."""
    counts = torch.zeros(10, 10, dtype=torch.int64)
    counts.index_put_((labels, clusters), torch.tensor(1), accumulate=True)
    counts = counts[:, linear_sum_assignment(-counts.numpy())[1]]
    fig, ax = style.subplots(height=5.6)
    ax.imshow(counts.numpy(), cmap="gray_r", vmin=0, vmax=300)  # light enough to write on
    for digit, cluster in counts.nonzero().tolist():
        ax.text(cluster, digit, f"{counts[digit, cluster]}", ha="center", va="center")
    ax.set(xticks=[], yticks=range(10), xlabel="cluster", ylabel="digit")
    ax.set_title("Which digits share a cluster")
    rows = "; ".join(
        f"{digit}: {', '.join(map(str, row))}" for digit, row in enumerate(counts.tolist())
    )
    right = counts.diagonal().sum() / counts.sum()
    return figure(
        fig,
        alt=f"Images of each digit in each of ten clusters, {right:.0%} on the diagonal. {rows}.",
    )


def poll_prior() -> Poll:
    """How near to the digits a prior's own parts are."""
    return Poll(
        "Ten Gaussians, fitted to a VAE's codes after training, have an index of 0.53 to 0.66 over five "
        "seeds. Another VAE learns ten Gaussians as its prior, together with its networks. (They begin "
        "as random places, and are diagonal; the others were full.) The index of these is …",
        [
            Option(
                "0.7 to 0.8: they learn with the code", False, "To describe x, not to separate."
            ),
            Option("0.55 to 0.65, about the same", False, "In none of the five seeds."),
            Option("0.4 to 0.5", True, "Further from the digits, in all five seeds."),
        ],
    )


def k_means(codes: Tensor, seed: int, starts: int = 10) -> Tensor:
    """Ten clusters, the best of so many starts by its own loss."""
    found = KMeans(10, n_init=starts, random_state=seed).fit_predict(codes.double().numpy())
    return torch.from_numpy(found).long()


def gaussians(codes: Tensor, seed: int, starts: int = 10) -> Tensor:
    """The likeliest of ten Gaussians with full covariances, the best of so many starts."""
    mixture = GaussianMixture(10, n_init=starts, reg_covar=1e-3, random_state=seed)
    return torch.from_numpy(mixture.fit_predict(codes.double().numpy())).long()


def agreement(clusters: Tensor, labels: Tensor) -> float:
    """Adjusted Rand index."""
    return float(adjusted_rand_score(labels.numpy(), clusters.numpy()))


def autoencoder(seed: int, mixture: bool = False) -> tuple[vae.Encoder, vae.Decoder]:
    """Two latents, 800 steps; the prior N(0, I), or a mixture of ten Gaussians learned with it."""
    torch.manual_seed(seed)
    encoder, prior = vae.Encoder(64, 2, (128, 64)), None
    if mixture:
        begin = Gaussian(torch.randn(10, 2), torch.zeros(10, 2) - 1)
        prior = priors.mixture.Mixture(torch.ones(10) / 10, begin)
    decoder = vae.Decoder(2, 64, (64, 64), sigma2=0.1, prior=prior)
    vae.fit(ladder.digits()[0], encoder, decoder, 800, batch_size=200, progress=False)
    return encoder, decoder


@torch.no_grad()
def measure(seed: int) -> dict[str, float]:
    """What AGREEMENT and PRIORS hold of one seed."""
    images = data.digits()
    labels, found = images.train_labels, {}
    plain, test = autoencoder_codes(seed)
    codes = dict(
        zip(
            AGREEMENT,
            (
                images.train,
                *(pca.fit(images.train, H).encode(images.train) for H in (20, 2)),
                plain,
            ),
            strict=True,
        )
    )
    for name, code in codes.items():
        found[f"k-means: {name}"] = agreement(k_means(code, seed), labels)
        found[f"Gaussians: {name}"] = agreement(gaussians(code, seed), labels)
    found["N(0, I): evidence"] = test
    with torch.enable_grad():
        encoder, decoder = autoencoder(seed, mixture=True)
    now = decoder.prior.now()  # type: ignore[attr-defined]
    joint = now.component_distribution.log_prob(encoder(ladder.digits()[0]).mean[:, None])
    parts = (joint + now.mixture_distribution.logits).argmax(1)
    found["mixture: parts"] = agreement(parts, labels)
    wide = (torch.linspace(-9, 9, 181, dtype=torch.float64),) * 2
    found["mixture: evidence"] = deep.log_evidence(ladder.digits()[1], decoder, wide).mean().item()
    return found


def autoencoder_codes(seed: int) -> tuple[Tensor, float]:
    """Mean codes of the training images, and the evidence of the test images."""
    with torch.enable_grad():
        encoder, decoder = autoencoder(seed)
    train, test = ladder.digits()
    with torch.no_grad():
        return encoder(train).mean, deep.log_evidence(test, decoder).mean().item()
