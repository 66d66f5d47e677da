"""Hidden checks of the kNN notebook: distances, votes, cross-validation, search in blocks.

Every check asks for right values too, on inputs that its own subject leaves alone: a function
that returns zeros must not pass for one that is lean or that leaves its arguments in peace.
"""

from __future__ import annotations

import numpy as np

from autograder.grading.forbidden import LOOPS_IN_DISGUISE, LOOPS_OF_PYTHON, Contract
from autograder.hidden.a1_classifiers import knn_inputs as inputs
from autograder.hidden.a1_classifiers import knn_oracles as oracles
from autograder.hidden.a1_classifiers.knn_expectations import (
    ABOUT,
    FULL_ACCURACY,
    RTOL,
    SOME_ACCURACY,
    Secret,
    as_tensors,
    expect_accuracies,
    expect_accuracy,
    expect_agreement,
    expect_agreement_for_dtypes,
    expect_arguments_kept,
    expect_found,
    expect_k,
    expect_labels,
    expect_loops,
    expect_search,
    search,
)
from cvcourse.checks import Student, expect, expect_array, expect_unchanged, given, question

MIB = 2**20

# (M, N, D), k and max_bytes of searches whose memory is measured. Seen from outside, the limits
# are 42 MiB for 8 MiB and 112 MiB for 64 MiB.
SEARCHES = (
    ((67, 5003, 3072), 3, 8 * MIB),  # the training points alone take 117 MiB in float64
    ((5003, 67, 3072), 3, 8 * MIB),  # the test points do
    ((601, 20011, 64), 3, 8 * MIB),  # the distances take 92 MiB, one block's labels for all N 70
    ((1031, 1049, 3072), 3, 8 * MIB),  # two blocks of 1024 rows take 48 MiB
    ((20011, 307, 64), 31, 8 * MIB),  # comparing all M x k x k votes takes 18 MiB, and 8 x to sum
    ((3001, 4001, 64), 3, 64 * MIB),  # blocks with twice as many rows as fit take 150 MiB or more
)

ONE_BY_ONE = ("numpy.linalg.norm", "scipy", "torch", *LOOPS_IN_DISGUISE)
CONTRACTS = {
    "knn-q1": Contract(ONE_BY_ONE),
    "knn-q2": Contract(ONE_BY_ONE),
    "knn-q3": Contract((*ONE_BY_ONE, *LOOPS_OF_PYTHON)),
    "knn-q7": Contract(("torch.cdist", "torch.nn.functional.pdist", "torch.pdist", "scipy")),
}

TWO = "compute_distances_two_loops"
ONE = "compute_distances_one_loop"
NO = "compute_distances_no_loops"


@question("knn-q1", weight=2)
def test_two_loops_agree(student: Student, rng: np.random.Generator) -> None:
    """Distances with two loops agree with double-precision loops on odd shapes."""
    expect_agreement(student, TWO, rng)


@question("knn-q1")
def test_two_loops_dtypes(student: Student, rng: np.random.Generator) -> None:
    """Distances with two loops are float64 and right for every real dtype; uint8 does not wrap."""
    expect_agreement_for_dtypes(student, TWO, rng)


@question("knn-q1")
def test_two_loops_loop(student: Student, rng: np.random.Generator) -> None:
    """One loop runs over the test points and inside it one over the training points."""
    expect_loops(
        student, TWO, rng, size=16, asked=("test points", "training points"), free=("features",)
    )


@question("knn-q1")
def test_two_loops_arguments(student: Student, rng: np.random.Generator) -> None:
    """The arguments are left as they were."""
    expect_arguments_kept(student, TWO, rng)


@question("knn-q2", weight=2)
def test_one_loop_agrees(student: Student, rng: np.random.Generator) -> None:
    """Distances with one loop agree with double-precision loops on odd shapes."""
    expect_agreement(student, ONE, rng)


@question("knn-q2")
def test_one_loop_dtypes(student: Student, rng: np.random.Generator) -> None:
    """Distances with one loop are float64 and right for every real dtype; uint8 does not wrap."""
    expect_agreement_for_dtypes(student, ONE, rng)


