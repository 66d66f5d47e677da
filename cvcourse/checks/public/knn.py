"""The visible checks of the kNN notebook: inputs whose outcome is known beforehand, and properties.

Nothing here computes an answer. Points stand on perpendicular lines, so that Pythagoras knows
their distances; labels and folds are small enough to follow by hand.
"""

from __future__ import annotations

import numpy as np
import torch

from cvcourse.checks.given import copycat, count_training, sign_of_first
from cvcourse.checks.ladder import (
    expect,
    expect_array,
    expect_form,
    expect_number,
    expect_unchanged,
)
from cvcourse.checks.public.knn_inputs import (
    GROWS,
    SMALL_BUDGET,
    WRAPPED,
    corners,
    expect_accuracies,
    expect_by_hand,
    expect_flat,
    expect_form_of_accuracies,
    expect_labels,
    expect_pythagoras,
    expect_torch_labels,
    growth,
)
from cvcourse.checks.questions import question
from cvcourse.checks.student import Student

UNTRIED = {
    "knn-q1": "other dtypes and shapes, such as one point or one feature",
    "knn-q2": "other dtypes and shapes, such as one point or one feature",
    "knn-q3": "other dtypes and shapes, points that nearly coincide, and larger inputs",
    "knn-q4": "larger inputs, other label types, and ties of other kinds",
    "knn-q5": "other numbers of folds and the order of the training rows",
    "knn-q6": "other ties and numbers of folds",
    "knn-q7": "other dtypes and shapes, larger inputs, and accuracy on pictures",
}


@question("knn-q1")
def two_loops_by_hand(student: Student) -> None:
    """Distances between small points, as floats and as uint8, are those worked out by hand."""
    expect_by_hand(student, "compute_distances_two_loops")


@question("knn-q1")
def two_loops_agree(student: Student, rng: np.random.Generator) -> None:
    """Distances between points on two perpendicular lines follow from Pythagoras."""
    expect_pythagoras(student, "compute_distances_two_loops", rng)


@question("knn-q1")
def two_loops_form(student: Student, rng: np.random.Generator) -> None:
    """One Python loop runs over the test points, and inside it one over the training points."""
    over_test, over_train, _ = growth(student, "compute_distances_two_loops", rng)
    expect(
        over_test > GROWS,
        "The work of your code does not grow with the number of test points; "
        "this question asks for a Python loop over them.",
        f"Twice the test points took {over_test:.2f} times the steps.",
    )
    expect(
        over_train > GROWS,
        "The work of your code does not grow with the number of training points; "
        "this question asks for a second Python loop, over them.",
        f"Twice the training points took {over_train:.2f} times the steps.",
    )


@question("knn-q2")
def one_loop_by_hand(student: Student) -> None:
    """Distances between small points, as floats and as uint8, are those worked out by hand."""
    expect_by_hand(student, "compute_distances_one_loop")


@question("knn-q2")
def one_loop_agrees(student: Student, rng: np.random.Generator) -> None:
    """Distances between points on two perpendicular lines follow from Pythagoras."""
    expect_pythagoras(student, "compute_distances_one_loop", rng)


@question("knn-q2")
def one_loop_form(student: Student, rng: np.random.Generator) -> None:
    """One Python loop runs over the test points; there is no other loop."""
    over_test, over_train, over_features = growth(student, "compute_distances_one_loop", rng)
    expect(
        over_test > GROWS,
        "The work of your code does not grow with the number of test points; "
        "this question asks for one Python loop, over them.",
        f"Twice the test points took {over_test:.2f} times the steps.",
    )
    expect_flat(over_train, "training points")
    expect_flat(over_features, "features")


@question("knn-q3")
def no_loops_by_hand(student: Student) -> None:
    """Distances between small points, as floats and as uint8, are those worked out by hand."""
    expect_by_hand(student, "compute_distances_no_loops")


@question("knn-q3")
def no_loops_agree(student: Student, rng: np.random.Generator) -> None:
    """Distances between points on two perpendicular lines follow from Pythagoras."""
    expect_pythagoras(student, "compute_distances_no_loops", rng)


