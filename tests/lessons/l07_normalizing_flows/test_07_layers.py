import pytest
import torch
from pictures import faults
from shared_07 import small_flow

from course_utils.lessons.l07_normalizing_flows.layers import explore_layers
from course_utils.lessons.l07_normalizing_flows.plane import WINDOW, lattice, pull
from course_utils.lessons.l07_normalizing_flows.warp import SQUARES, area, mass, square_outline


def test_every_corner_is_a_frame_that_can_be_read():
    assert not faults(explore_layers(small_flow()))


def test_a_square_keeps_its_mass_under_the_layers():
    flow = small_flow()
    torch.manual_seed(1)
    with torch.no_grad():
        z = torch.randn(200_000, 2)
        share = ((z >= 0) & (z < 1)).all(1).double().mean().item()
    assert SQUARES[10] == (0, 0)
    assert share == pytest.approx(mass(10), abs=5e-3)
    assert area(square_outline(10)) == pytest.approx(1, abs=1e-6)
    frame = explore_layers(flow).frame(layers=3, square=11)
    # The density's mean over the image is the mass over the area: by pixels inside the outline.
    outline, density = torch.as_tensor(frame["square"]), torch.as_tensor(frame["density"])
    pixels = lattice(120)
    back, _ = pull(flow.transforms, pixels)
    inside = ((back >= 0) & (back < 1)).all(1).reshape(120, 120)
    cell = (2 * WINDOW / 120) ** 2
    assert (density[inside].sum() * cell).item() == pytest.approx(mass(10), rel=0.05)
    assert inside.sum().item() * cell == pytest.approx(area(outline), rel=0.05)