@question("knn-q2")
def test_one_loop_loops(student: Student, rng: np.random.Generator) -> None:
    """One loop runs over the test points, and there is no other."""
    expect_loops(student, ONE, rng, size=40, asked=("test points",))


@question("knn-q2")
def test_one_loop_arguments(student: Student, rng: np.random.Generator) -> None:
    """The arguments are left as they were."""
    expect_arguments_kept(student, ONE, rng)


@question("knn-q3", weight=2)
def test_no_loops_agrees(student: Student, rng: np.random.Generator) -> None:
    """Distances without loops agree with double-precision loops on odd shapes."""
    expect_agreement(student, NO, rng)


@question("knn-q3")
def test_no_loops_dtypes(student: Student, rng: np.random.Generator) -> None:
    """Distances without loops are float64 and right for every real dtype; uint8 does not wrap."""
    expect_agreement_for_dtypes(student, NO, rng)


@question("knn-q3", weight=2)
def test_no_loops_loops(student: Student, rng: np.random.Generator) -> None:
    """No Python loop runs over test points, training points or features."""
    expect_loops(student, NO, rng, size=40, asked=())


@question("knn-q3")
def test_no_loops_cost(student: Student, reference: Student, rng: np.random.Generator) -> None:
    """The work is done by array operations, whatever form the loop would take."""
    for shape in ((701, 709, 2), (23, 29, 30_011)):
        x_train, x_test = inputs.points(rng, shape)
        seconds, dists = student.cpu_seconds(NO, x_train, x_test)
        usual, expected = reference.cpu_seconds(NO, x_train, x_test)
        expect_array(
            dists, expected, name="dists", axes="(M, N)", rtol=ABOUT, atol=ABOUT, dtype="floating"
        )
        # A Python function called for each pair takes over half a second more here, and over
        # 20,000 features a third; array operations, of whatever kind, take hundredths.
        expect(
            seconds <= 20 * usual + 0.2,
            "Your function uses far more processor time than array operations need. Is a Python "
            "function called for every pair of points or every feature, in whatever way?",
        )


@question("knn-q3", weight=2)
def test_no_loops_memory(student: Student, rng: np.random.Generator) -> None:
    """No array holds M x N x D numbers on the way to the distances."""
    train, test = inputs.points(rng, (211, 223, 7))
    copies = 144  # every feature so often: D = 1008, and the distances grow by 12
    x_train, x_test = np.tile(train, copies), np.tile(test, copies)
    expected = 12.0 * oracles.distances(train, test)
    growth, dists = student.peak_bytes(NO, x_train, x_test)
    expect_array(
        dists, expected, name="dists", axes="(M, N)", rtol=ABOUT, atol=ABOUT, dtype="floating"
    )
    # A lean answer makes less than 8 MiB here, one with M x N x D float64 numbers over 360 MiB.
    expect(
        growth <= 32 * MIB + student.peak_noise,
        "On the way your function makes an array far larger than its inputs and its result "
        "together. Broadcasting x_test[:, None] - x_train holds M x N x D numbers; expand "
        "the squared distance instead, so that one matrix product does the work.",
    )


@question("knn-q3", weight=2)
def test_no_loops_near_points(student: Student, rng: np.random.Generator) -> None:
    """Points that coincide or nearly do get a distance near zero, never NaN and never negative."""
    dim = 47
    centres = rng.normal(size=(2, dim)) * 3 + 50
    x_train = np.repeat(centres, [29, 31], axis=0)
    x_train[::3] += rng.normal(size=x_train[::3].shape) * 1e-9
    x_test = np.concatenate([x_train[5:40], centres])
    dists = getattr(student, NO)(x_train, x_test)
    finite = isinstance(dists, np.ndarray) and dists.dtype.kind == "f" and np.isfinite(dists).all()
    expect(
        finite,
        "Where two points nearly coincide, dists is not a finite float. Rounding can push the "
        "expanded square a little below zero, and the root of that is NaN: what is the smallest "
        "value a squared distance can have?",
    )
    expect((dists >= 0).all(), "dists holds negative numbers; a distance is never negative.")
    expect_array(
        dists,
        oracles.distances(x_train, x_test),
        name="dists",
        axes="(M, N)",
        rtol=RTOL,
        atol=oracles.cancellation_bound(x_train, x_test),
        hint="Some points here nearly coincide, so the terms of the expanded square cancel. All "
        "of it must be computed in float64, and nothing may be added before the root.",
    )


