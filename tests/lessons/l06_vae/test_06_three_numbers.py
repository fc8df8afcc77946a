import torch
from shared_06 import description

from course_utils import data
from course_utils.kit.exercise import EXERCISES, examine
from course_utils.lessons.l06_vae import plot_seam


def test_a_negative_gap_of_either_kind_must_stay():
    for answer in (
        lambda evidence, best, bound: (best - bound, torch.relu(evidence - best)),
        lambda evidence, best, bound: (torch.relu(best - bound), evidence - best),
    ):
        assert examine(EXERCISES["06.3"], answer).kind == "wrong"


def test_the_figure_can_be_read_and_describes_itself_with_numbers():
    gap = torch.linspace(1e-4, 1, 300).double() ** 8
    alt = description(lambda: plot_seam(data.arc(300).x.float(), gap))
    assert f"mean {gap.mean():.4f}" in alt and "up to 1.0 nats" in alt
