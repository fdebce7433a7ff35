"""Rechecks a release package: hashes, verdict, and the statement that it is AI-generated."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from checks import Screener, Verdict
from genaudio.assets import sha256
from genaudio.audio import FORMATS, read_tags
from genaudio.errors import GenaudioError
from genaudio.production.catalogue import open_screener
from genaudio.production.folder import MANIFEST
from genaudio.production.provenance import states_ai
from genaudio.production.release import MASTER
from genaudio.production.screening import screen_files, verdicts
from genaudio.production.signing import INSTALL, available, read_signature

SCHEMA_VERSION = 1
NEEDED = ("track.mid", "screening.json", "report.html")
"""What every package needs beside the manifest; one with audio also needs the master."""


@dataclass(frozen=True)
class Check:
    """One thing that was rechecked.

    Attributes:
        name: what.
        status: ``ok``, ``warning`` (could not be rechecked) or ``failure``.
        detail: what was found.
    """

    name: str
    status: Literal["ok", "warning", "failure"]
    detail: str

    def as_json(self) -> dict[str, str]:
        """Return the check as a JSON object."""
        return asdict(self)


@dataclass(frozen=True)
class Inspection:
    """What rechecking a package gave.

    Attributes:
        folder: the package.
        verdict: the graver of the verdict on record and the one found now.
        checks: all that was rechecked.
    """

    folder: Path
    verdict: str
    checks: tuple[Check, ...]

    @property
    def intact(self) -> bool:
        """True where nothing failed."""
        return not any(check.status == "failure" for check in self.checks)


def verify_package(folder: Path | str, catalogues: Iterable[Path | str] = ()) -> Inspection:
    """Recheck a package.

    Args:
        folder: what `make` wrote.
        catalogues: the user's catalogues that it was screened against.

    Raises:
        GenaudioError: the folder is no package, or its manifest cannot be read.
        IncompatibleError: the shipped catalogue is damaged.
        CatalogueError: a catalogue cannot be used.
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    recorded = str(manifest["verdict"])
    verdict, screened = _verdict(folder, manifest, open_screener(catalogues))
    checks = (
        _files(folder, manifest),
        _unlisted(folder, manifest),
        *screened,
        _record(folder, recorded),
        *_statements(folder, manifest),
        *_signatures(folder, manifest),
    )
    return Inspection(folder, verdict, checks)


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read the manifest of a package.

    Raises:
        GenaudioError: there is none, or it is none that this version reads.
    """
    path = folder / MANIFEST
    if not folder.is_dir():
        raise GenaudioError(
            f"there is no folder {folder}" if not folder.exists() else f"{folder} is a file, no package"
        )
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise GenaudioError(f"{folder} is no release package: it has no {MANIFEST}") from error
    except (OSError, ValueError) as error:
        raise GenaudioError(f"{path} cannot be read: {error}") from error
    if not isinstance(manifest, dict) or manifest.get("schema_version") != SCHEMA_VERSION:
        raise GenaudioError(
            f"{path} is no manifest that this version of genaudio reads (schema_version {SCHEMA_VERSION})"
        )
    if not isinstance(manifest.get("files"), dict) or manifest.get("verdict") not in set(Verdict):
        raise GenaudioError(f"{path} is incomplete: it lists no files or has no verdict")
    return manifest


def _files(folder: Path, manifest: dict[str, Any]) -> Check:
    """Compare every listed file with its hash."""
    needed = NEEDED if manifest.get("audio", True) is None else (MASTER, *NEEDED)
    wrong = [f"{name} is not listed" for name in needed if name not in manifest["files"]]
    for name, entry in manifest["files"].items():
        path = folder / name
        if Path(name).name != name or not path.is_file():
            wrong.append(f"{name} is missing")
        elif sha256(path) != entry.get("sha256"):
            wrong.append(f"{name} was changed")
    if wrong:
        return Check("files", "failure", "; ".join(wrong))
    return Check("files", "ok", f"{len(manifest['files'])} files have the hashes of the manifest")


def _unlisted(folder: Path, manifest: dict[str, Any]) -> Check:
    strangers = sorted(path.name for path in folder.iterdir() if path.name not in {*manifest["files"], MANIFEST})
    if strangers:
        return Check("other files", "failure", f"not in the manifest: {', '.join(strangers)}")
    return Check("other files", "ok", "none")


def _verdict(folder: Path, manifest: dict[str, Any], screener: Screener) -> tuple[str, list[Check]]:
    """Screen the track again, in all its lines; the graver verdict counts."""
    recorded = str(manifest["verdict"])
    known = {catalogue.sha256 for catalogue in screener.catalogues}
    absent = [str(entry["name"]) for entry in manifest.get("catalogues", ()) if entry.get("sha256") not in known]
    checks = []
    if absent:
        detail = f"not at hand as they were then: {', '.join(absent)}; give them with --catalogue"
        checks.append(Check("catalogues", "warning", detail))
    pieces = screen_files([folder / "track.mid"], screener)
    unreadable = [piece.screening.reason for piece in pieces if not piece.readable]
    if unreadable:
        return recorded, [*checks, Check("verdict", "failure", str(unreadable[0]))]
    verdict = max(verdicts(pieces), key=_gravity)
    if _gravity(verdict) > _gravity(recorded):
        return verdict, [*checks, Check("verdict", "failure", f"{verdict} now, {recorded} on record")]
    return recorded, [*checks, Check("verdict", "ok", f"{verdict} now, {recorded} on record")]


def _gravity(verdict: str) -> int:
    return ("clear", "review", "match", "not-screened").index(str(verdict))


def _record(folder: Path, recorded: str) -> Check:
    """Compare the manifest's verdict with the one in screening.json."""
    try:
        results = json.loads((folder / "screening.json").read_text(encoding="utf-8"))["results"]
        verdicts = [str(result["verdict"]) for result in results]
    except (OSError, ValueError, KeyError, TypeError) as error:
        return Check("record", "failure", f"screening.json cannot be read: {error}")
    if verdicts != [recorded]:
        return Check(
            "record", "failure", f"screening.json says {', '.join(verdicts) or 'nothing'}, the manifest {recorded}"
        )
    return Check("record", "ok", "manifest and screening.json agree")


