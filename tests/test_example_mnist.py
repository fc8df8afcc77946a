"""examples/mnist.py from end to end, on images of one bar made here in MNIST's format."""

import gzip
import importlib.util
import struct
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest

from course_utils import training

FILE = Path(__file__).parents[1] / "examples" / "mnist.py"
spec = importlib.util.spec_from_file_location("example_mnist", FILE)
example = importlib.util.module_from_spec(spec)
spec.loader.exec_module(example)


def write(path: Path, values: np.ndarray) -> None:
    header = struct.pack(f">BBBB{values.ndim}I", 0, 0, 8, values.ndim, *values.shape)
    path.write_bytes(gzip.compress(header + values.tobytes()))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder, random = tmp_path_factory.mktemp("bars"), np.random.default_rng(0)
    for name, count in (("train", 400), ("t10k", 60)):
        images = np.zeros((count, 28, 28), np.uint8)
        rows = random.integers(0, 24, count)
        for image, row in zip(images, rows, strict=True):
            image[row : row + 4] = 255
        write(folder / f"{name}-images-idx3-ubyte.gz", images)
        write(folder / f"{name}-labels-idx1-ubyte.gz", np.zeros(count, np.uint8))
    return folder


def run(folder: Path, out: Path, *more: str) -> None:
    small = ["--latents", "2", "3", "--width", "32", "--images", "5", "--temperatures", "10"]
    example.main([str(folder), "--out", str(out), *small, *more])


def test_it_trains_bounds_and_draws_and_goes_on_from_where_it_was(folder, tmp_path, capsys):
    out = tmp_path / "out"
    run(folder, out, "--epochs", "2")
    said = capsys.readouterr().out
    assert said.count("epoch 2 of 2: ELBO") == 2
    numbers = {}
    for line in said.splitlines():
        name, _, value = line.strip().rpartition(": ")
        if name and not name.startswith("epoch"):
            numbers.setdefault(name, float(value))
    assert numbers["evidence of these"] > numbers["ELBO, 5 of them"]
    assert numbers["of images it drew: to"] > numbers["of images it drew: from"] - 1
    for latent_dim in (2, 3):
        samples = matplotlib.image.imread(out / f"samples-{latent_dim}.png")
        assert samples.shape[:2] == (300, 300)
        pairs = matplotlib.image.imread(out / f"reconstructions-{latent_dim}.png")
        assert pairs.shape[:2] == (240, 300)
        assert pairs[:28, :28].max() == 1.0  # an image itself, with its bar

    run(folder, out, "--epochs", "3")
    said = capsys.readouterr().out
    assert "epoch 2 of" not in said and said.count("epoch 3 of 3") == 2


def test_a_stop_keeps_the_rounds_before_it(folder, tmp_path, monkeypatch, capsys):
    fit, calls = training.fit, []

    def stopped(*args, **kwargs):
        calls.append(None)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return fit(*args, **kwargs)

    monkeypatch.setattr(training, "fit", stopped)
    with pytest.raises(KeyboardInterrupt):
        run(folder, tmp_path, "--epochs", "3")
    assert [path.name for path in tmp_path.iterdir()] == ["latents-2.npz"]
    run(folder, tmp_path, "--epochs", "2")
    said = capsys.readouterr().out
    assert said.count("epoch 1 of") == 2  # the first network's before the stop, then the second's


def test_weights_of_another_width_are_refused_by_name(folder, tmp_path):
    run(folder, tmp_path, "--epochs", "1")
    with pytest.raises(ValueError, match="holds other networks: remove it"):
        run(folder, tmp_path, "--epochs", "2", "--width", "16")


def test_a_folder_without_the_files_says_what_it_lacks(tmp_path):
    with pytest.raises(FileNotFoundError, match="lacks train-images"):
        run(tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()