@question("knn-q3")
def no_loops_identical(student: Student, rng: np.random.Generator) -> None:
    """Identical points far from the origin have a distance near 0, never NaN or negative."""
    num, features = 23, 64
    x = 1000 + rng.normal(size=(num, features))
    dists = student.compute_distances_no_loops(x, x)
    expect_form(dists, np.zeros((num, num)), name="dists", axes="(M, N)")
    expect(
        np.isfinite(dists).all(),
        "dists holds NaN. Rounding can make a squared distance slightly negative; "
        "raise it to 0 before you take the root.",
        f"{int((~np.isfinite(dists)).sum())} of {dists.size} entries are not finite.",
    )
    expect((dists >= 0).all(), "dists holds negative numbers; no distance is negative.")
    own, allowed = np.diag(dists), 2 * np.sqrt(features * np.finfo(np.float64).eps)
    expect(
        (own <= allowed * np.linalg.norm(x, axis=1)).all(),
        "The distance of a point to itself is larger than rounding in float64 explains.",
        f"Largest: {own.max():.3g}; allowed: {allowed:.3g} times the point's norm.",
    )
    pixels = rng.integers(0, 256, size=(num, features))
    own = np.diag(np.asarray(student.compute_distances_no_loops(pixels, pixels)))
    expect(
        (own == 0).all(),
        "The distance of a picture to itself must be exactly 0 when pixels are whole numbers: "
        "float64 holds all three sums exactly, so nothing needs to be added or rounded.",
        f"Largest: {own.max():.3g}.",
    )


@question("knn-q3")
def no_loops_form(student: Student, rng: np.random.Generator) -> None:
    """No Python loop runs over test points, training points or features."""
    factors = growth(student, "compute_distances_no_loops", rng)
    for factor, axis in zip(factors, ("test points", "training points", "features"), strict=True):
        expect_flat(factor, axis)


@question("knn-q3")
def no_loops_memory(student: Student, rng: np.random.Generator) -> None:
    """No array of M x N x D numbers is made on the way."""
    num_test, num_train, features = 61, 83, 1009
    x_test, x_train = rng.normal(size=(num_test, features)), rng.normal(size=(num_train, features))
    peak, _ = student.peak_bytes("compute_distances_no_loops", x_train, x_test)
    whole = num_test * num_train * features * 8
    expect(
        peak < whole - 2**20,
        "Your code makes an array of all M x N x D differences. Expand the square, "
        "so that a matrix product does the sum over the features.",
        f"Memory grew by {peak / 2**20:.0f} MiB; all differences take {whole / 2**20:.0f} MiB.",
    )


@question("knn-q4")
def labels_by_vote(student: Student) -> None:
    """Each test point gets the most frequent label among its k nearest training points."""
    dists = np.array([[0.5, 3.0, 2.0, 0.9, 4.0, 6.0], [5.0, 0.1, 7.0, 6.0, 0.2, 8.0]])
    y_train = np.array([4, 9, 4, 2, 9, 4])
    expect_labels(student, dists, y_train, {1: [4, 9], 3: [4, 9], 6: [4, 4]})


@question("knn-q4")
def labels_vote_ties(student: Student) -> None:
    """A tie in votes goes to the smallest label."""
    dists = np.array([[0.1, 0.2, 0.3, 0.4], [0.2, 0.1, 0.4, 0.3]])
    y_train = np.array([8, 3, 3, 8])
    received = student.predict_labels(dists, y_train, 4)
    expect_form(received, np.zeros(2, np.int64), name="labels", axes="(M,)", dtype="integer")
    expect(
        not (received == 8).all(),
        "A tie went to the largest label; it must go to the smallest.",
        f"Two votes for 8 and two for 3: received {received.tolist()}.",
    )
    expect(
        (received == 3).all(),
        "A tie was broken by distance or by position; it must go to the smallest label.",
        f"Two votes for 8 and two for 3: received {received.tolist()}.",
    )


@question("knn-q4")
def labels_distance_ties(student: Student) -> None:
    """Of training points at equal distance the one with the smaller index is nearer."""
    dists = np.ones((2, 40))
    dists[1, 30] = 0.5
    y_train = np.array([6, 6, 5] + 37 * [1])
    expect_array(
        student.predict_labels(dists, y_train, 3),
        np.array([6, 6]),
        name="labels",
        axes="(M,)",
        rtol=0,
        atol=0,
        dtype="integer",
        hint="Many points here are at the same distance. A stable sort keeps them in the order "
        "of their indices; the default sort and argpartition do not.",
    )


