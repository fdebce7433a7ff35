"""Looks at the machine: is everything there that genaudio needs, and what to do if not."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from genaudio import __version__
from genaudio.errors import GenaudioError

TORCH = "2.11.0"
"""The torch that the newest torchaudio fits; encodec imports torchaudio."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        name: what it is.
        status: ``ok``, ``warning`` (works, but less of it) or ``failure``.
        detail: what was found.
        remedy: what to do; empty where nothing is needed.
    """

    name: str
    status: Literal["ok", "warning", "failure"]
    detail: str
    remedy: str = ""

    def as_json(self) -> dict[str, str]:
        """Return the finding as a JSON object."""
        return asdict(self)


def examine() -> list[Finding]:
    """Look at Python, packages, devices, audio formats, shipped files and disk; takes seconds, changes nothing."""
    looks: tuple[Callable[[], Finding], ...] = (
        _python, _torch, _torchaudio, _encodec, _screening, _audio, _hearing, _devices, _assets, _disk, _teacher,
        _extras,
    )  # fmt: skip
    return [look() for look in looks]


def _python() -> Finding:
    system = f"{platform.system()} {platform.machine()}"
    return Finding("python", "ok", f"Python {platform.python_version()} on {system}, genaudio {__version__}")


def _version(package: str) -> str | None:
    """Return a package's installed version, None where it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _fault(module: str) -> str | None:
    """Import a module and return in one line what went wrong, None where nothing did."""
    try:
        importlib.import_module(module)
    except Exception as error:  # broken binary packages raise all kinds
        return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
    return None


def _torch() -> Finding:
    found = _version("torch")
    if found is None:
        return Finding(
            "torch", "failure", "torch is not installed; only screening works", f"pip install torch=={TORCH}"
        )
    if fault := _fault("torch"):
        return Finding(
            "torch",
            "failure",
            f"torch {found} does not import ({fault})",
            f"pip install --force-reinstall torch=={TORCH}",
        )
    return Finding("torch", "ok", f"torch {found}")


def _torchaudio() -> Finding:
    """Tell apart a missing torchaudio, one of another release, and one built for CUDA beside a torch without."""
    found, torch = _version("torchaudio"), _version("torch")
    if found is None:
        return Finding("torchaudio", "failure", "torchaudio is not installed", f"pip install torchaudio=={TORCH}")
    if torch is not None and found.split("+")[0].rsplit(".", 1)[0] != torch.split("+")[0].rsplit(".", 1)[0]:
        detail = f"torchaudio {found} and torch {torch} are of different releases; one of them was replaced"
        return Finding("torchaudio", "failure", detail, f"pip install torch=={TORCH} torchaudio=={TORCH}")
    if fault := _fault("torchaudio"):
        cause = (
            "it was built for CUDA and torch was not" if "cuda" in fault.lower() else "its build does not fit torch's"
        )
        detail = f"torchaudio {found} does not import beside torch {torch}: {cause} ({fault})"
        return Finding(
            "torchaudio",
            "failure",
            detail,
            f"take both from the same index: pip install torch=={TORCH} torchaudio=={TORCH}",
        )
    return Finding("torchaudio", "ok", f"torchaudio {found}")


def _encodec() -> Finding:
    found = _version("encodec")
    if found is None:
        return Finding("encodec", "failure", "encodec is not installed", "pip install encodec==0.1.1")
    if fault := _fault("encodec"):
        return Finding(
            "encodec", "failure", f"encodec {found} does not import ({fault})", "put torch and torchaudio right first"
        )
    return Finding("encodec", "ok", f"encodec {found}")


def _screening() -> Finding:
    faults = {
        name: fault for name in ("numpy", "datasketch", "mido", "pretty_midi", "music21") if (fault := _fault(name))
    }
    if faults:
        detail = "; ".join(f"{name}: {fault}" for name, fault in faults.items())
        return Finding("screening", "failure", detail, f"pip install {' '.join(faults)}")
    return Finding("screening", "ok", f"datasketch {_version('datasketch')}, music21 {_version('music21')}")


def _audio() -> Finding:
    if fault := _fault("soundfile"):
        return Finding(
            "audio files", "failure", f"soundfile does not import ({fault})", "pip install --force-reinstall soundfile"
        )
    import soundfile

    missing = sorted({"WAV", "FLAC", "OGG", "MP3"} - set(soundfile.available_formats()))
    if missing:
        detail = f"the sound library {soundfile.__libsndfile_version__} cannot write {', '.join(missing)}"
        return Finding("audio files", "warning", detail, "pip install --upgrade soundfile")
    return Finding("audio files", "ok", f"wav, flac, ogg, mp3 ({soundfile.__libsndfile_version__})")


def _hearing() -> Finding:
    """Look at what screens recordings, which is an extra."""
    from genaudio.transcription.network import INSTALL, network

    try:
        network()
    except GenaudioError:
        return Finding("recordings", "ok", f"not screened (only for screening audio files: {INSTALL})")
    return Finding("recordings", "ok", f"screened, onnxruntime {_version('onnxruntime')}")


def _devices() -> Finding:
    if _fault("torch"):
        return Finding("devices", "failure", "unknown without torch", "put torch right first")
    import torch

    names = [f"cuda:{index} {torch.cuda.get_device_name(index)}" for index in range(torch.cuda.device_count())]
    names += ["mps"] if torch.backends.mps.is_available() else []
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return Finding("devices", "ok", ", ".join([*names, f"cpu ({processors} core{'' if processors == 1 else 's'})"]))


def _assets() -> Finding:
    from genaudio.assets import FOLDER, asset, entries

    remedy = "install genaudio again; in a clone, check the files out again"
    try:
        paths = [asset(name) for name in entries()]
    except GenaudioError as error:
        return Finding("shipped files", "failure", str(error), remedy)
    size = sum(path.stat().st_size for path in paths) / 2**20
    return Finding("shipped files", "ok", f"{len(paths)} files, {size:.1f} MiB, hashes right, in {FOLDER}")


def _disk() -> Finding:
    folder = Path.cwd()
    free = shutil.disk_usage(folder).free / 2**30
    if not os.access(folder, os.W_OK):
        return Finding("disk", "warning", f"{folder} cannot be written to", "give another folder with --out")
    if free < 0.5:
        return Finding(
            "disk", "warning", f"only {free:.2f} GiB free at {folder}", "make room; a track takes about 10 MB"
        )
    return Finding("disk", "ok", f"{free:.0f} GiB free at {folder}")


def _teacher() -> Finding:
    remedy = "only for training the codec or the renderer: pip install 'genaudio[training]' and the fluidsynth library"
    if importlib.util.find_spec("fluidsynth") is None:
        return Finding("teacher synth", "ok", f"not installed ({remedy})")
    if fault := _fault("fluidsynth"):
        return Finding("teacher synth", "warning", f"pyfluidsynth finds no fluidsynth library ({fault})", remedy)
    return Finding("teacher synth", "ok", f"pyfluidsynth {_version('pyfluidsynth')} (training only)")


def _extras() -> Finding:
    wanted = {"ray": "ray", "c2pa-python": "c2pa", "numba": "fast"}
    found = {package: _version(package) for package in wanted}
    known = ", ".join(f"{package} {number}" for package, number in found.items() if number)
    absent = [f"'genaudio[{wanted[package]}]'" for package, number in found.items() if not number]
    remedy = f"for clusters, signatures and fast melodies: pip install {' '.join(absent)}" if absent else ""
    return Finding("extras", "ok", f"{known or 'none'}{f' ({remedy})' if remedy else ''}")
