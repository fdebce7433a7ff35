"""A step of the network in bfloat16, compiled by numba: `pass_through`, and what it is made of.

Products are those of AMX where the processor has it. It multiplies tiles, 16 rows of 64 bytes, which are 32 numbers in
bfloat16, and adds up in single precision and for every row in the same order, so that a line does not depend on those
beside it. LLVM offers its instructions as intrinsic functions, of which numba is told here (Intel 64 and IA-32
Architectures Software Developer's Manual, volume 1, chapter 18).

Numba's cache of compiled code looks for changes in the file of a function, not in those of what it calls: so all stands
in this one. Letters as in `genaudio.melody.decoder`, with N for the width of what a gate lets through; bfloat16 is held
as the upper halves of float32, in uint16.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator"
# The types of compiled functions are those of what they are called with.

from __future__ import annotations

from itertools import takewhile
from typing import NamedTuple

import numpy as np
import torch
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic, overload
from numpy.typing import NDArray

STEP = 32
"""Rows, columns and depth that a product takes at once are multiples of this."""
TILES = np.zeros((1, 64), np.uint8)
"""How the tiles are configured: palette 1, eight tiles of 16 rows of 64 bytes."""
TILES[0, 0], TILES[0, 16:32:2], TILES[0, 48:56] = 1, 64, 16

_BYTE, _INT = ir.IntType(8), ir.IntType(32)


def _instruction(name: str, strided: bool = False, constants: tuple[int, ...] = ()):
    """Return what emits an instruction that takes tiles by number and a place in a matrix: row and column.

    Args:
        name: of LLVM's intrinsic function.
        strided: it is also told the bytes from row to row.
        constants: what else it is told.
    """

    def emit(context, builder, signature, values):
        tiles = list(takewhile(lambda kind: isinstance(kind, types.IntegerLiteral), signature.args))
        operands = [_BYTE(tile.literal_value) for tile in tiles]
        if len(tiles) < len(values):
            kind, (matrix, *place) = signature.args[len(tiles)], values[len(tiles) :]
            array = context.make_array(kind)(context, builder, matrix)
            start = cgutils.get_item_pointer(context, builder, kind, array, place)
            operands.append(builder.bitcast(start, _BYTE.as_pointer()))
            operands += [builder.extract_value(array.strides, 0)] * strided
        operands += map(_INT, constants)
        function = ir.FunctionType(ir.VoidType(), [operand.type for operand in operands])
        builder.call(cgutils.get_or_insert_function(builder.module, function, name), operands)
        return context.get_dummy_value()

    return emit


@intrinsic
def _configure(context, config, row, column):
    return types.void(config, row, column), _instruction("llvm.x86.ldtilecfg")


@intrinsic
def _release(context):
    return types.void(), _instruction("llvm.x86.tilerelease")


@intrinsic(prefer_literal=True)
def _load(context, tile, matrix, row, column):
    return types.void(tile, matrix, row, column), _instruction("llvm.x86.tileloadd64", strided=True)


@intrinsic(prefer_literal=True)
def _store(context, tile, matrix, row, column):
    return types.void(tile, matrix, row, column), _instruction("llvm.x86.tilestored64", strided=True)


@intrinsic(prefer_literal=True)
def _multiply(context, total, left, right):
    return types.void(total, left, right), _instruction("llvm.x86.tdpbf16ps")


@intrinsic
def _prefetch(context, matrix, row, column):
    return types.void(matrix, row, column), _instruction("llvm.prefetch.p0", constants=(0, 3, 1))


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


def rounded(numbers: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Return numbers in bfloat16, each the nearest and of two the even one."""
    bits = np.ascontiguousarray(numbers).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def packed(weight: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Return a matrix [K, N] for `add_product`, [N/16 x K/2, 16 x 2]: for each 16 columns their pairs of rows."""
    depth, columns = weight.shape
    pairs = rounded(weight).reshape(depth // 2, 2, columns // 16, 16)
    return pairs.transpose(2, 0, 3, 1).reshape(-1, 2 * 16).copy()


def add_product(left, right, total):
    """Add a product to totals [B, N]: by torch in single precision, in compiled code by AMX.

    Args:
        left: rows [B, K] in bfloat16.
        right: a tensor [K, N] in single precision; for AMX `packed`.
        total: in single precision. For AMX, B, K and N are multiples of `STEP`.
    """
    torch.from_numpy(total).addmm_(torch.from_numpy(left).view(torch.bfloat16).float(), right)


@overload(add_product, jit_options=_OPTIONS)
def _add_product(left, right, total):
    def by_tiles(left, right, total):
        (rows, columns), depth = total.shape, left.shape[1]
        _configure(TILES, 0, 0)
        for n in range(0, columns, STEP):
            near = n * depth // 32
            far = near + depth // 2
            for m in range(0, rows, STEP):
                _load(0, total, m, n)
                _load(1, total, m, n + 16)
                _load(2, total, m + 16, n)
                _load(3, total, m + 16, n + 16)
                for k in range(0, depth, STEP):
                    _load(4, left, m, k)
                    _load(5, left, m + 16, k)
                    _load(6, right, near + k // 2, 0)
                    _load(7, right, far + k // 2, 0)
                    _multiply(0, 4, 6)
                    _multiply(1, 4, 7)
                    _multiply(2, 5, 6)
                    _multiply(3, 5, 7)
                _store(0, total, m, n)
                _store(1, total, m, n + 16)
                _store(2, total, m + 16, n)
                _store(3, total, m + 16, n + 16)
        _release()

    return by_tiles


@_compiled
def _gather(numbers, table, base, rows):
    """Put into rows [B, D] their base [B, D] and the rows of a table [entries, D] that have their numbers [B, F]."""
    for line in range(len(numbers)):
        row = rows[line]
        row[:] = base[line]
        for number in numbers[line]:
            row += table[number]


@_compiled
def _normalise(rows, normed):
    """Put rows [B, D], divided by their root mean squares, into others in bfloat16."""
    for line in range(len(rows)):
        row, squares = rows[line], np.float32(0.0)
        for x in row:
            squares += x * x
        scale = _one / np.sqrt(squares / np.float32(len(row)) + np.finfo(np.float32).eps)
        for i in range(len(row)):
            normed[line, i] = _narrow(row[i] * scale)


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
            _prefetch(values, t, i)
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
            _prefetch(following, t, i)
        for head in range(heads):
            share, value, total = shares[head, t], values[t, head * size :], sums[head * size :]
            for i in range(size):
                total[i] += share * _wide(value[i])
    for i in range(width):
        heard[i] = _narrow(sums[i])


class Workspace(NamedTuple):
    """Places for what is computed on the way; rows are filled up to a multiple of `STEP`.

    Attributes:
        rows: [B, D] in single precision, what is handed from block to block.
        projected, fed: [B, 3 D] and [B, 2 N] in single precision.
        normed, gated: [B, D] and [B, N] in bfloat16.
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
def pass_through(numbers, table, base, weights, turn, keys, values, place, heads, space):
    """Pass the next events of lines through all blocks, into the rows of the space.

    Args:
        add_product: as `add_product`; another than that only where this runs without being compiled.
        numbers: [B, F] rows of the table [entries, D], which are added up for each line, to the base [B, D].
        weights: the four matrices of each block for `add_product`, as in `genaudio.melody.decoder`.
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
        space.projected[:] = 0
        add_product(space.normed, qkv[layer], space.projected)
        _attend(space, turn, keys, values, layer, place, heads)
        add_product(space.normed, out[layer], rows)
        _normalise(rows[:count], space.normed)
        space.fed[:] = 0
        add_product(space.normed, feed_in[layer], space.fed)
        _gate(space.fed[:count], space.gated)
        add_product(space.gated, feed_out[layer], rows)
