from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import torch

from cvcourse.checks import (
    CheckFailure,
    expect,
    expect_array,
    expect_form,
    expect_number,
    expect_unchanged,
)

WANTED = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])


def compare(actual: object, expected: object = WANTED, **changes: object) -> None:
    """The comparison under test, exact unless told otherwise."""
    settings = {"name": "dists", "axes": "(M, N)", "rtol": 0.0, "atol": 0.0, **changes}
    expect_array(actual, expected, **settings)


def failure_of(actual: object, expected: object = WANTED, **changes: object) -> CheckFailure:
    with pytest.raises(CheckFailure) as caught:
        compare(actual, expected, **changes)
    return caught.value


def with_entry(value: float, at: tuple[int, ...] = (1, 2)) -> np.ndarray:
    changed = WANTED.copy()
    changed[at] = value
    return changed


def test_expect_is_silent_on_truth_and_speaks_twice_on_falsehood():
    expect(True, "never said")
    with pytest.raises(CheckFailure, match=r"^look here\nreceived 3$") as caught:
        expect(0, "look here", "received 3")
    assert (caught.value.direction, caught.value.detail) == ("look here", "received 3")


def test_a_failure_without_data_is_one_line():
    with pytest.raises(CheckFailure, match=r"^look here$"):
        expect(False, "look here")


@pytest.mark.parametrize("wrap", [np.array, torch.tensor])
@pytest.mark.parametrize("shape", [(), (0,), (0, 3), (5,), (2, 3, 4)])
def test_equal_arrays_of_any_shape_pass(wrap, shape):
    values = wrap(np.random.default_rng(0).normal(size=shape))
    compare(values, wrap(values) if wrap is np.array else values.clone())


def test_none_asks_for_the_return():
    expected = r"^dists is None; it must be a numpy.ndarray of shape \(M, N\). Is there a return\?$"
    with pytest.raises(CheckFailure, match=expected):
        compare(None)


@pytest.mark.parametrize(
    ("actual", "expected", "kind", "received"),
    [
        ([[1.0]], WANTED, "numpy.ndarray", r"list\."),
        (torch.ones(2, 3), WANTED, "numpy.ndarray", r"Tensor \(torch.strided on cpu\)"),
        (WANTED, torch.ones(2, 3), "torch.Tensor", r"ndarray\."),
        (torch.eye(3).to_sparse(), torch.eye(3), "torch.Tensor", r"Tensor \(torch.sparse_coo"),
        (
            torch.eye(3, device="meta"),
            torch.eye(3),
            "torch.Tensor",
            r"Tensor \(torch.strided on meta\)",
        ),
    ],
)
def test_another_type_is_named(actual, expected, kind, received):
    says = rf"^dists must be a {kind} of shape \(M, N\); it is something else.\nReceived {received}"
    with pytest.raises(CheckFailure, match=says):
        compare(actual, expected)


def test_another_number_of_axes_is_named():
    says = (
        r"^dists must have 2 axes, \(M, N\); it has another number of them.\n"
        r"Received shape \(6,\), expected \(2, 3\).$"
    )
    with pytest.raises(CheckFailure, match=says):
        compare(WANTED.ravel())


@pytest.mark.parametrize("wrap", [np.asarray, torch.from_numpy])
def test_another_dtype_is_named_before_the_shape(wrap):
    says = r"^dists has the wrong dtype; it must be float64.\nReceived float32.$"
    with pytest.raises(CheckFailure, match=says):
        compare(wrap(WANTED.T.astype(np.float32)), wrap(WANTED))


def test_another_shape_is_named():
    says = (
        r"^dists has the wrong shape; it must be \(M, N\).\n"
        r"Received shape \(3, 2\), expected \(2, 3\).$"
    )
    with pytest.raises(CheckFailure, match=says):
        compare(WANTED.T)