@question("knn-q3")
def test_no_loops_same_pictures(student: Student, rng: np.random.Generator) -> None:
    """The distance between two copies of one picture is exactly 0."""
    for dtype in ("uint8", "float32"):
        x_train = inputs.pictures(rng, 41, 3072)
        x_test = np.concatenate([x_train[30:7:-2], inputs.pictures(rng, 5, 3072)])
        expected = oracles.distances(x_train, x_test)
        dists = getattr(student, NO)(x_train.astype(dtype), x_test.astype(dtype))
        expect_array(dists, expected, name="dists", axes="(M, N)", rtol=RTOL, atol=1e-3)
        expect(
            (dists[expected == 0] == 0).all(),
            "Two copies of a picture are not at distance exactly 0. Whole-numbered pixels lose "
            "no digit when every term of the expanded square is computed in float64 from the "
            "pixels as they are, with nothing subtracted, scaled or added for safety.",
        )


@question("knn-q3")
def test_no_loops_arguments(student: Student, rng: np.random.Generator) -> None:
    """The arguments are left as they were."""
    expect_arguments_kept(student, NO, rng)


@question("knn-q4", weight=2)
def test_vote_counts(student: Student, rng: np.random.Generator) -> None:
    """The label is the most frequent among the k nearest, for k from 1 to N."""
    y_train = rng.integers(0, 2, size=29)  # two labels and k odd: no ties here
    dists = inputs.distinct_distances(rng, 37, 29)
    for k in (1, 3, 7, 27, 29):
        expect_labels(
            student.predict_labels(dists, y_train, k),
            oracles.labels(dists, y_train, k),
            "Do exactly k points vote, each once, and are they the nearest ones? Row m of dists "
            "holds the distances of test point m to all training points.",
        )


@question("knn-q4")
def test_vote_default_k(student: Student, rng: np.random.Generator) -> None:
    """k is 1 unless it is given, and can be given by name; one point of each kind is enough."""
    for num_test, num_train in ((13, 17), (1, 5), (5, 1), (1, 1)):
        y_train = rng.integers(0, 2, size=num_train)
        dists = inputs.distinct_distances(rng, num_test, num_train)
        hint = "Tried with k left out, with k given by name, and with a single point."
        nearest = oracles.labels(dists, y_train, 1)
        expect_labels(student.predict_labels(dists, y_train), nearest, hint)
        k = num_train // 4 * 2 + 1  # 9, 3 or 1: odd, so that two labels cannot tie
        named = student.predict_labels(dists, y_train, k=k)
        expect_labels(named, oracles.labels(dists, y_train, k), hint)


@question("knn-q4", weight=2)
def test_vote_ties(student: Student, rng: np.random.Generator) -> None:
    """A tie in votes goes to the smallest label, wherever its points stand."""
    y_train = rng.integers(0, 3, size=23)
    dists = inputs.distinct_distances(rng, 41, 23)
    for k in (2, 4, 6, 22):
        expect_labels(
            student.predict_labels(dists, y_train, k),
            oracles.labels(dists, y_train, k),
            "When several labels have the same number of votes, the smallest of them wins: not "
            "the nearest, not the first that was met, not the largest.",
        )


@question("knn-q4")
def test_vote_equal_distances(student: Student, rng: np.random.Generator) -> None:
    """Of training points at equal distance the one with the smaller index is nearer."""
    y_train = rng.integers(0, 2, size=97)
    for dists in (rng.integers(0, 4, size=(19, 97)) / 2.0, np.zeros((2, 97))):
        for k in (1, 5, 31):
            expect_labels(
                student.predict_labels(dists, y_train, k),
                oracles.labels(dists, y_train, k),
                "Many distances are equal here. Which order does your sort give equal elements? "
                "NumPy's default sort promises none; look at the argument kind of np.argsort.",
            )


