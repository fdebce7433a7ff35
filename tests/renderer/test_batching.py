"""Many stems in batches of one shape: as rendered alone, whatever stands beside them."""

import warnings
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch

from genaudio.errors import GenaudioError
from genaudio.renderer import batching
from genaudio.renderer.batching import Batcher
from genaudio.renderer.chunks import BFLOAT16, Batching, Piece, Shape, Timeline, usual_batching
from genaudio.renderer.performing import parts_of
from genaudio.renderer.renderer import Renderer
from genaudio.score import Note, Score, Track
from genaudio.sounding import Sounding

SMALL_CHUNKS = Batching(chunks=3, frames=128)


def score(seconds: float, seed: int = 0, programs: tuple[int, ...] = (40,), first: float = 0.0) -> Score:
    """Half-second notes for each program; one second is one quarter note."""
    rng = np.random.default_rng(seed)
    tracks = []
    for number, program in enumerate(programs):
        notes = [Note(first + i * 0.5, 0.5, int(rng.integers(60, 84))) for i in range(int(seconds * 2))]
        tracks.append(Track(tuple(notes), program=program, name=f"V{number}", volume=0.5 + 0.2 * number))
    return Score(tuple(tracks), tempi=((0.0, 60.0),))


def with_drums(music: Score) -> Score:
    """Add a crash, which rings on through several chunks, and a few other hits."""
    hits = [Note(0.1, 0.1, 49), *(Note(4.0 + i / 4, 0.1, 36 + 2 * (i % 2)) for i in range(12))]
    return replace(music, tracks=(*music.tracks, Track(tuple(hits), drums=True, name="Kit")))


PIECES = [
    Piece(score(6.0, 1, (40, 0))),
    Piece(score(1.0, 2), seed=5, loudness=-20.0),
    Piece(score(8.0, 3, (73, 24, 71)), seed=9, stems=True),
    Piece(with_drums(score(3.0, 4, first=4.0)), seed=1, reverb=0.0),
]


@pytest.mark.parametrize("wanted", [64, 100, 1024])
@pytest.mark.parametrize("frames", [1, 99, 100, 101, 333, 5000])
def test_chunks_cover_a_piece_once_with_margins_as_wide_as_the_networks_look(wanted: int, frames: int) -> None:
    shape = Shape.around(wanted, 7, 20)
    assert (shape.decoded, shape.seen) == (wanted + 14, wanted + 54)
    chunks = list(shape.chunks(frames))
    assert [chunk.first for chunk in chunks] == [0, *(chunk.last for chunk in chunks[:-1])]
    assert chunks[-1].last == frames
    for chunk in chunks:
        for begin, length, first, last, margin in (
            (chunk.decoded, shape.decoded, chunk.first, chunk.last, 7),
            (chunk.seen, shape.seen, chunk.decoded, min(chunk.decoded + shape.decoded, frames), 20),
        ):
            assert begin == 0 or begin <= first - margin
            assert begin + length >= frames or begin + length >= last + margin
            assert begin == 0 or begin + length <= frames  # beyond the end only where a piece is shorter than a window


def test_a_timeline_gives_all_that_sounds() -> None:
    rng = np.random.default_rng(0)
    starts = rng.uniform(0, 100, 300)
    notes = [Sounding(float(s), float(s + rng.exponential(2)), 60, 90) for s in starts]
    timeline = Timeline(notes)
    for start in (0.0, 17.3, 55.0, 99.0, 150.0):
        found = timeline.between(start, start + 5, 0.5)
        sounding = [note for note in sorted(notes) if note.start <= start + 5 and note.end + 0.5 >= start]
        assert set(sounding) <= set(found)
        assert list(found) == sorted(found)
    assert len(timeline.between(55.0, 60.0, 0.5)) < 100


def test_pieces_rendered_together_are_those_rendered_alone(renderer: Renderer) -> None:
    for piece, rendering in zip(PIECES, renderer.render_many(PIECES, SMALL_CHUNKS), strict=True):
        alone = renderer.render(piece.score, piece.seed, piece.reverb, piece.stems, loudness=piece.loudness)
        assert not isinstance(rendering, GenaudioError)
        assert rendering.audio.shape == alone.audio.shape
        np.testing.assert_allclose(rendering.audio, alone.audio, atol=5e-4)
        assert rendering.loudness == pytest.approx(alone.loudness, abs=0.01)
        assert rendering.stems.keys() == alone.stems.keys()
        for name, sound in alone.stems.items():
            np.testing.assert_allclose(rendering.stems[name], sound, atol=5e-4)


@pytest.mark.parametrize("order", [[0], [1], [2], [3], [3, 2, 1, 0], [1, 3, 0, 2]])
def test_the_bytes_do_not_depend_on_what_shares_a_batch(renderer: Renderer, order: list[int]) -> None:
    together = list(renderer.render_many(PIECES, SMALL_CHUNKS))
    again = renderer.render_many([PIECES[number] for number in order], SMALL_CHUNKS)
    for number, rendering in zip(order, again, strict=True):
        assert rendering.audio.tobytes() == together[number].audio.tobytes()