@pytest.mark.parametrize(
    ("kind", "phrase", "right", "wrong"),
    [
        ("floating", "a floating type", ["float16", "float32", "float64"], ["int64", "bool"]),
        ("integer", "an integer type", ["int8", "int32", "int64", "uint8"], ["float32", "bool"]),
        ("boolean", "a boolean type", ["bool"], ["uint8", "float64"]),
    ],
)
@pytest.mark.parametrize("library", [np, torch])
def test_a_kind_of_dtype_takes_any_width_of_it(kind, phrase, right, wrong, library):
    def ones(dtype: str) -> object:
        return library.ones(3, dtype=dtype if library is np else getattr(torch, dtype))

    for dtype in right:
        expect_form(ones(dtype), ones("float64"), name="y", axes="(N,)", dtype=kind)
    for dtype in wrong:
        with pytest.raises(CheckFailure, match=f"it must be {phrase}.\nReceived {dtype}"):
            expect_form(ones(dtype), ones("float64"), name="y", axes="(N,)", dtype=kind)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float8_e4m3fn])
def test_floating_types_that_numpy_lacks_are_compared(dtype):
    expected = torch.tensor([1.0, 2.0])
    compare(torch.tensor([1.0, 2.0]).to(dtype), expected, dtype="floating")
    with pytest.raises(CheckFailure, match="wrong values in some of its entries"):
        compare(torch.tensor([1.0, 4.0]).to(dtype), expected, dtype="floating")
    with pytest.raises(CheckFailure, match="it must be an integer type"):
        compare(torch.tensor([1.0, 2.0]).to(dtype), expected, dtype="integer")


def test_a_dtype_by_name_is_asked_for_exactly():
    compare(WANTED.astype(np.float32), WANTED, dtype="float32")
    with pytest.raises(CheckFailure, match="it must be float32"):
        compare(WANTED, WANTED, dtype="float32")


def test_a_tensor_that_requires_a_gradient_is_compared():
    compare(torch.ones(3, requires_grad=True), torch.ones(3))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_not_finite_is_placed(value):
    says = (
        r"^dists holds NaN or infinity where a finite number is expected.\n"
        rf"First at dists\[1, 2\]: received {value}, expected 6.0; 1 in all.$"
    )
    with pytest.raises(CheckFailure, match=says):
        compare(with_entry(value), atol=np.inf)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_pass_where_they_are_expected(value):
    compare(with_entry(value), with_entry(value))


@pytest.mark.parametrize(("actual", "wanted"), [(6.0, np.nan), (6.0, np.inf), (-np.inf, np.inf)])
def test_a_missing_nan_or_infinity_is_placed(actual, wanted):
    says = (
        r"^dists lacks a NaN or an infinity where one is expected.\n"
        rf"First at dists\[1, 2\]: received {actual}, expected {wanted}; 1 in all.$"
    )
    with pytest.raises(CheckFailure, match=says):
        compare(with_entry(actual), with_entry(wanted))


def test_the_worst_entry_is_reported_with_its_tolerance():
    actual = with_entry(6.5)
    actual[0, 0] = 1.25
    failure = failure_of(actual, atol=0.1, hint="Is a square root missing?")
    assert failure.direction == (
        "dists has the right form but wrong values in some of its entries. "
        "Is a square root missing?"
    )
    assert failure.detail == (
        "Worst at dists[1, 2]: received 6.5, expected 6.0 (allowed difference 0.1); "
        "2 of 6 entries are off."
    )


def test_values_that_are_wrong_throughout_are_said_to_be():
    assert "wrong values in every entry." in failure_of(WANTED + 1).direction


def test_a_direction_holds_no_data():
    for actual in (with_entry(6.5), with_entry(np.nan), WANTED.T, WANTED.ravel(), [1]):
        digits = {c for c in failure_of(actual).direction if c.isdigit()}
        assert digits <= {"2"}  # "must have 2 axes" is the contract's, not the input's


def test_a_wrong_scalar_array_has_no_index():
    failure = failure_of(np.array(1.5), np.array(1.0))
    assert failure.detail.startswith("Worst at dists: received 1.5, expected 1.0 ")


