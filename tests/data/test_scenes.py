"""Generated scenes: reproducible to the bit, fair labels, exact annotations, a cache that heals."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import subprocess
import sys
import warnings

import numpy as np
import pytest

from cvcourse.data.scenes import (
    CLASS_NAMES,
    MAIN,
    annotate,
    describe,
    generate,
    render,
    store,
)
from cvcourse.data.scenes.palette import slots
from cvcourse.data.scenes.words import Words, raw_bytes, raw_words

KEY = b"a key for tests!"

# Every notebook's text, figures and thresholds rest on these very pictures. If this digest must
# change, so must store.VERSION, or caches and sites would show two courses at once.
VERSION_AND_DIGEST = (1, "152d9c372c82cc40c17c7d913c421171e026b335ab857b092d3bfb63e1c6e13c")


def digest(key, num, **where):
    split = generate(key, num, **where)
    return hashlib.sha256(split.images.tobytes() + split.labels.tobytes()).hexdigest()


def test_the_pictures_of_this_version_are_the_ones_that_the_course_was_written_with():
    assert (store.VERSION, digest(store.KEYS["train"], 300)) == VERSION_AND_DIGEST


def test_the_bytes_are_the_same_without_the_processor_s_vector_instructions():
    features = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
    if not features:
        pytest.skip("this processor has no instructions that NumPy could leave out")
    code = (
        "import sys, hashlib\n"
        "from cvcourse.data.scenes import generate\n"
        "s = generate(sys.argv[1].encode(), 300)\n"
        "print(hashlib.sha256(s.images.tobytes() + s.labels.tobytes()).hexdigest())\n"
        "import numpy as np\n"
        "print(np.show_config(mode='dicts')['SIMD Extensions'].get('found', []))\n"
    )
    reply = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, KEY.decode()],
        env={**os.environ, "NPY_DISABLE_CPU_FEATURES": " ".join(features)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert reply == [digest(KEY, 300), "[]"]


def test_a_picture_depends_on_its_key_and_number_alone():
    whole = generate(KEY, 40)
    part = generate(KEY, 7, start=23)
    np.testing.assert_array_equal(part.images, whole.images[23:30])
    np.testing.assert_array_equal(part.labels, whole.labels[23:30])
    assert digest(KEY, 40) != digest(KEY[:-1] + b"?", 40)


def test_batches_and_threads_leave_no_trace(monkeypatch):
    whole = generate(KEY, 60)
    monkeypatch.setattr("cvcourse.data.scenes._BATCH", 7)
    np.testing.assert_array_equal(generate(KEY, 60).images, whole.images)


def test_classes_are_equally_likely_and_independent_of_their_neighbours():
    labels = describe(KEY, 20_000).labels
    # 2,000 expected with a standard deviation of 42; pairs of neighbours 200 with 14: five of them
    assert np.abs(np.bincount(labels, minlength=10) - 2000).max() < 5 * 42
    pairs = np.bincount(labels[:-1] * 10 + labels[1:], minlength=100)
    assert np.abs(pairs - 200).max() < 5 * 14.2


def test_the_main_thing_of_each_picture_can_be_seen():
    scenes = describe(KEY, 1000)
    _, owner = render(scenes)
    visible = (owner == MAIN).sum(axis=(1, 2))
    assert visible.min() >= 12
    assert 100 < np.median(visible) < 500


def test_pictures_of_a_class_differ_from_each_other_and_use_the_whole_range():
    images = generate(KEY, 500).images
    assert len({image.tobytes() for image in images}) == 500
    assert np.mean((images > 5) & (images < 250)) > 0.9
    assert 40 < images.std() < 80


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: generate(7, 1), TypeError, "key must be 16 bytes; got int"),
        (lambda: generate("x" * 16, 1), TypeError, "key must be 16 bytes; got str"),
        (lambda: generate(b"short", 1), ValueError, "key must be 16 bytes; got 5"),
        (lambda: generate(KEY, -1), ValueError, "must not be negative; got num=-1, start=0"),
        (lambda: describe(KEY, 1, start=-2), ValueError, "got num=1, start=-2"),
        (lambda: generate(KEY, 1, size=7), ValueError, "size must be at least 8 pixels; got 7"),
    ],
)
def test_arguments_out_of_range_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_no_picture_is_a_valid_number_of_pictures():
    split = generate(KEY, 0)
    assert split.images.shape == (0, 3, 32, 32)
    assert split.labels.shape == (0,)


def test_a_description_can_be_drawn_at_any_size():
    scenes = describe(KEY, 30)
    small, large = render(scenes)[0], render(scenes, size=96)[0]
    assert large.shape == (30, 3, 96, 96)
    shrunk = large.reshape(30, 3, 32, 3, 32, 3).mean(axis=(3, 5))
    # grain and edges differ, what is in the picture does not
    assert np.abs(shrunk - small).mean() < 12


def test_a_scene_reads_as_it_was_described():
    scenes = describe(KEY, 50)
    for i in range(50):
        scene = scenes[i]
        assert scene.main.kind == CLASS_NAMES[scenes.labels[i]]
        assert scene.main.distance == 1.0
        assert [thing.place for thing in scene.things] == sorted(t.place for t in scene.things)
        distances = [thing.distance for thing in scene.things if thing.place != MAIN]
        assert all(d != 1.0 for d in distances)


@pytest.fixture(scope="module")
def annotated():
    scenes = describe(KEY, 400)
    images, owner = render(scenes)
    return scenes, images, owner, annotate(scenes, owner)


def test_the_main_thing_is_annotated_with_its_label(annotated):
    scenes, _, _, notes = annotated
    np.testing.assert_array_equal(notes.classes[:, MAIN], scenes.labels)


def test_boxes_are_the_tightest_around_the_masks(annotated):
    _, _, _, notes = annotated
    assert (notes.classes >= 0).sum() > 450
    for i, j in zip(*np.nonzero(notes.classes >= 0), strict=True):
        rows, columns = np.nonzero(notes.instances[i] == j + 1)
        tight = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        assert notes.boxes[i, j].tolist() == tight


def test_what_has_no_class_has_no_box_and_no_mask(annotated):
    scenes, _, owner, notes = annotated
    absent = notes.classes < 0
    assert not notes.boxes[absent].any()
    clutter = scenes.things.kind >= len(CLASS_NAMES)
    assert (notes.classes[clutter] == -1).all()
    assert (notes.classes[~scenes.things.shown] == -1).all()
    assert not notes.instances[owner == 255].any()


def test_semantic_masks_give_each_instance_its_class(annotated):
    _, _, _, notes = annotated
    for i, j in zip(*np.nonzero(notes.classes >= 0), strict=True):
        assert set(notes.semantic[i][notes.instances[i] == j + 1]) == {notes.classes[i, j] + 1}
    assert not notes.semantic[notes.instances == 0].any()


def test_masks_follow_the_pixels_that_a_thing_changes():
    scenes = describe(KEY, 60)
    images, owner = render(scenes)
    shown = scenes.things.shown.copy()
    shown[:, MAIN] = False
    things = dataclasses.replace(scenes.things, shown=shown)
    without = render(dataclasses.replace(scenes, things=things))[0]
    changed = (images != without).any(axis=1)
    # outside of a thing only its shadow, its soft edge and the blur around it change
    assert changed[owner == MAIN].mean() > 0.95
    assert changed[owner != MAIN].mean() < 0.35


def test_captions_name_every_visible_thing_with_its_colour(annotated):
    scenes, _, _, notes = annotated
    for i, caption in enumerate(notes.captions):
        for thing in scenes[i].things:
            named = f"{thing.colour} {thing.kind}" in caption
            assert named or notes.classes[i, thing.place] < 0
        assert caption.count(" behind it") == (notes.classes[i] >= 0).sum() - 1
    assert len(set(notes.captions)) > 250


def test_captions_use_the_right_article(annotated):
    text = " ".join(annotated[3].captions)
    assert " an orange " in text
    assert " a orange " not in text
    assert " an red " not in text


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("CVCOURSE_CACHE", str(tmp_path))
    monkeypatch.setattr(store, "BLOCK", 50)
    return tmp_path / f"scenes-{store.VERSION}"


def test_a_stretch_across_blocks_equals_what_is_drawn_in_one_go(cache):
    split = store.ScenesSource().read("train", 30, 120)
    expected = generate(store.KEYS["train"], 90, start=30)
    np.testing.assert_array_equal(split.images, expected.images)
    np.testing.assert_array_equal(split.labels, expected.labels)
    assert len(list(cache.glob("*.bin"))) == 3


def test_kept_pictures_are_not_drawn_again(cache, monkeypatch):
    before = store.ScenesSource().read("test", 0, 60)
    monkeypatch.setattr(store, "generate", lambda *_a, **_k: pytest.fail("drawn again"))
    after = store.ScenesSource().read("test", 0, 60)
    np.testing.assert_array_equal(before.images, after.images)
    np.testing.assert_array_equal(before.labels, after.labels)


@pytest.mark.parametrize("harm", ["flip", "truncate"])
def test_a_damaged_block_is_drawn_again(cache, harm):
    before = store.ScenesSource().read("test", 0, 50)
    path = cache / "test-000.bin"
    content = bytearray(path.read_bytes())
    if harm == "flip":
        content[-1] ^= 1
    else:
        del content[-1]
    path.write_bytes(content)
    np.testing.assert_array_equal(store.ScenesSource().read("test", 0, 50).images, before.images)
    assert path.read_bytes() != bytes(content)


def test_a_cache_that_cannot_be_written_costs_time_and_a_warning_only(cache):
    cache.parent.joinpath(cache.name).write_text("a file where the folder should be")
    with pytest.warns(UserWarning, match="could not be kept in .* set CVCOURSE_CACHE"):
        split = store.ScenesSource().read("train", 0, 10)
    np.testing.assert_array_equal(split.images, generate(store.KEYS["train"], 10).images)


def test_a_bar_is_shown_only_when_much_has_to_be_drawn(cache, capsys):
    store.ScenesSource().read("train", 0, 100)
    assert capsys.readouterr().err == ""
    store.ScenesSource().read("train", 0, 400)
    assert "drawing scenes" in capsys.readouterr().err


def test_words_are_spread_evenly_and_end_with_a_message():
    words = Words(raw_words(KEY, 0, 0, 4000, 8))
    uniform = words.uniform(-1.0, 3.0)
    assert -1.0 <= uniform.min() < -0.98
    assert 2.98 < uniform.max() < 3.0
    assert set(words.below(6, 2).ravel()) == set(range(6))
    bell = words.bell(1.0, 0.5)
    assert 0.5 <= bell.min() < 0.6
    # the sum of two even numbers is in the inner half three times in four
    assert abs(np.mean(np.abs(bell - 1.0) < 0.25) - 0.75) < 0.035
    with pytest.raises(ValueError, match="a picture has 8 words; all of them are used"):
        words.uniform(0.0, 1.0, 4)


def test_streams_and_pictures_never_share_words():
    words = [raw_words(KEY, stream, start, 50, 8) for stream in range(4) for start in (0, 50)]
    everything = np.concatenate(words).ravel()
    assert len(set(everything.tolist())) == everything.size
    assert raw_bytes(KEY, 1, 3, 2, 13).shape == (2, 13)
    np.testing.assert_array_equal(raw_bytes(KEY, 1, 3, 2, 13)[1], raw_bytes(KEY, 1, 4, 1, 13)[0])


def test_weights_that_do_not_fill_the_slots_are_refused():
    with pytest.raises(ValueError, match="weights must sum to 32; got 3 from"):
        slots(("a", "b"), a=1, b=2)


def test_drawing_raises_no_warning_at_any_number():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with np.errstate(all="raise", under="ignore"):
            render(describe(KEY, 300, start=2**40))
