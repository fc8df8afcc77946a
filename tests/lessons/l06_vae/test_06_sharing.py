import torch
from shared_06 import description, sound

from course_utils.lessons.l06_vae import RACE, plot_race, poll_cure, sharing


def test_the_question_has_one_right_answer_and_every_option_a_reason():
    assert sound(poll_cure())


def test_what_is_stored_is_five_runs_of_six_looks_each():
    assert all(torch.tensor(runs).shape == (5, 6) for runs in RACE.values())


def test_a_short_race_looks_after_every_so_many_steps(monkeypatch):
    monkeypatch.setattr(sharing, "STEPS", 9)
    monkeypatch.setattr(sharing, "EVERY", 3)
    for name in ("table", "encoder"):
        assert len(sharing.race(name, 300, seed=1)) == 3


def test_the_figure_can_be_read_and_describes_itself_with_numbers():
    assert "table with 3000 points -1.78" in description(lambda: plot_race(-0.54))
