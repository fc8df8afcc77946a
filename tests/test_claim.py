import re
from html.parser import HTMLParser
from importlib import import_module

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils import pca
from course_utils.kit import claim, exercise, show
from course_utils.kit.notice import KINDS, notice

few = settings(deadline=None, max_examples=60, derandomize=True)
module = import_module("course_utils.kit.claim")
finite = st.floats(-1e9, 1e9)
NAN = float("nan")


@pytest.fixture(autouse=True)
def shown(monkeypatch):
    """The HTML that was displayed."""
    pages = []
    monkeypatch.setattr(module, "display", lambda thing: pages.append(thing.data))
    return pages


def is_false(*arguments, **options):
    with pytest.raises(AssertionError, match="This is false here"):
        claim("It holds.", *arguments, **options)


# True and false


def test_a_true_claim_shows_itself_with_its_figure(shown):
    claim("The mean is near 3.", torch.tensor(3.004), equals=3, within=0.01)
    assert "✓ The mean is near 3." in shown[0]
    assert "3.004, expected 3 ± 0.01" in shown[0]


def test_its_numbers_have_the_minus_signs_of_formulas(shown):
    claim("It is small.", -0.5, equals=-0.5, within=1e-9, below=-0.25)
    assert "−0.5, expected −0.5 ± 1e−09; −0.5 &lt; −0.25" in shown[0]


def test_a_false_claim_is_an_error_with_its_figure(shown):
    with pytest.raises(AssertionError, match=r"The mean is near 3\. This is false here: 3\.1, exp"):
        claim("The mean is near 3.", 3.1, equals=3, within=0.01)
    assert shown == []


def test_in_a_lecture_a_false_claim_is_shown_and_the_next_cell_runs(shown, monkeypatch):
    monkeypatch.setenv("EVIDENCE_LADDER_LECTURE", "1")
    claim("For a < b, the mean is near 3.", 3.1, equals=3, within=0.01)
    assert "✗ For a &lt; b, the mean is near 3." in shown[0]
    assert "This is false here: 3.1, expected 3 ± 0.01." in shown[0]
    claim("The mean is near 3.", 3.0, equals=3, within=0.01)
    assert "✓" in shown[1]


def test_a_claim_about_your_result_knows_whose_function_ran(shown, monkeypatch):
    monkeypatch.setattr(exercise, "EXERCISES", {})
    monkeypatch.setattr(exercise, "display", lambda _: None)
    exercise.Exercise("99.1", abs, [(-2,)], [], nudge="", formula="")
    for answer in (lambda t: ..., lambda t: t, abs):  # blank, wrong; the library's is not yours
        used = exercise.check("99.1", answer)
        claim("Your size is 3.", used(-3), equals=3, by=used)
        assert "○ The reference's, until you have solved exercise 99.1:" in shown[-1]
        assert "Your size is 3." in shown[-1] and "✓" not in shown[-1]
    used = exercise.check("99.1", lambda t: max(t, -t))
    claim("Your size is 3.", used(-3), equals=3, by=used)
    assert "✓ Your size is 3." in shown[-1]
    is_false(used(-3), equals=4, by=used)
    is_false(abs(-3), equals=4, by=abs)


@given(finite, finite, st.floats(0, 1e9))
@few
def test_equals_is_a_distance(value, target, within):
    if abs(value - target) <= within:
        claim("It holds.", value, equals=target, within=within)
    else:
        is_false(value, equals=target, within=within)


@given(st.lists(finite, min_size=1, max_size=4), finite)
@few
def test_below_and_above_hold_for_every_entry_and_strictly(values, bound):
    for name, true in [("below", max(values) < bound), ("above", min(values) > bound)]:
        if true:
            claim("It holds.", torch.tensor(values, dtype=torch.float64), **{name: bound})
        else:
            is_false(torch.tensor(values, dtype=torch.float64), **{name: bound})


@pytest.mark.parametrize("place", range(6))
def test_one_false_entry_makes_a_claim_false(place):
    value = torch.zeros(2, 3)
    value.view(-1)[place] = 2
    is_false(value, equals=0.0, within=1.0)
    is_false(value, equals=torch.zeros(2, 3), within=1.0)
    is_false(value, below=1.0)
    is_false(-value, above=-1.0)


