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
from course_utils.lessons.l06_vae.black_and_white import FEW, apart


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


def test_the_map_behind_is_what_every_z_decodes_to():
    encoder, decoder = tiny()
    digits = data.digits()
    explorer = explore_latent(encoder, decoder, digits.train.float(), digits.train_labels)
    left = explorer.artists["box"].axes
    [ground] = left.images
    with torch.no_grad():
        corner = decoder(torch.tensor([-3.0, 3.0])).mean  # the map's upper left
    torch.testing.assert_close(
        torch.from_numpy(ground.get_array().data[:8, :8]), corner.reshape(8, 8)
    )


def test_a_plain_autoencoder_learns():
    torch.manual_seed(0)
    x = torch.randn(400, 1) * torch.ones(1, 4)
    encoder, decoder = deep.mlp(4, (8,), 1), vae.Decoder(1, 4, (8,), "fixed")
    history = fit_autoencoder(x, encoder, decoder, num_steps=200)
    assert history.loss[-1] < history.loss[0] - 0.5


def test_the_images_on_the_map_stand_apart_and_are_of_all_digits():
    torch.manual_seed(0)
    mean, labels = torch.randn(500, 2), torch.arange(500) % 10
    chosen = apart(mean, labels)
    assert set(labels[chosen].tolist()) == set(range(10)) and len(chosen) <= 10 * FEW
    assert torch.pdist(mean[chosen]).min() > 0.4