def test_threads_that_master_change_neither_order_nor_bytes(
    renderer: Renderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    pieces = [*PIECES, Piece(Score(())), *PIECES[::-1]]
    plain = list(renderer.render_many(pieces, SMALL_CHUNKS))
    monkeypatch.setattr(batching, "threads_beside", lambda _: 2)
    for found, wanted in zip(renderer.render_many(pieces, SMALL_CHUNKS), plain, strict=True):
        if isinstance(wanted, GenaudioError):
            assert str(found) == str(wanted)
        else:
            assert found.audio.tobytes() == wanted.audio.tobytes()


def test_a_piece_that_cannot_be_rendered_harms_no_other(renderer: Renderer) -> None:
    pieces = [Piece(Score(())), PIECES[1], Piece(score(1.0), loudness=3.0), Piece(score(1.0, first=20_000.0))]
    found = list(renderer.render_many(pieces, SMALL_CHUNKS))
    assert "no notes" in str(found[0])
    assert not isinstance(found[1], GenaudioError)
    assert "LUFS" in str(found[2])
    assert "5.6 h" in str(found[3])
    assert list(renderer.render_many([], SMALL_CHUNKS)) == []


def test_only_a_few_pieces_are_on_their_way_at_once(renderer: Renderer) -> None:
    asked = 0

    def endless() -> Iterator[Piece]:
        nonlocal asked
        while True:
            asked += 1
            yield PIECES[1]

    row = renderer.render_many(endless(), SMALL_CHUNKS)
    for made in range(1, 6):
        next(row)
        assert asked - made <= 12  # two batches of three chunks, each piece at least two


def test_every_batch_has_one_shape(renderer: Renderer, monkeypatch: pytest.MonkeyPatch) -> None:
    shapes = set()
    for blocks in (renderer.model.blocks, renderer.codec.model.decoder.blocks):
        before = blocks.forward

        def seen(hidden: torch.Tensor, before=before) -> torch.Tensor:
            shapes.add(tuple(hidden.shape))
            return before(hidden)

        monkeypatch.setattr(blocks, "forward", seen)
    list(renderer.render_many(PIECES, SMALL_CHUNKS))
    shape = Batcher(renderer.model, renderer.codec, SMALL_CHUNKS).shape
    assert shapes == {(3, 16, shape.seen), (3, 24, shape.decoded)}


def test_in_half_precision_it_sounds_nearly_the_same(renderer: Renderer) -> None:
    ways = (SMALL_CHUNKS, Batching(3, 128, BFLOAT16))
    exact, half = (next(renderer.render_many([PIECES[0]], way)).audio for way in ways)
    assert np.isfinite(half).all()
    assert half.tobytes() != exact.tobytes()
    assert np.sqrt(np.mean((half - exact) ** 2)) < 0.2 * np.sqrt(np.mean(exact**2))


def test_what_cannot_be_compiled_runs_all_the_same(renderer: Renderer, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("no compiler\nwas found")

    monkeypatch.setattr(torch, "compile", broken)
    with pytest.warns(UserWarning, match="runs uncompiled: no compiler was found"):
        compiled = next(renderer.render_many([PIECES[1]], Batching(3, 128, compiled=True)))
    plain = next(renderer.render_many([PIECES[1]], SMALL_CHUNKS))
    assert compiled.audio.tobytes() == plain.audio.tobytes()


@pytest.mark.slow
def test_compiled_it_sounds_the_same(renderer: Renderer) -> None:
    way = Batching(2, 64, compiled=True)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        compiled = next(renderer.render_many([PIECES[1]], way)).audio
    if any("uncompiled" in str(one.message) for one in caught):
        pytest.skip("this machine has no compiler that torch can use")
    plain = next(renderer.render_many([PIECES[1]], Batching(2, 64))).audio
    np.testing.assert_allclose(compiled, plain, atol=1e-3)


@pytest.mark.parametrize("wrong", [{"chunks": 0}, {"chunks": 257}, {"frames": 63}, {"precision": "float16"}])
def test_a_batching_that_there_is_not_is_refused(wrong) -> None:
    with pytest.raises(GenaudioError):
        Batching(**wrong)


def test_batches_are_usual_on_gpus_alone() -> None:
    assert usual_batching("cpu") is None
    assert usual_batching("mps") is None
    assert usual_batching("cuda:1") == Batching(precision=BFLOAT16)


def test_the_margin_of_the_decoder_is_as_wide_as_it_looks(renderer: Renderer) -> None:
    """A change of the latents in one frame changes no sample further away than the reach."""
    model = renderer.codec.model
    part = parts_of(score(1.0))[0][0]
    frames, hop = 120, model.config.hop
    samples = (frames - 1) * hop
    excitation = torch.from_numpy(renderer.excitation(part, part.notes)(0, samples))
    latents, noise = torch.zeros(1, 8, frames), torch.zeros(1, samples)
    changed = latents.clone()
    changed[:, :, 60] = 1
    with torch.inference_mode():
        difference = (model.decode(changed, excitation, noise) - model.decode(latents, excitation, noise))[0].abs()
    touched = torch.nonzero(difference > 1e-7)[:, 0] / hop
    assert float(touched.min()) >= 60 - model.decoding_reach
    assert float(touched.max()) <= 60 + model.decoding_reach
    assert float(touched.max() - touched.min()) > model.decoding_reach
