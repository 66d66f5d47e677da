"""Every figure renders, says in words what it shows, and can be drawn into the caller's axes."""

import base64
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.figure import Figure

from cvcourse import plots

PNG = b"\x89PNG\r\n\x1a\n"
RNG = np.random.default_rng(7)
NAMES = ("ball", "cup", "tree")


def _split(num: int) -> SimpleNamespace:
    images = RNG.integers(0, 256, size=(num, 3, 8, 8), dtype=np.uint8)
    return SimpleNamespace(images=images, labels=np.arange(num) % 3)


SIDE = np.linspace(-1, 1, 5)
MEMORY, QUERIES = _split(9), _split(4)
ACCURACIES = {5: [0.25, 0.75], 1: [0.5, 0.25]}
POINTS, POINT_LABELS = np.array([[0.0, 0.0], [0.5, 0.5], [-0.5, 0.5]]), np.array([0, 1, 2])

FIGURES = {
    "samples": lambda: plots.samples(MEMORY.images, MEMORY.labels, NAMES, per_class=4),
    "pixel_differences": lambda: plots.pixel_differences(MEMORY.images[0], QUERIES.images[0]),
    "neighbours": lambda: plots.neighbours(
        QUERIES, MEMORY, [0, 1], np.array([[0, 3], [0, 1]]), NAMES
    ),
    "distance_matrix": lambda: plots.distance_matrix(np.array([[1.0, 3.0], [5.0, 7.0]])),
    "lost_digits": lambda: plots.lost_digits([1e-9, 1e-5, 1.0], [1e-16, 0.0, 0.0], [-3, 1e-6, 0]),
    "blocks": lambda: plots.blocks(),
    "folds": lambda: plots.folds(11, 3),
    "cross_validation": lambda: plots.cross_validation(ACCURACIES, 5),
    "decision_regions": lambda: plots.decision_regions(
        POINTS, POINT_LABELS, SIDE, {1: np.eye(5, dtype=int), 3: np.zeros((5, 5), int)}
    ),
}

SAYS = {
    "samples": "3 classes, 4 of each, in columns: ball, cup, tree",
    "pixel_differences": "% of the places",
    "neighbours": "3 of 4 neighbours have the class of their picture",
    "distance_matrix": "the mean of a row goes from 2 to 6, that of a column from 3 to 5",
    "lost_digits": "no right digit at gaps up to 1e-09; it is negative at 1 of 3 gaps",
    "blocks": "the k best so far",
    "folds": "the folds hold 4, 4, 3 points",
    "cross_validation": "k = 1: 37.5 ± 12.5, k = 5: 50.0 ± 25.0. Chosen: k = 5",
    "decision_regions": "3 points of 3 classes in the plane",
}


def test_every_figure_of_the_package_is_tried_here():
    assert set(FIGURES) == set(SAYS) == set(plots.__all__)


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_becomes_a_picture_with_its_text_alternative(name):
    figure = FIGURES[name]()
    data, metadata = figure._repr_mimebundle_()
    assert base64.b64decode(data["image/png"]).startswith(PNG)
    assert SAYS[name] in figure.alt
    assert metadata["image/png"]["alt"] == figure.alt


def test_a_notebook_shows_the_picture_and_prints_it_in_words(monkeypatch, capsys):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda *args, **kwargs: shown.append(args))
    figure = FIGURES["folds"]()
    figure._ipython_display_()
    assert [set(data) for (data,) in shown] == [{"image/png", "text/plain"}]
    assert capsys.readouterr().out.split() == ["In", "words:", *figure.alt.split()]


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_does_not_wait_in_matplotlibs_list_of_open_figures(name):
    pyplot = pytest.importorskip("matplotlib.pyplot")
    before = pyplot.get_fignums()
    FIGURES[name]()
    assert pyplot.get_fignums() == before