@question("knn-q4")
def labels_any_integers(student: Student) -> None:
    """Labels may be any non-negative integers, and the arguments stay as they were."""
    dists = np.array([[3.0, 1.0, 2.0], [1.0, 2.0, 3.0], [2.0, 3.0, 1.0]])
    y_train = np.array([70_000, 12, 12])
    received, (left_dists, left_y, _) = student.call_keeping_arguments(
        "predict_labels", dists, y_train, 1
    )
    expect_array(
        received,
        np.array([12, 70_000, 12]),
        name="labels",
        axes="(M,)",
        rtol=0,
        atol=0,
        dtype="integer",
        hint="Labels need not be 0, 1, 2, ...: return entries of y_train, not positions.",
    )
    expect_unchanged(dists, left_dists, name="dists")
    expect_unchanged(y_train, left_y, name="y_train")


@question("knn-q5")
def folds_in_order(student: Student) -> None:
    """Entry i is the accuracy when fold i, cut in the order given, is the validation part."""
    x = np.arange(10.0)[:, None]
    y = np.array([0, 1, 0, 1, 0, 0, 1, 1, 1, 1])
    accuracies = student.cross_validate(x, y, [5, 1], 5, sign_of_first)
    expected = {5: [0.5, 0.5, 0.5, 1.0, 1.0], 1: [1.0, 0.5, 0.0, 1.0, 1.0]}
    expect_accuracies(
        accuracies,
        expected,
        hint="Cut the rows in the order given, without shuffling, and compare the predictions "
        "with the labels of the same fold.",
    )


@question("knn-q5")
def folds_uneven(student: Student) -> None:
    """Eleven points in three folds make folds of 4, 4 and 3, and k is passed on."""
    x = np.arange(22).reshape(11, 2)
    y = np.array(4 * [7] + 4 * [7] + 3 * [8])  # how many training points each fold leaves
    accuracies = student.cross_validate(x, y, [1, 2], 3, count_training)
    expect_accuracies(
        accuracies,
        {1: [1.0, 1.0, 1.0], 2: [0.0, 0.0, 0.0]},
        hint="Every point is in one fold; sizes differ by at most one, larger folds first. "
        "The classifier is trained on all points outside the fold, and gets k.",
    )


@question("knn-q5")
def folds_apart(student: Student) -> None:
    """No point of the validation fold is among the training points."""
    x = np.arange(36).reshape(12, 3)
    y = np.arange(12) % 4
    accuracies = student.cross_validate(x, y, [1], 4, copycat)
    expect_form_of_accuracies(accuracies, {1: [0.0] * 4})
    expect(
        max(accuracies[1]) == 0,
        "A classifier that only recognises pictures it was trained on scored above 0: "
        "points of the validation fold are among the training points.",
        f"Received accuracies {accuracies[1]}.",
    )


@question("knn-q6")
def best_by_mean(student: Student) -> None:
    """The best k has the highest mean accuracy over the folds."""
    accuracies = {10: [0.25, 0.25], 3: [0.25, 0.75], 5: [0.75, 0.5], 1: [1.0, 0.0]}
    received = student.best_k(accuracies)
    expect(
        received != 0.625,
        "best_k returns the accuracy; it must return the k that has it.",
    )
    expect(
        received != 1,
        "best_k looks at the best single fold; compare the means over all folds.",
    )
    expect_number(received, 5, name="best_k", rtol=0, atol=0, hint="Compare the means.")


@question("knn-q6")
def best_k_ties(student: Student) -> None:
    """Of several best k the smallest is chosen."""
    accuracies = {20: [0.5, 0.5], 8: [0.25, 0.75], 50: [0.5, 0.5], 9: [0.25, 0.5]}
    expect_number(
        student.best_k(accuracies),
        8,
        name="best_k",
        rtol=0,
        atol=0,
        hint="Three values of k share the best mean; choose the smallest k, "
        "whatever the order of the dictionary.",
    )