def _statements(folder: Path, manifest: dict[str, Any]) -> list[Check]:
    """Look for the statement in the manifest and in every audio file."""
    silent = [] if (manifest.get("ai_statement") or {}).get("ai_generated") is True else [MANIFEST]
    for name in manifest["files"]:
        if Path(name).suffix.lstrip(".") in FORMATS and (folder / name).is_file():
            try:
                comment = read_tags(folder / name).get("comment")
            except GenaudioError:
                comment = None
            if not states_ai(comment):
                silent.append(name)
    if silent:
        return [Check("AI statement", "failure", f"missing in {', '.join(silent)}")]
    return [Check("AI statement", "ok", "in the manifest and in every audio file")]


def _signatures(folder: Path, manifest: dict[str, Any]) -> list[Check]:
    """Verify the signatures of the audio files, where the manifest says that there are some."""
    recorded = manifest.get("signature")
    if not recorded:
        return []
    if not available():
        return [Check("signature", "warning", f"there is one that cannot be rechecked without {INSTALL}")]
    wrong = [f"{name}: {fault}" for name in recorded["files"] if (fault := _signature_fault(folder / name, recorded))]
    if wrong or not recorded["files"]:
        return [Check("signature", "failure", "; ".join(wrong) or "no file is signed")]
    files = ", ".join(recorded["files"])
    detail = f"{files} signed by {recorded['signer']}, certificate of {recorded['issuer']} (not looked up)"
    return [Check("signature", "ok", detail)]


def _signature_fault(path: Path, recorded: dict[str, Any]) -> str:
    """Say what is wrong with the signature of a file; nothing where it is as recorded."""
    try:
        found = read_signature(path)
    except GenaudioError as error:
        return str(error)
    if found is None:
        return "has no signature"
    if found.fault:
        return f"the signature is not valid ({found.fault})"
    if (found.signer, found.issuer, found.serial) != tuple(recorded[name] for name in ("signer", "issuer", "serial")):
        return f"signed by {found.signer} of {found.issuer}, not by whom the manifest names"
    return "" if found.states_ai else "the signed claim does not say that the audio is AI-generated"
