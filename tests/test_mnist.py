"""MNIST's files, small ones made here; what is fetched comes from another folder, by file://."""

import gzip
import hashlib
import io
import re
import struct
from http.client import IncompleteRead
from unittest import mock
from urllib.response import addinfourl

import numpy as np
import pytest
import torch

from course_utils import data, mnist

TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS = NAMES = list(mnist.SHA256)
SIZES = {"train": 5, "t10k": 3}


def idx(values):
    """An array of unsigned bytes as IDX, by the definition of the format."""
    return struct.pack(f">BBBB{values.ndim}I", 0, 0, 8, values.ndim, *values.shape) + bytes(values)


def packed(content):
    return gzip.compress(content, mtime=0)


@pytest.fixture
def arrays():
    random = np.random.default_rng(0)
    shapes = {n: (SIZES[n.split("-")[0]], *((28, 28) if "idx3" in n else ())) for n in NAMES}
    high = {n: 256 if "idx3" in n else 10 for n in NAMES}
    return {n: random.integers(0, high[n], shapes[n], dtype=np.uint8) for n in NAMES}


def write(folder, arrays):
    folder.mkdir()
    for name, values in arrays.items():
        (folder / name).write_bytes(packed(idx(values)))
    return folder


@pytest.fixture
def folder(tmp_path, arrays):
    """The four files."""
    return write(tmp_path / "mnist", arrays)


@pytest.fixture
def source(tmp_path, arrays, monkeypatch):
    """A folder that stands for the bucket, whose files have the sums that are asked for."""
    source = write(tmp_path / "bucket", arrays)
    monkeypatch.setattr(mnist, "SOURCE", f"{source.as_uri()}/")
    sums = {name: hashlib.sha256((source / name).read_bytes()).hexdigest() for name in NAMES}
    monkeypatch.setattr(mnist, "SHA256", sums)
    return source


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    def refuse(*_):
        raise AssertionError("the network was used")

    monkeypatch.setattr("socket.socket.connect", refuse)


def files(folder):
    """Whatever is in the folder, at any depth."""
    return sorted(path.name for path in folder.rglob("*"))


def same(read, arrays):
    pixels = {name: (arrays[name] / np.float32(255)).reshape(-1, 784) for name in NAMES[::2]}
    return (
        np.array_equal(read.train, pixels[TRAIN_IMAGES])
        and np.array_equal(read.test, pixels[TEST_IMAGES])
        and np.array_equal(read.train_labels, arrays[TRAIN_LABELS])
        and np.array_equal(read.test_labels, arrays[TEST_LABELS])
    )


# reading


def test_the_images_and_labels_are_those_of_the_files(folder, arrays):
    read = data.mnist(folder)
    assert isinstance(read, data.Mnist) and read._fields == data.Digits._fields
    assert same(read, arrays)
    assert read.train.dtype == read.test.dtype == torch.float32
    assert read.train_labels.dtype == read.test_labels.dtype == torch.int64


def test_white_is_1_and_black_is_0_row_by_row(folder):
    images = np.zeros((5, 28, 28), dtype=np.uint8)
    images[1, 2, 3] = 255
    (folder / TRAIN_IMAGES).write_bytes(packed(idx(images)))
    assert data.mnist(folder).train.nonzero().tolist() == [[1, 2 * 28 + 3]]
    assert data.mnist(folder).train.max() == 1


def test_the_folder_may_be_a_text_and_stays_as_it_is(folder):
    before = {path: path.read_bytes() for path in folder.iterdir()}
    data.mnist(str(folder))
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_a_home_folder_may_be_abbreviated(folder, arrays, monkeypatch):
    for variable in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(variable, str(folder.parent))
    assert same(data.mnist("~/mnist"), arrays)


@pytest.mark.parametrize("gone", [NAMES[:1], NAMES[1:3], NAMES])
def test_missing_files_are_named_with_the_folder_and_the_way_out(folder, gone):
    for name in gone:
        (folder / name).unlink()
    with pytest.raises(FileNotFoundError) as error:
        data.mnist(folder)
    for words in [str(folder), *gone, "mnist(folder, download=True)"]:
        assert words in str(error.value)
    assert not any(name in str(error.value) for name in set(NAMES) - set(gone))


def test_a_missing_folder_is_not_made_and_named_in_full(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match=re.escape(str(tmp_path / "nowhere"))):
        data.mnist("nowhere")
    assert not files(tmp_path)


def test_arguments_of_another_type_are_refused(folder):
    with pytest.raises(TypeError, match="folder must be"):
        data.mnist(None)
    with pytest.raises(TypeError, match="download must be"):
        data.mnist(folder, download="no")


# damaged files


