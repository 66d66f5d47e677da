"""One call for every data set: parts, counts, names, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from cvcourse.data import Split, flatten, load, subset
from cvcourse.data.scenes import CLASS_NAMES


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("CVCOURSE_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
    monkeypatch.setattr("cvcourse.data.scenes.store.BLOCK", 100)
    monkeypatch.delenv("CVCOURSE_DATASET", raising=False)


def test_the_default_is_generated_scenes():
    data = load(num_train=5, num_validation=0, num_test=0)
    assert data.class_names == CLASS_NAMES
    assert data.origin.startswith("Generated scenes")
    assert data.train.images.shape == (5, 3, 32, 32)


def test_the_environment_names_another_default(monkeypatch):
    monkeypatch.setenv("CVCOURSE_DATASET", "nosuchset")
    with pytest.raises(ValueError, match="CVCOURSE_DATASET must be one of scenes, cifar10; got"):
        load()
    assert len(load("scenes", num_train=3, num_validation=0, num_test=0).train) == 3


def test_an_unknown_name_is_refused():
    with pytest.raises(ValueError, match="name must be one of scenes, cifar10; got 'mnits'"):
        load("mnits")


def test_parts_have_the_counts_asked_for_and_share_no_picture():
    data = load("scenes", num_train=300, num_validation=200, num_test=100)
    assert [len(data.train), len(data.validation), len(data.test)] == [300, 200, 100]
    rows = {
        row.tobytes()
        for part in (data.train, data.validation, data.test)
        for row in flatten(part.images)
    }
    assert len(rows) == 600


def test_the_first_training_pictures_do_not_depend_on_how_many_are_asked_for():
    few = load("scenes", num_train=20, num_validation=0, num_test=0).train
    more = load("scenes", num_train=103, num_validation=0, num_test=0).train
    np.testing.assert_array_equal(few.images, more.images[:20])
    np.testing.assert_array_equal(few.labels, more.labels[:20])


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ({"num_train": 49_500}, "50000 pictures for training and validation together"),
        ({"num_train": 1, "num_test": 10_001}, "10000 test pictures; got num_test=10001"),
        ({"num_train": -1}, "must not be negative; got -1, 1000, 10000"),
        ({"num_validation": 50_001}, "must not be negative; got -1, 50001"),
    ],
)
def test_counts_out_of_range_are_refused(counts, message):
    with pytest.raises(ValueError, match=message):
        load("scenes", **counts)


def test_flatten_keeps_the_bytes_in_order_and_the_dtype():
    images = np.arange(2 * 3 * 4 * 5, dtype=np.uint8).reshape(2, 3, 4, 5)
    rows = flatten(images)
    assert rows.shape == (2, 60)
    assert rows.dtype == np.uint8
    assert rows.tobytes() == images.tobytes()
    assert np.shares_memory(rows, images)


def test_flatten_refuses_what_is_no_batch_of_pictures():
    with pytest.raises(ValueError, match=r"images must be \(N, C, H, W\); got \(3, 32, 32\)"):
        flatten(np.zeros((3, 32, 32)))


def test_subset_takes_the_first_pictures_and_no_more_than_there_are():
    split = Split(np.zeros((4, 3, 2, 2), np.uint8), np.arange(4))
    np.testing.assert_array_equal(subset(split, 3).labels, [0, 1, 2])
    with pytest.raises(ValueError, match=r"num must be in 0\.\.4, the size of the split; got 5"):
        subset(split, 5)


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (np.zeros((2, 3, 4, 4)), np.zeros(2, np.int64), r"images must be \(N, C, H, W\) uint8"),
        (np.zeros((2, 12), np.uint8), np.zeros(2, np.int64), r"got \(2, 12\) uint8"),
        (np.zeros((2, 3, 4, 4), np.uint8), np.zeros(3, np.int64), r"with N=2; got \(3,\) int64"),
        (np.zeros((2, 3, 4, 4), np.uint8), np.zeros(2, np.int32), r"got \(2,\) int32"),
    ],
)
def test_a_split_of_another_form_is_refused(images, labels, message):
    with pytest.raises(ValueError, match=message):
        Split(images, labels)
