import torch
from pictures import faults
from shared_06 import description, tiny

from course_utils import data, deep, vae
from course_utils.lessons.l06_vae import (
    explore_latent,
    fit_autoencoder,
    plot_images,
    plot_traversal,
)


def test_every_corner_is_a_frame_that_can_be_read():
    digits = data.digits()
    assert not faults(explore_latent(*tiny(), (digits.train > 0.5).float(), digits.train_labels))


def test_the_image_is_what_z_decodes_to():
    encoder, decoder = tiny()
    digits = data.digits()
    explorer = explore_latent(encoder, decoder, digits.train.float(), digits.train_labels)
    frame = explorer.frame(z_1=1.0, z_2=-2.0)
    with torch.no_grad():
        pixels = torch.sigmoid(decoder.network(torch.tensor([1.0, -2.0])))
    torch.testing.assert_close(torch.from_numpy(frame["image"]).flatten(), pixels)


def test_the_figures_can_be_read_and_describe_themselves():
    images = torch.rand(6, 64)
    description(lambda: plot_images({"a long name": images, "b": images}, "Rows", "Six images"))
    assert "ink 0." in description(lambda: plot_traversal(tiny()[1]))


def test_a_plain_autoencoder_learns_and_noise_makes_it_denoise():
    torch.manual_seed(0)
    x = torch.randn(400, 1) * torch.ones(1, 4)
    for noise in (0.0, 0.5):
        encoder, decoder = deep.mlp(4, (8,), 1), vae.Decoder(1, 4, (8,), "fixed")
        history = fit_autoencoder(x, encoder, decoder, num_steps=200, noise=noise)
        assert history.loss[-1] < history.loss[0] - 0.5
    noisy = x + 0.5 * torch.randn_like(x)
    with torch.no_grad():
        cleaned = decoder(encoder(noisy)).mean
    assert (cleaned - x).square().mean() < 0.6 * (noisy - x).square().mean()