@question("knn-q7")
def torch_by_hand(student: Student) -> None:
    """Labels of points on a line are those that can be read off by hand, ties included."""
    x_train = torch.tensor([[0.0], [1.0], [2.0], [10.0], [11.0], [12.0], [13.0]])
    y_train = torch.tensor([7, 7, 3, 5, 5, 2, 2])
    x_test = torch.tensor([[0.4], [12.9], [11.4], [-3.0]])
    outcomes = {1: [7, 2, 5, 7], 4: [7, 2, 2, 7], 7: [2, 2, 2, 2]}
    for k, wanted in outcomes.items():
        expect_torch_labels(
            student.predict_torch(x_train, y_train, x_test, k, SMALL_BUDGET),
            wanted,
            hint="Points lie on a line here. Vote as in knn-q4: a tie goes to the smallest label.",
        )
    far = 1e5  # squares reach 1e10, where float32 steps by a thousand and float64 by 2e-6
    expect_torch_labels(
        student.predict_torch(
            x_train.double() + far, y_train, x_test.double() + far, 1, SMALL_BUDGET
        ),
        outcomes[1],
        hint="The same points far from the origin get other labels: compute in float64.",
    )
    x_train, x_test = torch.tensor([[5], [100], [250]]), torch.tensor([[3], [253], [60]])
    expect_torch_labels(
        student.predict_torch(
            x_train.byte(), torch.tensor([4, 6, 1]), x_test.byte(), 1, SMALL_BUDGET
        ),
        [4, 1, 6],
        hint=WRAPPED,
    )


@question("knn-q7")
def torch_far_apart_in_order(student: Student, rng: np.random.Generator) -> None:
    """Neighbours are found wherever they stand among the training points."""
    runs, length = 431, 7  # whole numbers on a line, which k = 5 asks for in runs of seven
    place = rng.permutation(runs * length)
    asked = rng.permutation(runs) * length + length // 2
    x_train, x_test = (torch.from_numpy(a.astype(np.float32))[:, None] for a in (place, asked))
    for k, label in ((1, 1), (5, length)):
        given = x_train, torch.from_numpy(place // label), x_test
        received, left = student.call_keeping_arguments("predict_torch", *given, k, SMALL_BUDGET)
        expect_torch_labels(
            received,
            (asked // label).tolist(),
            hint="The nearest points of one test point stand far apart in x_train, in several "
            "blocks. Join the k best so far with the candidates of each block, then choose "
            "again; and leave no block out, the smaller last one included.",
        )
        for before, after, name in zip(given, left, ("x_train", "y_train", "x_test"), strict=False):
            expect_unchanged(before, after, name=name)


@question("knn-q7")
def torch_many_blocks(student: Student, rng: np.random.Generator) -> None:
    """Many points in five far corners get the label of their corner, through uneven blocks."""
    x_train, y_train, x_test, y_test = corners(rng)
    received, left = student.call_keeping_arguments(
        "predict_torch", x_train, y_train, x_test, 9, SMALL_BUDGET
    )
    expect_torch_labels(
        received,
        y_test.tolist(),
        hint="The inputs are uint8 and take many blocks, the last of each kind smaller. "
        "Convert each block to float64 before computing, and keep the k best over all blocks.",
    )
    for before, after, name in zip(
        (x_train, y_train, x_test), left, ("x_train", "y_train", "x_test"), strict=False
    ):
        expect_unchanged(before, after, name=name)


@question("knn-q7")
def torch_memory(student: Student, rng: np.random.Generator) -> None:
    """Tensors made in the call take less than max_bytes together."""
    x_train, y_train, x_test, _ = corners(rng)
    peak, _ = student.peak_bytes("predict_torch", x_train, y_train, x_test, 9, SMALL_BUDGET)
    result = 8 * len(x_test)
    expect(
        peak - result <= SMALL_BUDGET + student.peak_noise,
        "Tensors made in the call take more than max_bytes together. Go through blocks of "
        "training points as well as of test points, and convert one block at a time.",
        f"They reach {peak / 2**20:.1f} MiB; max_bytes is {SMALL_BUDGET / 2**20:.1f} MiB.",
    )