@question("knn-q4")
def test_vote_any_labels(student: Student, rng: np.random.Generator) -> None:
    """Labels may be any non-negative integers of any integer dtype, and come back as integers."""
    for dtype, values in (("int64", (4099, 1009)), ("uint8", (255, 7)), ("int32", (9,))):
        y_train = rng.choice(np.array(values, dtype=dtype), size=31)
        dists = inputs.distinct_distances(rng, 17, 31).astype("float32")
        for k in (1, 5, 9):
            expect_labels(
                student.predict_labels(dists, y_train, k),
                oracles.labels(dists, y_train, k),
                "The labels here are not 0, 1, 2, ... up to K - 1. Count votes for the labels "
                "that occur, and return labels, not places.",
            )


@question("knn-q4")
def test_vote_arguments(student: Student, rng: np.random.Generator) -> None:
    """The arguments are left as they were."""
    y_train = rng.integers(0, 2, size=19)
    dists = inputs.distinct_distances(rng, 11, 19)
    predicted, left = student.call_keeping_arguments("predict_labels", dists, y_train, 5)
    expect_labels(predicted, oracles.labels(dists, y_train, 5), "")
    expect_unchanged(dists, left[0], name="dists")
    expect_unchanged(y_train, left[1], name="y_train")


@question("knn-q5", weight=2)
def test_folds_apart(student: Student, rng: np.random.Generator) -> None:
    """No point that is being judged is among the points learned from."""
    x, y = inputs.rows_with_twins(rng)
    expect_accuracies(
        student.cross_validate(x, y, [1], 5, given.copycat),
        oracles.accuracies(x, y, [1], 5, given.copycat),
        "The classifier in this check knows a row only if it was given that row to learn from. "
        "It did better or worse than it should: take the validation fold, all of it and nothing "
        "else, out of the training part.",
    )


@question("knn-q5", weight=2)
def test_folds_uneven(student: Student, rng: np.random.Generator) -> None:
    """Folds differ in size by at most one, the larger ones come first, and no point is dropped."""
    for num, num_folds in ((23, 5), (11, 4), (8, 3), (7, 7), (12, 3)):
        x = rng.normal(size=(num, 2))
        y = np.zeros(num, dtype=np.int64)
        for start, stop in oracles.fold_bounds(num, num_folds):
            y[start:stop] = num - (stop - start) + rng.integers(0, 2, size=stop - start)
        expect_accuracies(
            student.cross_validate(x, y, [1], num_folds, given.count_training),
            oracles.accuracies(x, y, [1], num_folds, given.count_training),
            "The classifier in this check answers with the number of points it was given to "
            "learn from. When N does not divide evenly, the first folds are one larger than the "
            "others, as np.array_split cuts; each point is judged once.",
        )


@question("knn-q5", weight=2)
def test_folds_order(student: Student, rng: np.random.Generator) -> None:
    """Entry i is the accuracy on fold i, and folds are contiguous in the order given."""
    k_choices = [-1, 2, 0]
    x = rng.integers(-4, 5, size=(30, 3)).astype(np.float64)
    y = (x[:, 0] + rng.integers(-1, 2, size=30) >= 0).astype(np.int64)
    expect_accuracies(
        student.cross_validate(x, y, k_choices, 6, given.sign_of_first),
        oracles.accuracies(x, y, k_choices, 6, given.sign_of_first),
        "Are the folds cut from the rows in the order given, without shuffling, is each k of "
        "k_choices handed on to predict, and is an accuracy the share of right labels?",
    )


