"""MNIST from its four files: read from a folder, fetched into it only when asked.

Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, "Gradient-based learning applied to document
recognition", Proceedings of the IEEE 86(11), 1998. The files come from the bucket that
torchvision reads them from, https://ossci-datasets.s3.amazonaws.com/mnist/ (11 MB in all).
"""

import gzip
import hashlib
import math
import shutil
import struct
import zlib
from http.client import HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from urllib.request import urlopen

import torch
from jaxtyping import Float32, Int64, UInt8
from torch import Tensor
from tqdm.auto import tqdm

from course_utils import validate

__all__ = ["Mnist", "mnist"]

SOURCE = "https://ossci-datasets.s3.amazonaws.com/mnist/"
SHA256 = {
    "train-images-idx3-ubyte.gz": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "train-labels-idx1-ubyte.gz": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
}


class Mnist(NamedTuple):
    """28 x 28 digits: pixels in [0, 1], one image a row of 784, and the digit shown.

    N is 60 000 and M 10 000. Pixels are float32 (188 MB for train), half the size of float64.
    """

    train: Float32[Tensor, "N 784"]
    test: Float32[Tensor, "M 784"]
    train_labels: Int64[Tensor, "N"]
    test_labels: Int64[Tensor, "M"]


@validate.typed
def mnist(folder: str | Path, download: bool = False) -> Mnist:
    """MNIST from train-images-idx3-ubyte.gz, train-labels-…, t10k-images-… and t10k-labels-….

    folder: where these four gzip files are, or are to be. Other data in the same format
        (Fashion-MNIST, say) are read as well, with as many images as there are.
    download: fetch what the folder lacks from torchvision's bucket (see `SOURCE`). A file
        gets its name only when it is complete and has the SHA-256 sum of MNIST; an error
        or the stop button leaves nothing of it behind. A file that is there is kept.

    Raises FileNotFoundError if files are missing and download is False, OSError if one cannot
    be fetched, ValueError if one is not what it should be; each names the file.
    """
    folder = Path(folder).expanduser().absolute()
    missing = [name for name in SHA256 if not (folder / name).is_file()]
    if missing and not download:
        raise FileNotFoundError(
            f"{folder} lacks {', '.join(missing)}. Put them there, or let "
            "mnist(folder, download=True) fetch them."
        )
    for name in missing:
        _fetch(name, folder)
    train, train_labels = _pair(*(folder / name for name in SHA256 if name.startswith("train")))
    test, test_labels = _pair(*(folder / name for name in SHA256 if name.startswith("t10k")))
    return Mnist(train, test, train_labels, test_labels)


def _fetch(name: str, folder: Path) -> None:
    """Download one file into a temporary folder beside its place; move it there if it is right."""
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="fetching-", dir=folder) as scratch:
        part = Path(scratch) / name
        try:
            with urlopen(SOURCE + name, timeout=60) as response, part.open("wb") as file:
                size = int(response.headers.get("Content-Length", 0)) or None
                with tqdm.wrapattr(response, "read", total=size, desc=name, leave=False) as body:
                    shutil.copyfileobj(body, file)
        except (OSError, HTTPException) as error:
            raise OSError(f"{SOURCE}{name} could not be fetched into {folder}: {error}") from error
        found = hashlib.sha256(part.read_bytes()).hexdigest()
        if found != SHA256[name]:
            raise ValueError(
                f"{SOURCE}{name} did not arrive as it should: its SHA-256 sum is {found}, "
                f"not {SHA256[name]}. It was not kept; try again."
            )
        part.replace(folder / name)


def _pair(images: Path, labels: Path) -> tuple[Float32[Tensor, "N 784"], Int64[Tensor, "N"]]:
    """The images of one file and the labels of the other."""
    pixels, digits = _idx(images, (28, 28)), _idx(labels, ())
    if len(pixels) != len(digits):
        raise ValueError(f"{images} holds {len(pixels)} images, but {labels} {len(digits)} labels")
    return pixels.flatten(1).float().div_(255), digits.long()


def _idx(path: Path, item: tuple[int, ...]) -> UInt8[Tensor, "N ..."]:
    """The N items, each of shape `item`, of a gzip file in IDX format.

    IDX is big-endian 32-bit integers, first the magic number 0x800 (bytes) + the number of
    dimensions, then the size of each dimension; after these the values, last index fastest.
    """
    try:
        with gzip.open(path) as file:
            content = file.read()
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise _wrong(path, f"it is not a complete gzip file ({error})") from error
    header = struct.Struct(f">{2 + len(item)}I")
    if len(content) < header.size:
        raise _wrong(path, f"it has {len(content)} bytes, fewer than its header of {header.size}")
    magic, *shape = header.unpack_from(content)
    if magic != 0x801 + len(item):
        raise _wrong(path, f"its magic number is {magic:#010x}, not {0x801 + len(item):#010x}")
    if shape[0] == 0 or tuple(shape[1:]) != item:
        found, wanted = (" x ".join(map(str, sizes)) for sizes in (shape, ("N", *item)))
        raise _wrong(path, f"it holds {found} values, not {wanted} with N > 0")
    if (size := len(content) - header.size) != math.prod(shape):
        raise _wrong(path, f"it announces {math.prod(shape)} values and holds {size}")
    return torch.frombuffer(bytearray(content), dtype=torch.uint8, offset=header.size).view(shape)


def _wrong(path: Path, what: str) -> ValueError:
    return ValueError(
        f"{path} is damaged or another kind of file: {what}. Delete it and get it again; "
        "for MNIST itself, mnist(folder, download=True) does so."
    )