@pytest.mark.parametrize(("rtol", "atol"), [(0.1, 0.0), (0.0, 0.4), (0.05, 0.2)])
def test_the_tolerances_add_up(rtol, atol):
    bound = rtol * 4.0 + atol
    compare(with_entry(4.0 + 0.99 * bound, (1, 0)), rtol=rtol, atol=atol)
    with pytest.raises(CheckFailure, match=r"Worst at dists\[1, 0\]"):
        compare(with_entry(4.0 + 1.01 * bound, (1, 0)), rtol=rtol, atol=atol)


def test_large_integers_that_float64_cannot_tell_apart_are_told_apart():
    with pytest.raises(CheckFailure, match="1 of 2 entries are off"):
        compare(np.array([2**53 + 1, 0]), np.array([2**53, 0]))


def test_unsigned_integers_do_not_wrap_in_the_comparison():
    with pytest.raises(CheckFailure, match="received 255, expected 0"):
        compare(np.array([255], np.uint8), np.array([0], np.uint8), atol=2.0)


def test_boolean_arrays_are_compared():
    with pytest.raises(CheckFailure, match="received True, expected False"):
        compare(np.array([True]), np.array([False]))


@pytest.mark.parametrize(
    "value",
    [3, 3.0, np.float32(3), np.int8(3), np.array(3.0), torch.tensor(3.0), Fraction(3)],
)
def test_any_single_number_is_a_number(value):
    expect_number(value, 3.0, name="loss", rtol=0.0, atol=0.0)


def test_a_missing_number_asks_for_the_return():
    with pytest.raises(CheckFailure, match=r"^loss is None; it must be a number. Is there a ret"):
        expect_number(None, 3.0, name="loss", rtol=0.0, atol=0.0)


@pytest.mark.parametrize(
    ("value", "received"),
    [
        ("3", "str."),
        ([3.0], "list."),
        (3j, "complex."),
        (np.array("3"), r"ndarray of shape \(\)."),
        (np.array([3.0]), r"ndarray of shape \(1,\)."),
        (torch.ones(1), r"Tensor of shape \(1,\)."),
    ],
)
def test_what_is_no_number_is_named(value, received):
    says = f"^loss must be a single number; it is something else.\nReceived {received}$"
    with pytest.raises(CheckFailure, match=says):
        expect_number(value, 3.0, name="loss", rtol=0.0, atol=0.0)


@pytest.mark.parametrize(
    "value", [np.nan, np.inf, 10**400, -(10**400)], ids=["nan", "inf", "big", "low"]
)
def test_a_number_that_is_not_finite_is_named(value):
    with pytest.raises(CheckFailure, match=r"^loss is not finite \(NaN or infinity\).\nReceived"):
        expect_number(value, 3.0, name="loss", rtol=0.0, atol=0.0)


@pytest.mark.parametrize(("value", "which"), [(3.5, "too large"), (2.5, "too small")])
def test_a_wrong_number_says_on_which_side(value, which):
    says = (
        rf"^loss is {which}. Divide by N.\n"
        rf"Received {value}, expected 3.0 \(allowed difference 0.3\).$"
    )
    with pytest.raises(CheckFailure, match=says):
        expect_number(value, 3.0, name="loss", rtol=0.1, atol=0.0, hint="Divide by N.")


def test_an_unchanged_argument_passes():
    for value in (WANTED, torch.ones(3), with_entry(np.nan), np.arange(3)):
        expect_unchanged(
            value, value.clone() if hasattr(value, "clone") else value.copy(), name="x"
        )


@pytest.mark.parametrize(
    "after",
    [with_entry(0.0), WANTED.T, WANTED.astype(np.float32), torch.from_numpy(WANTED), None],
    ids=["value", "shape", "dtype", "type", "gone"],
)
def test_a_changed_argument_is_named(after):
    with pytest.raises(CheckFailure, match=r"^Your function changes its argument x_train; work on"):
        expect_unchanged(WANTED, after, name="x_train")