@pytest.mark.parametrize("name", NAMES)
def test_a_file_cut_anywhere_is_refused_by_name(folder, name):
    path = folder / name
    whole = path.read_bytes()
    for length in [*range(60), *range(60, len(whole), 97), len(whole) - 1]:
        if length < len(whole):
            path.write_bytes(whole[:length])
            with pytest.raises(ValueError, match=re.escape(str(path))):
                data.mnist(folder)


def test_no_changed_byte_changes_the_data_unnoticed(folder, arrays):
    path = folder / TEST_LABELS
    whole = path.read_bytes()
    refused = 0
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        try:
            assert same(data.mnist(folder), arrays)  # gzip's own date, for one
        except ValueError as error:
            assert str(path) in str(error)
            refused += 1
    assert refused > len(whole) / 2


# what is wrong: the content of such a file, from the array of images that it should hold
DAMAGE = {
    "empty": lambda images: b"",
    "text": lambda images: b"<html>Not found</html>",
    "half a header": lambda images: idx(images)[:10],
    "labels": lambda images: idx(images[:, 0, 0]),
    "signed bytes": lambda images: idx(images).replace(b"\x08", b"\x09", 1),
    "little-endian sizes": lambda images: (
        idx(images)[:4] + struct.pack("<3I", 5, 28, 28) + bytes(images)
    ),
    "no images": lambda images: idx(images[:0]),
    "other images": lambda images: idx(images.reshape(-1, 14, 56)),
    "a byte less": lambda images: idx(images)[:-1],
    "a byte more": lambda images: idx(images) + b"\0",
    "more images announced": lambda images: idx(images).replace(b"\x05", b"\x06", 1),
    "very many announced": lambda images: idx(images)[:4] + b"\xff" * 4 + idx(images)[8:],
}


@pytest.mark.parametrize("what", DAMAGE)
def test_another_content_is_refused_by_name(folder, arrays, what):
    path = folder / TRAIN_IMAGES
    path.write_bytes(packed(DAMAGE[what](arrays[TRAIN_IMAGES])))
    with pytest.raises(ValueError, match=re.escape(f"{path} is damaged or another")) as error:
        data.mnist(folder)
    assert "mnist(folder, download=True)" in str(error.value)


def test_the_sizes_found_and_wanted_are_named(folder, arrays):
    (folder / TRAIN_IMAGES).write_bytes(packed(DAMAGE["other images"](arrays[TRAIN_IMAGES])))
    with pytest.raises(ValueError, match="holds 5 x 14 x 56 values, not N x 28 x 28"):
        data.mnist(folder)


def test_images_in_the_place_of_labels_are_refused(folder):
    (folder / TEST_LABELS).write_bytes((folder / TEST_IMAGES).read_bytes())
    with pytest.raises(ValueError, match=f"{TEST_LABELS}.* 0x00000803, not 0x00000801"):
        data.mnist(folder)


def test_a_file_that_is_not_compressed_is_refused(folder, arrays):
    (folder / TRAIN_LABELS).write_bytes(idx(arrays[TRAIN_LABELS]))
    with pytest.raises(ValueError, match=f"{TRAIN_LABELS}.* not a complete gzip file"):
        data.mnist(folder)


@pytest.mark.parametrize(("images", "labels"), [NAMES[:2], NAMES[2:]])
def test_every_image_needs_a_label(folder, arrays, images, labels):
    (folder / labels).write_bytes(packed(idx(arrays[labels][1:])))
    number = len(arrays[images])
    wanted = f"{images} holds {number} images, but .*{labels} {number - 1} labels"
    with pytest.raises(ValueError, match=wanted):
        data.mnist(folder)


# fetching


def test_nothing_is_fetched_unless_asked_for(folder, source, monkeypatch):
    monkeypatch.setattr(mnist, "urlopen", mock.Mock(side_effect=AssertionError("fetched")))
    data.mnist(folder)
    (folder / TEST_IMAGES).unlink()
    with pytest.raises(FileNotFoundError):
        data.mnist(folder)


def test_what_is_missing_is_fetched(tmp_path, source, arrays):
    folder = tmp_path / "new" / "mnist"
    assert same(data.mnist(folder, download=True), arrays)
    assert files(folder) == sorted(NAMES)
    for name in NAMES:
        assert (folder / name).read_bytes() == (source / name).read_bytes()
    assert same(data.mnist(folder), arrays)


def test_what_is_there_is_kept(folder, source, arrays):
    """Also with another sum: other data in the same format."""
    own = packed(idx(255 - arrays[TRAIN_IMAGES]))
    (folder / TRAIN_IMAGES).write_bytes(own)
    (folder / TEST_LABELS).unlink()
    for name in set(NAMES) - {TEST_LABELS}:
        (source / name).unlink()
    read = data.mnist(folder, download=True)
    assert (folder / TRAIN_IMAGES).read_bytes() == own
    assert same(read, arrays | {TRAIN_IMAGES: 255 - arrays[TRAIN_IMAGES]})


