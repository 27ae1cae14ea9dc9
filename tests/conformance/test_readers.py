"""Every reader, found by listing: what all of them must do with what runs leave behind."""

from __future__ import annotations

import random
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.logfiles import SAMPLES, START, Row, Sample, rows

from sixdays.errors import LogError
from sixdays.logs.series import Log, Series
from sixdays.plugins import create, names
from sixdays.readers._points import joined

READERS = names("readers")
pytestmark = pytest.mark.parametrize("name", READERS)


def tag_of(sample: Sample, tag: str = "score") -> str:
    return sample.tag or tag


def only(logs: tuple[Log, ...], tag: str) -> Series:
    assert len(logs) == 1, logs
    return logs[0].series[tag]


def check(found: Series, sample: Sample, expected: list[Row]) -> None:
    np.testing.assert_array_equal(found.steps, sample.steps(expected))
    np.testing.assert_allclose(found.values, [r[1] for r in expected], rtol=1e-6)  # event files hold single precision
    assert found.x == sample.x


def test_every_reader_has_a_sample_and_says_who_it_is(name: str) -> None:
    reader = create("readers", name)
    assert reader.name == name
    assert reader.title
    assert reader.names
    assert name in SAMPLES


def test_what_was_written_is_read_and_claimed_by_its_own_reader(name: str, tmp_path: Path) -> None:
    reader, sample, points = create("readers", name), SAMPLES[name], rows(30)
    path = sample.write(tmp_path, points, "score")
    claiming = [
        r for r in map(lambda n: create("readers", n), READERS) if r.claims(str(path), path.read_bytes()[:4096])
    ]
    assert min(claiming, key=lambda r: r.rank).name == name
    found = only(reader.read(str(path)), tag_of(sample))
    check(found, sample, points)
    if sample.timed:
        np.testing.assert_allclose(np.diff(found.times), 1.0, atol=1e-3)


def test_an_empty_file_is_a_run_without_points(name: str, tmp_path: Path) -> None:
    sample = SAMPLES[name]
    path = sample.write(tmp_path, rows(3), "score")
    path.write_bytes(b"")
    assert create("readers", name).read(str(path)) == ()


def test_a_file_cut_at_any_byte_gives_a_prefix(name: str, tmp_path: Path) -> None:
    sample, points = SAMPLES[name], rows(6)
    path = sample.write(tmp_path, points, "score")
    grows = sample.torn(path, "score")
    data = grows.read_bytes()
    reader, whole = create("readers", name), sample.steps(points)
    cuts = range(0, len(data), 97 if len(data) > 10_000 else 1)
    for cut in cuts:
        grows.write_bytes(data[:cut])
        try:
            logs = reader.read(str(path))
        except LogError:
            if not sample.whole and cut > 30:
                raise
            continue
        for log in logs:
            if tag_of(sample) in log.series:
                found = log.series[tag_of(sample)]
                assert list(found.steps) == whole[: len(found.steps)], cut
                np.testing.assert_allclose(found.values, [p[1] for p in points[: len(found.values)]], rtol=1e-6)


def test_values_that_are_no_number_are_kept(name: str, tmp_path: Path) -> None:
    sample, points = SAMPLES[name], rows(5)
    points[2] = (points[2][0], float("nan"), points[2][2])
    path = sample.write(tmp_path, points, "score")
    found = only(create("readers", name).read(str(path)), tag_of(sample))
    np.testing.assert_array_equal(np.isnan(found.values), [False, False, True, False, False])


def test_what_a_resume_repeats_is_replaced(name: str, tmp_path: Path) -> None:
    sample = SAMPLES[name]
    again = [(s, v + 100, t + 50) for s, v, t in rows(7, first=6)]
    path = sample.write(tmp_path, [*rows(10), *again], "score")
    logs = create("readers", name).read(str(path))
    found = only(logs, tag_of(sample))
    if sample.counted:
        assert len(found.steps) == 17
        return
    check(found, sample, [*rows(6), *again])
    assert any("resumed" in n.message for n in logs[0].notes)


def test_uneven_and_equal_steps_are_kept(name: str, tmp_path: Path) -> None:
    sample = SAMPLES[name]
    points: list[Row] = [
        (s, v, START + i) for i, (s, v) in enumerate([(0, 1.5), (7, 2.5), (7, 3.5), (8, 4.5), (1000, 5.5)])
    ]
    path = sample.write(tmp_path, points, "score")
    check(only(create("readers", name).read(str(path)), tag_of(sample)), sample, points)


def test_a_long_file_is_read_whole(name: str, tmp_path: Path) -> None:
    sample, points = SAMPLES[name], rows(20_000)
    path = sample.write(tmp_path, points, "score")
    check(only(create("readers", name).read(str(path)), tag_of(sample)), sample, points)


