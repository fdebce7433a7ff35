"""The network's step and outputs in bfloat16, compiled by numba: a step is `pass_through`, outputs are `score_rhythms`
and `score_pitches`.

Compiled as a whole they multiply by AMX. Without AMX their `py_func` does the same from Python: it calls what they are
made of, which is compiled as well, and torch for products.

Letters as in `genaudio.melody.decoder`, with N for the width of what a gate lets through, and B' for B filled up to a
multiple of `STEP`. Numbers in bfloat16 are held as in `genaudio.melody.tiles`.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator"
# The types of compiled functions are those of what they are called with.

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from genaudio.melody.tiles import STEP, multiply, prefetch

_OPTIONS = {"fastmath": True, "error_model": "numpy", "nogil": True}
_inlined = njit(inline="always", **_OPTIONS)
_one = np.float32(1.0)


def _compiled(function):
    """Compile a function once and for all; in every process anew where there is no folder to keep it in."""
    try:
        return njit(cache=True, **_OPTIONS)(function)
    except RuntimeError:
        return njit(**_OPTIONS)(function)


@_inlined
def _narrow(x):
    """Return the nearest bfloat16, of two the even one."""
    bits = np.float32(x).view(np.uint32)
    return np.uint16((bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))) >> np.uint32(16))


@_inlined
def _wide(half):
    """Return a bfloat16 in single precision."""
    return np.uint32(np.uint32(half) << np.uint32(16)).view(np.float32)


@_inlined
def _exp(x):
    """Return e^x as the Cephes library does, 2^n times a polynomial; good to two units in the last place.

    It has no branches, so that several are found at once.
    """
    x = min(max(x, np.float32(-87.0)), np.float32(88.0))
    n = np.floor(x * np.float32(1.44269504) + np.float32(0.5))
    r = x - n * np.float32(0.693359375) + n * np.float32(2.12194440e-4)
    y = np.float32(1.9875691500e-4)
    y = y * r + np.float32(1.3981999507e-3)
    y = y * r + np.float32(8.3334519073e-3)
    y = y * r + np.float32(4.1665795894e-2)
    y = y * r + np.float32(1.6666665459e-1)
    y = y * r + np.float32(5.0000001201e-1)
    return (y * r * r + r + _one) * np.int32((np.int32(n) + np.int32(127)) << np.int32(23)).view(np.float32)


@_compiled
def _gather(numbers, table, base, rows):
    """Put into rows [B, D] their base [B, D] and the rows of a table [entries, D] that have their numbers [B, F]."""
    for line in range(len(numbers)):
        row = rows[line]
        row[:] = base[line]
        for number in numbers[line]:
            row += table[number]


@_inlined
def _inverse_mean(row):
    """Return one by the root mean square of a row."""
    squares = np.float32(0.0)
    for i in range(len(row)):
        squares += row[i] * row[i]
    return _one / np.sqrt(squares / np.float32(len(row)) + np.finfo(np.float32).eps)


@_compiled
def _normalise(rows, normed):
    """Put rows [B, D], divided by their root mean squares, into others in bfloat16."""
    for line in range(len(rows)):
        row, halves = rows[line], normed[line]
        scale = _inverse_mean(row)
        for i in range(len(row)):
            halves[i] = _narrow(row[i] * scale)


@_compiled
def _scale(rows, weight, normed):
    """Divide rows [B, D] by their root mean squares, times a weight [D]; put them into others in bfloat16, too."""
    for line in range(len(rows)):
        row, halves = rows[line], normed[line]
        scale = _inverse_mean(row)
        for i in range(len(row)):
            row[i] *= scale * weight[i]
            halves[i] = _narrow(row[i])


@_compiled
def _gate(fed, gated):
    """Put the second halves of rows [B, 2 N], gated by the first, into others [B, N] in bfloat16 (Shazeer 2020)."""
    count = gated.shape[1]
    for line in range(len(fed)):
        gates, values, row = fed[line, :count], fed[line, count:], gated[line]
        for i in range(count):
            row[i] = _narrow(gates[i] / (_one + _exp(-gates[i])) * values[i])


@_compiled
def _remember(row, turn, keys, values):
    """Turn the queries and keys of a row [3 D] to their place, and put keys and values among the old, [D] each."""
    width = len(keys)
    pairs = row[: 2 * width].view(np.complex64)
    for i in range(width):
        pairs[i] *= turn[i]
    for i in range(width):
        keys[i], values[i] = _narrow(row[width + i]), _narrow(row[2 * width + i])


@_compiled
def _weigh(queries, keys, values, shares):
    """Find how much of each event the heads hear, shares [H, T], of keys [T, D] by queries [D].

    To wait for memory would take longer than all the rest; so values are asked for here, before they are needed.
    """
    (heads, events), width = shares.shape, len(queries)
    size = width // heads
    for t in range(events):
        for i in range(0, width, STEP):
            prefetch(values, t, i)
        for head in range(heads):
            query, key, score = queries[head * size :], keys[t, head * size :], np.float32(0.0)
            for i in range(size):
                score += query[i] * _wide(key[i])
            shares[head, t] = score
    for head in range(heads):
        row = shares[head]
        highest, total = row.max(), np.float32(0.0)
        for t in range(events):
            row[t] = _exp(row[t] - highest)
            total += row[t]
        row /= total


@_compiled
def _hear(shares, values, following, heard):
    """Put what heads hear of values [T, D] by shares [H, T] into a row [D] in bfloat16.

    The keys of the line that follows are asked for meanwhile.
    """
    (heads, events), width = shares.shape, len(heard)
    size, sums = width // heads, np.zeros(width, np.float32)
    for t in range(events):
        for i in range(0, width, STEP):
            prefetch(following, t, i)
        for head in range(heads):
            share, value, total = shares[head, t], values[t, head * size :], sums[head * size :]
            for i in range(size):
                total[i] += share * _wide(value[i])
    for i in range(width):
        heard[i] = _narrow(sums[i])


class Workspace(NamedTuple):
    """Places for what is computed on the way.

    Attributes:
        rows: [B', D] in single precision, what is handed from block to block.
        projected, fed: [B', 3 D] and [B', 2 N] in single precision.
        normed, gated: [B', D] and [B', N] in bfloat16.
    """

    rows: NDArray[np.float32]
    projected: NDArray[np.float32]
    fed: NDArray[np.float32]
    normed: NDArray[np.uint16]
    gated: NDArray[np.uint16]

    @classmethod
    def of(cls, lines: int, width: int, inner: int) -> Workspace:
        """Return places for so many lines, which are D and N wide."""
        filled = -(-lines // STEP) * STEP
        rows, projected, fed = (np.zeros((filled, size), np.float32) for size in (width, 3 * width, 2 * inner))
        normed, gated = (np.zeros((filled, size), np.uint16) for size in (width, inner))
        return cls(rows, projected, fed, normed, gated)

    def part(self, lines: slice) -> Workspace:
        """Return the places of some lines; the first is a multiple of `STEP`, and the end if there are more."""
        return Workspace(
            self.rows[lines], self.projected[lines], self.fed[lines], self.normed[lines], self.gated[lines]
        )


@_compiled
def _attend(space, turn, keys, values, layer, place, heads):
    """Put what lines hear in a layer into `normed`, and their new keys and values among the old."""
    width = space.normed.shape[1]
    shares = np.empty((heads, place + 1), np.float32)
    for line in range(len(keys)):
        row, own_keys, own_values = space.projected[line], keys[line, layer], values[line, layer]
        _remember(row, turn, own_keys[place], own_values[place])
        _weigh(row[:width], own_keys[: place + 1], own_values, shares)
        _hear(shares, own_values, keys[min(line + 1, len(keys) - 1), layer], space.normed[line])


@_compiled
def pass_through(numbers, table, base, weights, norm, turn, keys, values, place, heads, space):
    """Pass the next events of lines through all blocks; the rows of the space become the states before each.

    Args:
        numbers: [B, F] rows of the table [entries, D], which are added up for each line, to the base [B, D].
        weights: the four matrices of each block for `multiply`, as in `genaudio.melody.decoder`.
        norm: [D] weight of the last norm.
        turn: [D] turns of queries, which are scaled, and of keys at this place.
        keys, values: [used, layers, room, D]; lines beyond only fill the batch up, and hear nothing.
        place: how many events there are already.
        heads: H.
        space: of as many lines or more.
    """
    qkv, out, feed_in, feed_out = weights
    rows, count = space.rows, len(numbers)
    _gather(numbers, table, base, rows)
    for layer in range(keys.shape[1]):
        _normalise(rows[:count], space.normed)
        multiply(space.normed, qkv[layer], 0, space.projected)
        _attend(space, turn, keys, values, layer, place, heads)
        multiply(space.normed, out[layer], 1, rows)
        _normalise(rows[:count], space.normed)
        multiply(space.normed, feed_in[layer], 0, space.fed)
        _gate(space.fed[:count], space.gated)
        multiply(space.gated, feed_out[layer], 1, rows)
    _scale(rows[:count], norm, space.normed)


@_compiled
def _filled_up(states):
    """Return states [B, D] in bfloat16, [B', D]."""
    halves = np.zeros((-(-len(states) // STEP) * STEP, states.shape[1]), np.uint16)
    for line in range(len(states)):
        for i in range(states.shape[1]):
            halves[line, i] = _narrow(states[line, i])
    return halves


@_compiled
def _add_copies(scores, bias, places, count):
    """Add a bias [M] to rows of scores [B', M], and what follows their first `count` and one to places [B, lags]."""
    for line in range(len(places)):
        row = scores[line]
        row += bias
        for lag in range(places.shape[1]):
            row[places[line, lag]] += row[count + 1 + lag]


@_compiled
def score_rhythms(states, places, weight, bias, count):
    """Return scores of the next rhythm symbols, [B', M], of which the first `count` are wanted.

    Args:
        states: [B, D].
        places: [B, lags] to which symbols copies point.
        weight, bias: [D, M] for `multiply` and [M], of the symbols, of copies from nowhere and of the copies.
        count: of symbols.
    """
    scores = np.empty((-(-len(states) // STEP) * STEP, len(bias)), np.float32)
    multiply(_filled_up(states), weight, 0, scores)
    _add_copies(scores, bias, places, count)
    return scores


@_compiled
def _mix(rows, mixed, bias, normed):
    """Add to rows [B, D] what was mixed of them and a bias [D], gated by itself; put them into others in bfloat16."""
    for line in range(len(rows)):
        row, new, halves = rows[line], mixed[line], normed[line]
        for i in range(len(row)):
            x = new[i] + bias[i]
            row[i] += x / (_one + _exp(-x))
            halves[i] = _narrow(row[i])


@_compiled
def _add_intervals(scores, last, intervals, count, start):
    """Add to the first `count` of scores [B', M] those of the intervals [pitches, count] from last pitches [B]."""
    for line in range(len(last)):
        row, steps = scores[line], intervals[last[line]]
        for pitch in range(count):
            row[pitch] += row[start + steps[pitch]]


@_compiled
def score_pitches(states, chosen, table, norm, mix, mix_bias, seen, weight, bias, intervals, count):
    """Return scores of the next pitches, [B', M], of which the first `count` are wanted.

    Args:
        states: [B, D].
        chosen: [B, C] rows of the table [entries, D] of what is chosen already.
        norm: [D] weight of the norm.
        mix, mix_bias: [D, D] for `multiply` and [D].
        seen: [B, 1 + lags] the last pitch, and to which pitches copies point.
        weight, bias: [D, M] for `multiply` and [M], of the pitches, of copies from nowhere, of the copies and of the
            intervals.
        intervals: [pitches, count] which interval leads from a last pitch to each.
        count: of pitches.
    """
    rows, normed = np.empty_like(states), _filled_up(states)
    _gather(chosen, table, states, rows)
    _scale(rows, norm, normed)
    mixed = np.empty(normed.shape, np.float32)
    multiply(normed, mix, 0, mixed)
    _mix(rows, mixed, mix_bias, normed)
    scores = np.empty((len(normed), len(bias)), np.float32)
    multiply(normed, weight, 0, scores)
    _add_copies(scores, bias, seen[:, 1:], count)
    _add_intervals(scores, seen[:, 0], intervals, count, count + seen.shape[1])
    return scores
