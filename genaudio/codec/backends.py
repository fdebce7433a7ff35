"""Codecs behind one interface: the bundled one and the official EnCodec models.

``backend("genaudio")`` or ``backend("encodec_24khz")``; each turns audio of any rate into `Codes` and back.
"""

from __future__ import annotations

import urllib.error
from collections.abc import Iterator
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch

from genaudio.audio import read_audio, resample
from genaudio.codec.codec import Codec
from genaudio.codec.codes import Codes
from genaudio.codec.tuning import tuning
from genaudio.devices import choose_device
from genaudio.errors import GenaudioError, IncompatibleError
from genaudio.retiming import Retimed, played_back, speed_of
from genaudio.streams import AudioFile, Clip, Sound

if TYPE_CHECKING:
    from encodec.model import EncodecModel

NAMES = ("genaudio", "encodec_24khz", "encodec_48khz")
"""The codecs there are; the first is bundled, the others fetch their weights once."""


class Backend(Protocol):
    """A codec for audio of any sample rate and number of channels."""

    name: str

    def compress(self, audio: np.ndarray, rate: int, kbps: float | None = None) -> Codes:
        """Turn audio float32 [C, T] into codes of at most `kbps` kbit/s a channel, all levels unless given."""
        ...

    def compress_file(self, path: Path, kbps: float | None = None) -> Codes:
        """As `compress`, from an audio file."""
        ...

    def decompress(self, codes: Codes) -> np.ndarray:
        """Turn codes into audio, float32 [C, T] at the codes' sample rate."""
        ...

    def stretches(self, codes: Codes) -> Iterator[np.ndarray]:
        """As `decompress`, piece by piece: float32 [C, t] each."""
        ...


def backend(name: str = "genaudio", device: str = "auto", weights: Path | None = None) -> Backend:
    """Load a codec by name.

    Args:
        name: one of `NAMES`.
        device: auto, cpu, cuda, cuda:N or mps.
        weights: a file of weights instead of the shipped or official ones.

    Raises:
        GenaudioError: the name is unknown, or official weights cannot be had.
        IncompatibleError: the weights do not fit.
    """
    if name == "genaudio":
        return Bundled(Codec.load(weights, device))
    if name in NAMES:
        return Official(name, device, weights)
    raise GenaudioError(f"unknown codec {name!r}; the codecs are {', '.join(NAMES)}")


