"""A figure as one HTML image with alt text: the same in Jupyter, VS Code, Colab and exports."""

import base64
import html
import math
import struct
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

__all__ = ["Picture", "figure", "img", "mosaic", "png"]


@dataclass(frozen=True)
class Picture:
    """What `figure` returns: Jupyter shows the image, a screen reader reads `alt`."""

    png: bytes
    alt: str
    width: int

    def _repr_html_(self) -> str:
        return img(self.png, self.alt, self.width)

    def __repr__(self) -> str:
        return self.alt


def figure(fig: Figure, *, alt: str) -> Picture:
    """The figure as a picture with a description for those who cannot see it.

    fig: a matplotlib figure. alt: one or two sentences saying what the figure shows,
    with its numbers; required, and not empty.
    """
    if not alt.strip():
        raise ValueError("alt must say what the figure shows, got an empty text")
    canvas = FigureCanvasAgg(fig)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())
    return Picture(png(pixels), alt, pixels.shape[1])


def png(pixels: np.ndarray) -> bytes:
    """RGBA pixels (height, width, 4) as a PNG without transparency, in a hurry: frames are many.

    Rows are stored unfiltered. Pillow tries five filters a row, which takes twice as long and, for
    flat drawings such as ours, makes the file larger. Format: https://www.w3.org/TR/png-3/.
    """
    height, width, _ = pixels.shape
    rows = np.zeros((height, 1 + 3 * width), np.uint8)  # each begins with 0, "no filter"
    for channel in range(3):  # three times as fast as all at once, whose strides are not even
        rows[:, 1 + channel :: 3] = pixels[..., channel]
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)  # 8 bits of each of RGB
    parts = {b"IHDR": header, b"IDAT": zlib.compress(rows.data, level=1), b"IEND": b""}
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in parts.items()
    )


def img(data: bytes, alt: str, width: int) -> str:
    """An <img> with the PNG inside it. Decoding in step with the page keeps it from flickering."""
    source = base64.b64encode(data).decode()
    return (
        f'<img alt="{html.escape(alt)}" width="{width}" decoding="sync" '
        f'style="max-width:100%;height:auto" src="data:image/png;base64,{source}">'
    )


def mosaic(*rows: Any) -> np.ndarray:
    """Rows of square images, each (n, side * side), as one picture with gaps of two pixels."""
    side = math.isqrt(len(rows[0][0]))
    squares = [np.asarray(row).reshape(-1, side, side) for row in rows]
    padded = [np.pad(square, ((0, 0), (0, 2), (0, 2))) for square in squares]
    return np.concatenate([np.concatenate(list(row), 1) for row in padded])