@pytest.mark.parametrize("value", [NAN, [1.0, NAN], torch.tensor([[NAN, 1.0]])])
def test_nan_makes_every_claim_false(value):
    is_false(value, equals=1.0, within=1e9)
    is_false(value, below=1e9)
    is_false(value, above=-1e9)
    is_false(value, equals=value, within=1e9)


def test_nan_as_a_bound_makes_a_claim_false():
    for options in ({"equals": NAN, "within": 1.0}, {"below": NAN}, {"above": NAN}):
        is_false(1.0, **options)
    is_false(1.0, equals=1.0, within=NAN)


@pytest.mark.parametrize("infinity", [float("inf"), -float("inf")])
def test_infinity_is_no_figure_to_be_near(infinity):
    is_false(infinity, equals=1.0, within=1e300)
    is_false(1.0, equals=infinity, within=1e300)


def test_several_bounds_must_all_hold(shown):
    claim("It holds.", torch.tensor([1.0, 2.0]), above=0, below=3)
    assert "2 &lt; 3; 1 &gt; 0" in shown[0]
    for bounds in ({"above": 0, "below": 2}, {"above": 1, "below": 3}):
        is_false(torch.tensor([1.0, 2.0]), **bounds)
    is_false(1.0, equals=1.0, below=0.0)
    is_false(1.0, equals=2.0, below=9.0)


@pytest.mark.parametrize(
    "value",
    [1, 1.0, True, np.float32(1), np.ones(3), [1, 1], torch.ones(2, 2, requires_grad=True)],
)
def test_a_value_may_be_any_number_or_table_of_numbers(value):
    claim("It is one.", value, equals=1)


# Shapes


@pytest.mark.parametrize(("a", "b"), [((3, 1), (3,)), ((3,), (1, 3)), ((1, 1), ()), ((2, 3), ())])
def test_axes_of_length_one_do_not_count(a, b):
    claim("They agree.", torch.ones(a), equals=torch.ones(b))


@pytest.mark.parametrize(("a", "b"), [((2, 3), (3, 2)), ((6,), (2, 3)), ((), (3,)), ((3,), (2,))])
def test_other_shapes_are_not_compared(a, b):
    with pytest.raises(ValueError, match=re.escape(f"the shape of value, {a}, got {b}")):
        claim("They agree.", torch.ones(a), equals=torch.ones(b))


# Bad arguments


def test_a_claim_needs_something_to_be_measured_by():
    with pytest.raises(TypeError, match="at least one of equals, below, above"):
        claim("It holds.", 1.0)
    with pytest.raises(TypeError, match="at least one of equals, below, above"):
        claim("It holds.", 1.0, within=0.5)


def test_a_claim_needs_a_number():
    with pytest.raises(ValueError, match="value must not be empty"):
        claim("It holds.", torch.ones(0), below=1.0)
    with pytest.raises(TypeError):
        claim("It holds.", "one", equals=1.0)


# What is shown


class Tags(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.tags = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)


def test_the_statement_is_escaped(shown):
    claim("For a < b & c, <script>alert(1)</script>.", 1.0, below=2.0)
    assert Tags(shown[0]).tags == ["div", "b", "i"]
    assert "For a &lt; b &amp; c" in shown[0]


@pytest.mark.parametrize("kind", KINDS)
def test_a_notice_has_sign_and_colour_and_is_announced(kind):
    page = notice(kind, "title", "body").data
    color, sign = KINDS[kind]
    assert f"{sign} title" in page and color in page and 'role="status"' in page


def test_signs_and_colours_of_notices_are_all_different():
    for part in zip(*KINDS.values(), strict=True):
        assert len(set(part)) == len(KINDS)


@pytest.mark.parametrize("thing", [pca.fit, pca.PCA, claim])
def test_show_is_the_source_as_it_is(thing):
    code = show(thing)
    assert thing.__doc__.splitlines()[0] in code.data
    assert f" {thing.__name__}" in code.data
    assert code._repr_html_()