@question("knn-q5", weight=2)
def test_folds_rows(student: Student, rng: np.random.Generator) -> None:
    """Training rows and labels keep their order and stay together; all of them reach predict."""
    x = rng.integers(0, 256, size=(45, 3), dtype=np.uint8)
    y = rng.integers(0, 3, size=45)
    expect_accuracies(
        student.cross_validate(x, y, [3, 1, 8], 5, given.fingerprint),
        oracles.accuracies(x, y, [3, 1, 8], 5, given.fingerprint),
        "The classifier in this check answers differently as soon as one training row, label or "
        "k changes its value or place. Join the other folds in their order, rows and labels "
        "alike, and hand them on as they are.",
    )


@question("knn-q5")
def test_folds_arguments(student: Student, rng: np.random.Generator) -> None:
    """The arguments are left as they were."""
    x, y = inputs.rows_with_twins(rng)
    args = (x, y, [1, 2], 3, given.copycat)
    table, left = student.call_keeping_arguments("cross_validate", *args)
    expect_accuracies(table, oracles.accuracies(*args), "")
    expect_unchanged(x, left[0], name="x")
    expect_unchanged(y, left[1], name="y")
    expect(left[2] == [1, 2], "Your function changes its argument k_choices; work on a copy.")


@question("knn-q6", weight=2)
def test_best_k_mean(student: Student, rng: np.random.Generator) -> None:
    """The best k has the highest mean accuracy over the folds."""
    hint = (
        "The largest mean over all folds decides, not the best single fold; what is returned is "
        "the k, not its accuracy and not its place."
    )
    for num_folds in (5, 3, 1):
        for lucky in range(num_folds):  # the fold on which another k shines, and on no other
            choices = [int(k) for k in rng.permutation([1, 3, 5, 8, 12, 20])]
            table = {k: rng.uniform(0.2, 0.4, size=num_folds).tolist() for k in choices}
            best, other = choices[1 + lucky % 4], choices[-(lucky % 2)]
            table[best] = rng.uniform(0.5, 0.6, size=num_folds).tolist()
            if num_folds > 1:
                table[other] = [0.7 if fold == lucky else 0.1 for fold in range(num_folds)]
            expect_k(student.best_k(table), best, hint)
            # One without any pattern, for an answer that knows the pattern above.
            table = {k: rng.uniform(size=num_folds).tolist() for k in choices}
            expect_k(student.best_k(table), max(choices, key=lambda k: sum(table[k])), hint)


@question("knn-q6", weight=2)
def test_best_k_ties(student: Student, rng: np.random.Generator) -> None:
    """A tie in mean accuracy goes to the smallest k, in whatever order the dict holds them."""
    for row in ([0.5, 0.25, 0.75], [0.0, 0.0], [1.0]):
        for tied in ([10, 9, 100], [2, 30], [7]):
            table = {int(k): rng.permutation(row).tolist() for k in rng.permutation(tied)}
            table |= {1: [0.0] * len(row)} if any(row) else {}
            items = [*table.items()]
            for order in (items, items[::-1]):
                expect_k(
                    student.best_k(dict(order)),
                    min(tied),
                    "Several k have the same mean here; the smallest of them wins, wherever it "
                    "stands in the dict. All of them may also be 0.",
                )


@question("knn-q7", weight=2)
def test_search_agrees(student: Student, rng: np.random.Generator) -> None:
    """The labels are those of the NumPy path, in one block and in many."""
    for shape, k in (((101, 97, 5), 97), ((211, 503, 11), 7), ((1, 7, 3), 3), ((5, 1, 1), 1)):
        expect_search(student, rng, inputs.points(rng, shape), k, max_bytes=4 * MIB)
    # With D = 3072 and 8 MiB a block has fewer than 99 rows.
    for k, max_bytes in ((5, 8 * MIB), (99, 8 * MIB), (7, 64 * MIB)):
        pair = inputs.points(rng, (307, 409, 24))
        expect_search(student, rng, pair, k, max_bytes=max_bytes, copies=128)