@pytest.mark.parametrize(
    "draw",
    [
        lambda axes: plots.distance_matrix(np.eye(3), axes=axes),
        lambda axes: plots.lost_digits([1e-9, 1.0], [0, 0], [-3, 0], axes=axes),
        lambda axes: plots.blocks(axes=axes),
        lambda axes: plots.folds(5, 2, axes=axes),
        lambda axes: plots.cross_validation(ACCURACIES, 1, axes=axes),
    ],
    ids=["distance_matrix", "lost_digits", "blocks", "folds", "cross_validation"],
)
def test_a_figure_of_one_panel_is_drawn_into_the_callers_axes(draw):
    figure = Figure()
    axes = figure.add_subplot()
    assert draw(axes) is figure
    assert axes.has_data() or axes.patches
    assert figure.alt


@pytest.mark.parametrize("name", ["samples", "pixel_differences", "neighbours"])
def test_pictures_have_no_ticks_and_no_smoothing(name):
    panels = [axes for axes in FIGURES[name]().axes if axes.images and axes.get_label() == ""]
    assert panels
    for axes in panels:
        assert not len(axes.get_xticks())
        assert not len(axes.get_yticks())
        assert axes.images[0].get_interpolation() == "nearest"


def test_a_sheet_of_samples_holds_the_pictures_of_each_class_in_its_column():
    sheet = plots.samples(MEMORY.images, MEMORY.labels, NAMES, per_class=3).axes[0].images[0]
    pixels = np.asarray(sheet.get_array())
    cup = MEMORY.images[4].transpose(1, 2, 0)  # the second cup: second row, second column
    assert np.array_equal(pixels[9:17, 9:17], cup)


def test_right_and_wrong_neighbours_differ_in_more_than_colour():
    figure = FIGURES["neighbours"]()
    frames = [axes.spines["left"].get_linestyle() for axes in figure.axes]
    # two rows of a picture and two neighbours; only the first neighbour of the second is wrong
    assert frames[1] == frames[2] == frames[5] == "solid"
    assert frames[4] != "solid"


def test_folds_follow_the_cut_that_the_notebook_asks_for():
    panel = plots.folds(11, 3).axes[0]
    hatched = [patch.get_hatch() is not None for patch in panel.patches]
    rounds = np.array(hatched).reshape(3, 11)
    assert rounds.sum(axis=1).tolist() == [4, 4, 3]
    assert (rounds.sum(axis=0) == 1).all()


def test_importing_the_package_does_not_import_matplotlib():
    code = "import sys, cvcourse.plots; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_unknown_figure_is_named_with_those_that_exist():
    with pytest.raises(AttributeError, match="has no figure 'pie'; it has blocks, cross_valid"):
        plots.pie  # noqa: B018


@pytest.mark.parametrize(
    ("draw", "says"),
    [
        (lambda: plots.distance_matrix(np.zeros(3)), r"dists must be \(M, N\); got shape \(3,\)"),
        (lambda: plots.folds(3, 4), "num_folds must be from 2 to 3; got 4"),
        (lambda: plots.cross_validation(ACCURACIES, 2), r"must be one of \[1, 5\]; got 2"),
        (lambda: plots.cross_validation({1: [0.5]}, 1), "at least two accuracies"),
        (
            lambda: plots.pixel_differences(np.zeros((3, 2, 2)), np.zeros((3, 2, 4))),
            "must have one shape",
        ),
        (
            lambda: plots.neighbours(QUERIES, MEMORY, [0], np.zeros((2, 3), int), NAMES),
            r"nearest must be \(R, k\) with R=1; got \(2, 3\)",
        ),
        (
            lambda: plots.decision_regions(POINTS, np.array([0, 1, 3]), SIDE, {}),
            "labels must be below 3; got 3",
        ),
    ],
)
def test_a_figure_that_cannot_be_drawn_says_why(draw, says):
    with pytest.raises(ValueError, match=says):
        draw()