def test_a_fetched_file_has_the_rights_of_any_new_file(tmp_path, source):
    folder = tmp_path / "mnist"
    data.mnist(folder, download=True)
    (folder / "new").write_bytes(b"")
    assert {path.stat().st_mode for path in folder.iterdir()} == {(folder / "new").stat().st_mode}


def test_the_bar_shows_the_file_and_knows_its_size(tmp_path, source, capsys, monkeypatch):
    bar = mock.Mock(wraps=mnist.tqdm.wrapattr)
    monkeypatch.setattr(mnist.tqdm, "wrapattr", bar)
    data.mnist(tmp_path / "mnist", download=True)
    shown = capsys.readouterr().err
    assert all(name in shown for name in NAMES)
    sizes = [(source / name).stat().st_size for name in NAMES]
    assert [call.kwargs["total"] for call in bar.call_args_list] == sizes


def test_a_wrong_sum_leaves_nothing_behind(tmp_path, source):
    (source / TRAIN_IMAGES).write_bytes(packed(b"something else"))
    folder = tmp_path / "mnist"
    with pytest.raises(ValueError, match=f"{TRAIN_IMAGES} did not arrive as it should"):
        data.mnist(folder, download=True)
    assert not files(folder)


def test_what_arrived_before_an_error_is_kept_and_not_fetched_again(tmp_path, source, arrays):
    last, folder = (source / TEST_LABELS).read_bytes(), tmp_path / "mnist"
    (source / TEST_LABELS).unlink()
    with pytest.raises(OSError, match=f"{TEST_LABELS} could not be fetched into .*mnist"):
        data.mnist(folder, download=True)
    assert files(folder) == sorted(NAMES[:3])
    for name in NAMES[:3]:
        (source / name).unlink()
    (source / TEST_LABELS).write_bytes(last)
    assert same(data.mnist(folder, download=True), arrays)


class Broken(io.BytesIO):
    """An answer that gives some bytes, then fails."""

    def __init__(self, error):
        super().__init__(bytes(10))
        self.error = error

    def read(self, *size):
        if not (part := super().read(*size)):
            raise self.error
        return part


FAILURES = [ConnectionResetError("reset"), TimeoutError("slow"), IncompleteRead(bytes(10), 90)]


@pytest.mark.parametrize("error", FAILURES, ids=repr)
def test_a_broken_connection_leaves_nothing_behind(folder, source, monkeypatch, error):
    (folder / TRAIN_LABELS).unlink()
    answer = addinfourl(Broken(error), {"Content-Length": "100"}, "url")
    monkeypatch.setattr(mnist, "urlopen", lambda *_, **__: answer)
    with pytest.raises(OSError, match=f"{TRAIN_LABELS} could not be fetched") as raised:
        data.mnist(folder, download=True)
    assert str(error) in str(raised.value)
    assert files(folder) == sorted(set(NAMES) - {TRAIN_LABELS})


@pytest.mark.parametrize("moment", ["mnist.urlopen", "shutil.copyfileobj", "hashlib.sha256"])
def test_the_stop_button_leaves_nothing_behind(folder, source, monkeypatch, moment):
    (folder / TRAIN_LABELS).unlink()
    monkeypatch.setattr(f"course_utils.mnist.{moment.removeprefix('mnist.')}", stop)
    with pytest.raises(KeyboardInterrupt):
        data.mnist(folder, download=True)
    assert files(folder) == sorted(set(NAMES) - {TRAIN_LABELS})


def stop(*_, **__):
    raise KeyboardInterrupt


def test_the_stop_button_amid_the_bytes_leaves_nothing_behind(folder, source, monkeypatch):
    (folder / TRAIN_LABELS).unlink()
    answer = addinfourl(Broken(KeyboardInterrupt()), {}, "url")
    monkeypatch.setattr(mnist, "urlopen", lambda *_, **__: answer)
    with pytest.raises(KeyboardInterrupt):
        data.mnist(folder, download=True)
    assert files(folder) == sorted(set(NAMES) - {TRAIN_LABELS})


def test_the_real_source_is_encrypted_and_every_file_has_a_sum():
    assert mnist.SOURCE.startswith("https://") and mnist.SOURCE.endswith("/")
    assert all(re.fullmatch("[0-9a-f]{64}", sum_) for sum_ in mnist.SHA256.values())
    assert len(set(mnist.SHA256.values())) == 4