@pytest.mark.nightly
def test_a_million_points_are_read_whole(name: str, tmp_path: Path) -> None:
    sample, points = SAMPLES[name], rows(1_000_000 if name in ("tensorboard", "wandb") else 100_000)
    path = sample.write(tmp_path, points, "score")
    check(only(create("readers", name).read(str(path)), tag_of(sample)), sample, points)


def test_tags_may_hold_any_letters(name: str, tmp_path: Path) -> None:
    sample = SAMPLES[name]
    if sample.tag:
        pytest.skip("the format fixes its names")
    tag = "é вес 🚀"
    path = sample.write(tmp_path, rows(4), tag)
    check(only(create("readers", name).read(str(path)), tag), sample, rows(4))


def test_only_wanted_tags_are_read(name: str, tmp_path: Path) -> None:
    sample = SAMPLES[name]
    path = sample.write(tmp_path, rows(4), "score")
    reader = create("readers", name)
    wanted = reader.read(str(path), wanted=lambda tag: tag == tag_of(sample))
    assert set(wanted[0].series) == {tag_of(sample)}
    assert all(not log.series for log in reader.read(str(path), wanted=lambda tag: False))


def test_another_format_is_refused_or_empty(name: str, tmp_path: Path) -> None:
    reader = create("readers", name)
    for other, sample in SAMPLES.items():
        path = sample.write(tmp_path / other, rows(4), "score")
        with suppress(LogError):
            reader.read(str(path))


def test_no_bytes_raise_anything_but_ours(name: str, tmp_path: Path) -> None:
    rng = random.Random(name)
    reader, sample = create("readers", name), SAMPLES[name]
    data = sample.write(tmp_path / "sample", rows(5), "score").read_bytes()
    path = tmp_path / sample.file
    for i in range(300):
        if i % 2:
            noise = bytearray(data)
            for _ in range(rng.choice((1, 2, 8))):
                noise[rng.randrange(len(noise))] = rng.randrange(256)
        else:
            noise = bytearray(rng.randbytes(rng.choice((1, 20, 300))))
        path.write_bytes(noise)
        reader.claims(str(path), bytes(noise[:4096]))
        try:
            reader.read(str(path))
        except LogError:
            pass


def test_a_file_that_is_not_there_or_not_readable_is_said(name: str, tmp_path: Path) -> None:
    reader, sample = create("readers", name), SAMPLES[name]
    with pytest.raises(LogError, match="cannot be read"):
        reader.read(str(tmp_path / "missing" / sample.file))


@pytest.mark.parametrize("cut", [1, 4, 19, 20])
def test_reading_on_equals_reading_whole(name: str, cut: int, tmp_path: Path) -> None:
    reader, sample, points = create("readers", name), SAMPLES[name], rows(20)
    tag = tag_of(sample)
    path = sample.write(tmp_path, points[:cut], "score")
    earlier = reader.read(str(path))
    sample.write(tmp_path, points, "score")
    later = reader.read(str(path), cursor=earlier[0].cursor)
    if not later or tag not in later[0].series:
        assert cut == 20
        return
    if earlier[0].cursor is not None:
        assert len(later[0].series[tag].steps) == 20 - cut
    check(joined(earlier[0], later[0]).series[tag], sample, points)


def test_a_file_that_was_replaced_is_read_anew(name: str, tmp_path: Path) -> None:
    reader, sample = create("readers", name), SAMPLES[name]
    path = sample.write(tmp_path, rows(20), "score")
    cursor: Any = reader.read(str(path))[0].cursor
    shutil.rmtree(tmp_path) if sample.torn(path, "score") != path else path.unlink()
    path = sample.write(tmp_path, rows(5, first=1, slope=0.5), "score")
    logs = reader.read(str(path), cursor=cursor)
    assert len(only(logs, tag_of(sample)).steps) == 5
    if cursor is not None and not sample.tag:
        assert any("anew" in n.message for n in logs[0].notes)


def test_a_glance_agrees_on_first_and_last(name: str, tmp_path: Path) -> None:
    reader, sample, points = create("readers", name), SAMPLES[name], rows(12_000)
    path = sample.write(tmp_path, points, "score")
    tag = tag_of(sample)
    whole, glance = only(reader.read(str(path)), tag), only(reader.read(str(path), ends=True), tag)
    for a, b in ((whole.steps, glance.steps), (whole.values, glance.values), (whole.times, glance.times)):
        np.testing.assert_allclose(a[[0, -1]], b[[0, -1]])


def test_progress_is_told_up_to_the_size_of_the_file(name: str, tmp_path: Path) -> None:
    sample, told = SAMPLES[name], [0]
    path = sample.write(tmp_path, rows(2000), "score")
    create("readers", name).read(str(path), tick=told.append)
    assert told == sorted(told)
    assert max(told) <= sample.torn(path, "score").stat().st_size