@question("knn-q7")
def test_search_dtypes(student: Student, rng: np.random.Generator) -> None:
    """Pixels of any type are compared in float64: uint8 does not wrap, float32 loses no digits."""
    hint = (
        "The pixels here are uint8, float16 or float32, some of them far from 0 and close "
        "together. Convert each block to float64 before you compute with it."
    )
    for dtype in ("uint8", "float16", "float32", "float64"):
        pair = inputs.points_of(rng, dtype, (61, 89, 31))
        expect_search(student, rng, pair, 3, max_bytes=4 * MIB, hint=hint)
    points = (rng.normal(size=(150, 31)) * 0.01 + 1000).astype("float32")
    expect_search(student, rng, (points[:89], points[89:]), 1, max_bytes=4 * MIB, hint=hint)


@question("knn-q7")
def test_search_ties(student: Student, rng: np.random.Generator) -> None:
    """A tie in votes goes to the smallest label; labels may be any non-negative integers."""
    values = np.array([1009, 4, 37])
    for k in (2, 4, 6):
        pair = inputs.points(rng, (67, 83, 7))
        hint = "Several labels can have the same number of votes; the smallest of them wins."
        expect_search(student, rng, pair, k, max_bytes=4 * MIB, values=values, hint=hint)


@question("knn-q7")
def test_search_copies(student: Student, rng: np.random.Generator) -> None:
    """Training pictures that occur several times all count, whichever block they are in."""
    once = inputs.pictures(rng, 151, 3072)
    # Copies with labels of their own: a table from picture to label is no answer.
    x_train, y_train = np.tile(once, (3, 1)), rng.integers(0, 2, size=3 * 151)
    x_test = once[rng.permutation(151)[:53]]
    expected = oracles.labels(oracles.distances(x_train, x_test), y_train, 3)
    expect_found(
        search(student, x_train, y_train, x_test, 3, max_bytes=8 * MIB),
        expected,
        "Every training picture occurs three times here, in different blocks. Are the k nearest "
        "of a block joined with the k nearest of the blocks before it?",
    )


@question("knn-q7", weight=2)
def test_search_memory(student: Student, rng: np.random.Generator) -> None:
    """Memory stays below max_bytes, however many training points or test points there are."""
    # A first call loads code, which is no fault of the answer. Then peaks come before all other
    # calls: large blocks that a call has left resident would hide their growth.
    expect_search(student, rng, inputs.points(rng, (31, 37, 64)), 3, max_bytes=8 * MIB)
    searches = [(inputs.planted(rng, shape, k, 10), k, budget) for shape, k, budget in SEARCHES]
    for (x_train, y_train, x_test, expected), k, budget in searches:
        args = as_tensors(x_train, y_train, x_test)
        growth, found = student.peak_bytes("predict_torch", *args, k, budget)
        expect(
            growth <= 1.25 * budget + student.peak_noise,
            "The call takes far more memory than max_bytes allows. Count every tensor that lives "
            "at the same time: blocks of both inputs in float64, their squares, the distances, "
            "what topk and sort return, the votes. None of them may grow with M or N; blocks of "
            "both inputs, with sizes found from max_bytes and D, keep it so.",
        )
        expect_found(found, expected, "The inputs are large here, so there are many blocks.")


@question("knn-q7")
def test_search_pictures_beyond_chance(student: Student, secret: Secret) -> None:
    """On a hidden set of generated pictures the labels are right far more often than by chance."""
    expect_accuracy(student, secret, SOME_ACCURACY)


@question("knn-q7")
def test_search_pictures(student: Student, secret: Secret) -> None:
    """On a hidden set of generated pictures the labels are right as often as kNN can make them."""
    expect_accuracy(student, secret, FULL_ACCURACY)


@question("knn-q7")
def test_search_arguments(student: Student, rng: np.random.Generator) -> None:
    """The arguments are left as they were."""
    x_train, x_test = inputs.points(rng, (31, 43, 7))
    y_train = rng.integers(0, 2, size=43)
    args = as_tensors(x_train, y_train, x_test)
    found, left = student.call_keeping_arguments("predict_torch", *args, 3, 4 * MIB)
    expected = oracles.labels(oracles.distances(x_train, x_test), y_train, 3)
    expect_found(found, expected, "")
    for name, before, after in zip(("x_train", "y_train", "x_test"), args, left, strict=False):
        expect_unchanged(before, after, name=name)
