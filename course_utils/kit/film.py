"""An explorer's frames at every setting of its dials, small enough to be shipped with a page."""

import base64
import io
import itertools
import math
from typing import Any

import numpy as np
from PIL import Image

from course_utils.kit.dial import Dial, dials

__all__ = ["LIMIT", "film"]

LIMIT = 1_500_000  # bytes of an explorer's pictures, in base64
EXACT = {"lossless": True, "quality": 0, "method": 1}  # in a hurry: frames are many
CLOSE = {"quality": 60, "method": 2}
# How many frames at most, and how they are packed: the first that stays below the limit.
WAYS: list[tuple[int, dict]] = [(100, EXACT), (60, EXACT), (60, CLOSE), (30, CLOSE)]


def film(explorer: Any) -> tuple[list[Dial], dict]:
    """The dials, and for every setting of them a frame: all that moves, over one still ground.

    ground: the picture without its moving artists. pictures: what differs from it, each once.
    frames: [number of its picture, alt text] for every setting, the last dial's turning fastest.
    Pictures are WebP in base64. Laid over the ground they are the explorer's pixels, unless its
    pictures are so rich that they would pass the limit without loss.
    """
    ground = explorer.ground()
    some = [_moved(explorer, ground, v)[0] for v in [{}, *explorer.corners()[:4]]]
    for most, packing in WAYS:
        turned = dials(explorer.controls, explorer.filmstrip, most)
        number = math.prod(len(dial.values) for dial in turned)
        if number * np.mean([len(_webp(moved, packing)) for moved in some]) > LIMIT:
            continue
        shot = _shoot(explorer, ground, turned, packing)
        if sum(map(len, shot["pictures"])) <= LIMIT:
            return turned, shot
    raise ValueError(f"{number} frames of this explorer take more than {LIMIT} bytes")


def _shoot(explorer: Any, ground: np.ndarray, turned: list[Dial], packing: dict) -> dict:
    numbers: dict[str, int] = {}
    frames = []
    for setting in itertools.product(*(dial.values for dial in turned)):
        values = {dial.name: value for dial, value in zip(turned, setting, strict=True)}
        moved, alt = _moved(explorer, ground, values)
        frames.append([numbers.setdefault(_webp(moved, packing), len(numbers)), alt])
    explorer.frame()  # leave the artists as the controls say
    return {"ground": _webp(ground, EXACT), "pictures": list(numbers), "frames": frames}


def _moved(explorer: Any, ground: np.ndarray, values: dict) -> tuple[np.ndarray, str]:
    """The pixels that differ from the ground, all others transparent, and the alt text."""
    pixels, alt = explorer.pixels(**values)
    whole = pixels.view(np.uint32)  # four bytes as one number: compared in a seventh of the time
    return np.where(whole == ground.view(np.uint32), np.uint32(0), whole).view(np.uint8), alt


def _webp(pixels: np.ndarray, packing: dict) -> str:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "webp", **packing)
    return base64.b64encode(buffer.getvalue()).decode()