class Bundled:
    """The codec that ships with genaudio."""

    name = "genaudio"

    def __init__(self, codec: Codec) -> None:
        self.codec = codec

    def compress(self, audio: np.ndarray, rate: int, kbps: float | None = None) -> Codes:
        """See `Backend.compress`."""
        return self._code(Clip(resample(audio, rate, self.codec.sample_rate)), kbps)

    def compress_file(self, path: Path, kbps: float | None = None) -> Codes:
        """See `Backend.compress_file`; the file is read in stretches, so its length does not matter."""
        with AudioFile(path, self.codec.sample_rate) as sound:
            return self._code(sound, kbps)

    def _code(self, sound: Sound, kbps: float | None) -> Codes:
        """Code a sound at the codec's sample rate; where it is tuned otherwise than to A = 440 Hz, retimed to that."""
        levels = None
        if kbps is not None:
            levels = int(min(self.codec.levels, kbps * 1000 // self.codec.bitrate(1)))
            if levels < 1:
                least = self.codec.bitrate(1) / 1000
                raise GenaudioError(f"this codec needs at least {least:.2f} kbit/s a channel, not {kbps:g}")
        rate, cents = self.codec.sample_rate, tuning(sound, self.codec.sample_rate)
        codes = self.codec.encode(Retimed(sound, speed_of(-cents)) if cents else sound, levels)
        bins, digest = self.codec.model.config.bins, self.codec.digest
        return Codes(codes, bins, sound.samples, rate, self.name, digest, tuning=cents)

    def decompress(self, codes: Codes) -> np.ndarray:
        """See `Backend.decompress`.

        Raises:
            IncompatibleError: the codes were made by other weights.
        """
        return np.concatenate(list(self.stretches(codes)), axis=1)

    def stretches(self, codes: Codes) -> Iterator[np.ndarray]:
        """See `Backend.stretches`.

        Raises:
            IncompatibleError: the codes were made by other weights.
        """
        _check_model(codes, self.name)
        if codes.digest != self.codec.digest:
            raise IncompatibleError(
                f"the codes were made by the codec {codes.digest[:12]}, this is {self.codec.digest[:12]}; "
                "decode them with the version of genaudio that made them"
            )
        if not codes.tuning:
            yield from self.codec.decode_stretches(codes.codes, codes.samples)
            return
        length = ceil(codes.samples * speed_of(codes.tuning))
        pieces = self.codec.decode_stretches(codes.codes, length)
        yield from played_back(pieces, codes.codes.shape[0], length, speed_of(codes.tuning), codes.samples)


class Official:
    """An official EnCodec model (Défossez et al. 2022). Its weights are downloaded once by encodec."""

    def __init__(self, name: str, device: str = "auto", weights: Path | None = None) -> None:
        self.name, self.device = name, choose_device(device)
        self.model = _official_model(name, weights).to(self.device)

    def compress(self, audio: np.ndarray, rate: int, kbps: float | None = None) -> Codes:
        """See `Backend.compress`; the bitrate is the nearest of the model's own that is not above."""
        wanted = self.model.target_bandwidths[-1] if kbps is None else kbps
        fitting = [own for own in self.model.target_bandwidths if own <= wanted]
        if not fitting:
            raise GenaudioError(f"{self.name} needs at least {self.model.target_bandwidths[0]} kbit/s, not {wanted:g}")
        self.model.set_target_bandwidth(fitting[-1])
        sound = resample(audio, rate, self.model.sample_rate)
        if self.model.channels == 2:
            sound = np.repeat(sound, 2, axis=0) if sound.shape[0] == 1 else sound[:2]
            batch = torch.from_numpy(np.ascontiguousarray(sound))[None]
        else:
            batch = torch.from_numpy(np.ascontiguousarray(sound))[:, None]
        with torch.inference_mode():
            frames = self.model.encode(batch.to(self.device))
        codes = torch.cat([part for part, _ in frames], dim=2).cpu().numpy().astype(np.int16)
        scales = tuple(float(scale) for _, scale in frames if scale is not None)
        segments = tuple(part.shape[2] for part, _ in frames)
        bins, rate = self.model.quantizer.bins, self.model.sample_rate
        return Codes(codes, bins, sound.shape[1], rate, self.name, "", segments, scales)

    def compress_file(self, path: Path, kbps: float | None = None) -> Codes:
        """See `Backend.compress_file`; the whole file is in memory."""
        return self.compress(*read_audio(path), kbps)

    def stretches(self, codes: Codes) -> Iterator[np.ndarray]:
        """See `Backend.stretches`: all in one piece."""
        yield self.decompress(codes)

    def decompress(self, codes: Codes) -> np.ndarray:
        """See `Backend.decompress`."""
        _check_model(codes, self.name)
        values = torch.from_numpy(codes.codes.astype(np.int64)).to(self.device)
        parts: list[tuple[torch.Tensor, torch.Tensor | None]] = []
        start = 0
        for index, length in enumerate(codes.segments):
            scale = torch.tensor([[codes.scales[index]]], device=self.device) if codes.scales else None
            parts.append((values[:, :, start : start + length], scale))
            start += length
        with torch.inference_mode():
            sound = self.model.decode(parts)
        out: np.ndarray = sound.reshape(-1, sound.shape[-1])[:, : codes.samples].cpu().numpy()
        return np.clip(np.nan_to_num(out), -1, 1)


def _check_model(codes: Codes, name: str) -> None:
    if codes.model != name:
        raise IncompatibleError(f"the codes were made by {codes.model}, not by {name}; choose that codec")


def _official_model(name: str, weights: Path | None) -> EncodecModel:
    """Build an official model with downloaded weights, or with those of a file."""
    from encodec.model import EncodecModel

    make: Any = {
        "encodec_24khz": EncodecModel.encodec_model_24khz,
        "encodec_48khz": EncodecModel.encodec_model_48khz,
    }[name]
    if weights is not None:
        model: EncodecModel = make(pretrained=False)
        try:
            model.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
        except Exception as error:  # torch raises many kinds for damaged files
            raise IncompatibleError(f"{weights} does not hold the weights of {name}: {error}") from error
        return model
    try:
        official: EncodecModel = make(pretrained=True)
        return official
    except (urllib.error.URLError, OSError, RuntimeError) as error:
        raise GenaudioError(
            f"the official weights of {name} cannot be downloaded ({error}); connect to the network once, name a file "
            "of them with --weights, or use the bundled codec, which needs none"
        ) from error
