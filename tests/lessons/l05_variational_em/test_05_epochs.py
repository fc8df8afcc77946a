import itertools

import pytest
import torch
from pictures import drawn_texts, faults, unreadable
from questions import ill_posed

from course_utils import deep, vem
from course_utils.lessons.l05_variational_em.epochs import (
    explore_epochs,
    look,
    plot_data_size,
    poll_data_size,
    predict_epochs,
)


@pytest.fixture(scope="module")
def training():
    """Points of the arc, and three moments of a short training."""
    torch.manual_seed(0)
    x = deep.arc().sample(1800)
    model, q = deep.Decoder(1, 2, (8,)), vem.Local(1800, 1)
    moments = [look(0, model, q, x)]
    for epoch in (5, 10):
        vem.fit(x, q, model, 5, lr=1e-2, progress=False)
        moments.append(look(epoch, model, q, x))
    return x, moments


def test_the_epochs_can_be_read_and_their_gaps_are_evidence_minus_bound(training):
    explorer = explore_epochs(*training)
    assert not faults(explorer)
    x, moments = training
    for step, moment in enumerate(moments):
        frame = explorer.frame(step=step)
        heights = [bar[1][1] for bar in frame["gaps"]]
        gaps = (moment.evidence - moment.elbo).clamp(max=0.8)
        assert sorted(heights) == pytest.approx(sorted(gaps.tolist()), abs=1e-6)
        assert min(heights) > -1e-4
        edges = [-torch.inf, *torch.linspace(-1.6, 1.6, 7).tolist(), torch.inf]
        for k, (low, high) in enumerate(itertools.pairwise(edges)):
            inside = (moment.mean[:400] > low) & (moment.mean[:400] <= high)
            assert torch.equal(torch.stack(frame[f"code_{k}"], 1), x[:400][inside])


def test_its_questions_have_one_right_answer_and_every_option_a_reason(training):
    assert not ill_posed(predict_epochs(*training).poll, poll_data_size())


def test_it_opens_at_the_beginning(training):
    assert explore_epochs(*training).controls["step"].value == 0


def test_the_two_decoders_can_be_read_and_described_with_numbers(training):
    x, models = training[0], {300: deep.Decoder(1, 2, (4,)), 3000: deep.Decoder(1, 2, (4,))}
    with drawn_texts() as texts:
        picture = plot_data_size(models, {300: -1.109, 3000: -1.717}, x[:300])
    assert not unreadable(texts)
    assert "−1.11" in picture.alt and "−1.72" in picture.alt
