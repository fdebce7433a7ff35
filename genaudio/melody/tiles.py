"""Products of matrices in bfloat16 for code that numba compiles, by AMX.

AMX multiplies tiles, 16 rows of 64 bytes, which are 32 numbers in bfloat16. It adds up in single precision, and for
every row in the same order: so a row does not depend on those beside it. LLVM offers its instructions as intrinsic
functions, of which numba is told here (Intel 64 and IA-32 Architectures Software Developer's Manual, volume 1,
chapter 18).

bfloat16 is held as the upper halves of float32, in uint16. Numba's cache of compiled code does not see that this file
has changed: after that, `make clean`.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator"
# The types of compiled functions are those of what they are called with.

from __future__ import annotations

import platform
from itertools import takewhile

import numpy as np
import torch
from llvmlite import binding, ir
from numba import types
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
def _clear(context, tile):
    return types.void(tile), _instruction("llvm.x86.tilezero")


@intrinsic(prefer_literal=True)
def _load(context, tile, matrix, row, column):
    return types.void(tile, matrix, row, column), _instruction("llvm.x86.tileloadd64", strided=True)


@intrinsic(prefer_literal=True)
def _store(context, tile, matrix, row, column):
    return types.void(tile, matrix, row, column), _instruction("llvm.x86.tilestored64", strided=True)


@intrinsic(prefer_literal=True)
def _accumulate(context, total, left, right):
    return types.void(total, left, right), _instruction("llvm.x86.tdpbf16ps")


@intrinsic
def prefetch(context, matrix, row, column):
    """Ask for what stands at a place to be fetched into the caches."""
    return types.void(matrix, row, column), _instruction("llvm.prefetch.p0", constants=(0, 3, 1))


def available() -> bool:
    """Return whether this machine has tiles, and lets this process use them."""
    intel = platform.machine() in ("x86_64", "AMD64")
    return intel and bool(binding.get_host_cpu_features().get("amx-bf16")) and bool(torch.cpu._init_amx())


def rounded(numbers: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Return numbers in bfloat16, each the nearest and of two the even one."""
    bits = np.ascontiguousarray(numbers).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def packed(weight: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Return a matrix [K, N] for `multiply`, [N/16 x K/2, 16 x 2]: for each 16 columns their pairs of rows."""
    depth, columns = weight.shape
    pairs = rounded(weight).reshape(depth // 2, 2, columns // 16, 16)
    return pairs.transpose(2, 0, 3, 1).reshape(-1, 2 * 16).copy()


def multiply(left, right, kept, total):
    """Put a product into totals [B, N]: in compiled code by AMX, else in single precision by torch.

    Args:
        left: rows [B, K] in bfloat16.
        right: of [K, N]: `packed`; for torch, a tensor in single precision.
        kept: 1 to add the product to what stands in the totals, else 0.
        total: in single precision. For AMX, B, K and N are multiples of `STEP`.
    """
    torch.from_numpy(total).addmm_(torch.from_numpy(left).view(torch.bfloat16).float(), right, beta=kept)


@overload(multiply)
def _multiply_by_tiles(left, right, kept, total):
    def by_tiles(left, right, kept, total):
        (rows, columns), depth = total.shape, left.shape[1]
        _configure(TILES, 0, 0)
        for n in range(0, columns, STEP):
            near = n * depth // 32
            far = near + depth // 2
            for m in range(0, rows, STEP):
                if kept:
                    _load(0, total, m, n)
                    _load(1, total, m, n + 16)
                    _load(2, total, m + 16, n)
                    _load(3, total, m + 16, n + 16)
                else:
                    _clear(0)
                    _clear(1)
                    _clear(2)
                    _clear(3)
                for k in range(0, depth, STEP):
                    _load(4, left, m, k)
                    _load(5, left, m + 16, k)
                    _load(6, right, near + k // 2, 0)
                    _load(7, right, far + k // 2, 0)
                    _accumulate(0, 4, 6)
                    _accumulate(1, 4, 7)
                    _accumulate(2, 5, 6)
                    _accumulate(3, 5, 7)
                _store(0, total, m, n)
                _store(1, total, m, n + 16)
                _store(2, total, m + 16, n)
                _store(3, total, m + 16, n + 16)
        _release()

    return by_tiles
