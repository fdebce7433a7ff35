"""Signatures must be datasketch's, bit for bit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.fingerprint import Fingerprint, band_keys

FINGERPRINT = Fingerprint()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 2**32 - 1), max_size=60), st.integers(0, 2**32 - 1))
def test_signatures_are_those_of_datasketch(shingles, seed):
    fingerprint = Fingerprint(seed=seed)
    ours = fingerprint.sign(np.array(shingles, np.uint32))
    theirs = fingerprint.reference(shingles)
    assert ours.dtype == theirs.hashvalues.dtype
    assert ours.tolist() == theirs.hashvalues.tolist()


def test_groups_are_signed_as_if_alone_across_chunks(monkeypatch):
    monkeypatch.setattr("checks.fingerprint._BLOCK", 7)
    generator = np.random.default_rng(0)
    sets = [generator.integers(0, 2**32, size, dtype=np.uint32) for size in (5, 0, 20, 1)]
    groups = np.repeat([0, 1, 2, 3], [5, 0, 20, 1])
    signed = FINGERPRINT.sign_groups(np.concatenate(sets), groups, 4)
    assert signed.tolist() == [FINGERPRINT.sign(one).tolist() for one in sets]


def test_window_signatures_begin_like_whole_ones():
    shingles = np.random.default_rng(1).integers(0, 2**32, (3, 13), dtype=np.uint32)
    signed = FINGERPRINT.sign_windows(shingles)
    assert signed.tolist() == [FINGERPRINT.sign(row)[:16].tolist() for row in shingles]


def test_bands_meet_as_in_datasketch():
    generator = np.random.default_rng(2)
    base = generator.integers(0, 2**32, 50, dtype=np.uint32)
    sets = [np.concatenate([base[:kept], generator.integers(0, 2**32, 50 - kept, dtype=np.uint32)])
            for kept in range(0, 50, 2)]  # fmt: skip
    lsh = FINGERPRINT.lsh()
    for name, one in enumerate(sets):
        lsh.insert(name, FINGERPRINT.reference(one.tolist()))
    expected = set(lsh.query(FINGERPRINT.reference(base.tolist())))
    keys = band_keys(np.array([FINGERPRINT.sign(one) for one in sets]), FINGERPRINT.bands)
    wanted = band_keys(FINGERPRINT.sign(base)[None], FINGERPRINT.bands)
    assert set(np.flatnonzero((keys == wanted).any(0)).tolist()) == expected
    assert 24 in expected
    assert 0 not in expected


def test_a_probe_tells_parameters_apart():
    assert Fingerprint(seed=1).as_manifest()["probe"] != Fingerprint(seed=2).as_manifest()["probe"]


@pytest.mark.parametrize("wrong", [{"scheme": "legacy"}, {"bands": 3}, {"window_bands": 1}])
def test_impossible_parameters_are_refused(wrong):
    with pytest.raises(ValueError, match=r"scheme|bands"):
        Fingerprint(**wrong)
