"""Signatures of audio files by C2PA (https://spec.c2pa.org), with the user's own certificate and key.

The signed claim says that the file was created by a trained model. WAV, MP3 and FLAC files can carry one; Ogg files
cannot. Needs c2pa-python and cryptography (``pip install 'genaudio[c2pa]'``); nothing is fetched from the network. The
key is read where audio is signed and is written nowhere.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genaudio import __version__
from genaudio.errors import GenaudioError
from genaudio.production.provenance import SOURCE_TYPE

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
    from cryptography.x509 import Certificate

TYPES = {"flac": "audio/flac", "wav": "audio/wav", "mp3": "audio/mpeg"}
"""Media types of the formats that can be signed."""
INSTALL = "pip install 'genaudio[c2pa]'"
_LARGEST = 1 << 20


@dataclass(frozen=True)
class Signing:
    """Who signs.

    Attributes:
        certificate: PEM file with the signer's certificate first, then those above it.
        key: PEM file with the private key, without a password.
    """

    certificate: Path
    key: Path

    @classmethod
    def checked(cls, certificate: Path | None, key: Path | None) -> Signing | None:
        """Make sure that a certificate and a key can sign; None where neither is given.

        Raises:
            GenaudioError: one of them is missing or cannot be used, they do not belong together, the certificate is out
                of date, or the packages that sign are not installed.
        """
        if certificate is None and key is None:
            return None
        if certificate is None or key is None:
            raise GenaudioError("signing needs both a certificate and its key")
        if not available():
            raise GenaudioError(f"signing needs c2pa-python and cryptography: {INSTALL}")
        found = cls(certificate.resolve(), key.resolve())
        found._check()
        return found

    def keep_out_of(self, folder: Path) -> None:
        """Make sure that the key does not lie in a folder that is given away.

        Raises:
            GenaudioError: it does.
        """
        if self.key.is_relative_to(folder.resolve()):
            raise GenaudioError(f"the private key {self.key} lies in the folder {folder}; keep it elsewhere")

    @property
    def digest(self) -> str:
        """SHA-256 of the signer's certificate."""
        from cryptography.hazmat.primitives.serialization import Encoding

        return hashlib.sha256(self._signer().public_bytes(Encoding.DER)).hexdigest()

    def sign(self, path: Path, title: str) -> None:
        """Sign an audio file, in place.

        Raises:
            GenaudioError: it cannot be signed.
        """
        import c2pa

        info = c2pa.C2paSignerInfo(
            alg=_algorithm(self._private()).encode(),
            sign_cert=_read(self.certificate),
            private_key=_read(self.key),
            ta_url=None,
        )
        signed = path.with_name(f".signed{path.suffix}")
        try:
            with c2pa.Signer.from_info(info) as signer, c2pa.Builder(_claim(path, title)) as builder:
                builder.sign_file(path, signed, signer)
            os.replace(signed, path)
        except c2pa.C2paError as error:
            raise GenaudioError(f"{path.name} cannot be signed: {error}") from error
        finally:
            signed.unlink(missing_ok=True)

    def _check(self) -> None:
        certificate = self._signer()
        if certificate.public_key() != self._private().public_key():
            raise GenaudioError(f"the key {self.key} does not belong to the certificate {self.certificate}")
        now = datetime.now(UTC)
        if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
            first, last = certificate.not_valid_before_utc, certificate.not_valid_after_utc
            raise GenaudioError(f"the certificate {self.certificate} is valid from {first:%Y-%m-%d} to {last:%Y-%m-%d}")
        _algorithm(self._private())

    def _signer(self) -> Certificate:
        from cryptography.x509 import load_pem_x509_certificates

        try:
            return load_pem_x509_certificates(_read(self.certificate))[0]
        except (ValueError, IndexError) as error:
            raise GenaudioError(f"{self.certificate} holds no certificate in PEM") from error

    def _private(self) -> PrivateKeyTypes:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        try:
            return load_pem_private_key(_read(self.key), None)
        except TypeError:
            raise GenaudioError(
                f"the key {self.key} has a password; give one without, in a file only you read"
            ) from None
        except (ValueError, UnsupportedAlgorithm):  # whose words might quote the file
            raise GenaudioError(f"{self.key} holds no private key in PEM") from None


def available() -> bool:
    """Return whether the packages that sign and verify are installed."""
    return find_spec("c2pa") is not None and find_spec("cryptography") is not None


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_LARGEST)
    except OSError as error:
        raise GenaudioError(f"{path} cannot be read: {error.strerror}") from error


def _algorithm(key: PrivateKeyTypes) -> str:
    """Return C2PA's name of the algorithm that a key signs by."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "ed25519"
    if isinstance(key, rsa.RSAPrivateKey):
        return "ps256"
    if isinstance(key, ec.EllipticCurvePrivateKey) and (name := _CURVES.get(key.curve.name)):
        return name
    raise GenaudioError("a key must be Ed25519, RSA, or elliptic on P-256, P-384 or P-521")


_CURVES = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}


def _claim(path: Path, title: str) -> dict[str, Any]:
    actions = [{"action": "c2pa.created", "digitalSourceType": SOURCE_TYPE}]
    return {
        "claim_generator_info": [{"name": "genaudio", "version": __version__}],
        "title": title,
        "format": TYPES[path.suffix.lstrip(".")],
        "assertions": [{"label": "c2pa.actions", "data": {"actions": actions}}],
    }


@dataclass(frozen=True)
class Signature:
    """What the signature of a file says.

    Attributes:
        fault: why it is not valid; empty where it is.
        signer, issuer: as the certificate names them.
        serial: number of the certificate.
        states_ai: whether the claim says that a trained model made the file.
    """

    fault: str
    signer: str
    issuer: str
    serial: str
    states_ai: bool


def read_signature(path: Path) -> Signature | None:
    """Verify the signature of a file; None where it has none.

    That somebody vouches for the certificate is not looked at: the user knows whose it should be.

    Raises:
        GenaudioError: the file cannot be read.
    """
    import c2pa

    try:
        with c2pa.Reader(path) as reader:
            found = json.loads(reader.json())
    except c2pa.C2paError as error:
        if "ManifestNotFound" in type(error).__name__ or "ManifestNotFound" in str(error):
            return None
        raise GenaudioError(f"the signature of {path.name} cannot be read: {error}") from error
    claim = found["manifests"][found["active_manifest"]]
    failures = found.get("validation_results", {}).get("activeManifest", {}).get("failure", [])
    codes = sorted({entry["code"] for entry in failures} - {"signingCredential.untrusted"})
    if not codes and found.get("validation_state") not in ("Valid", "Trusted"):
        codes = [f"it is {found.get('validation_state')}"]
    info = claim.get("signature_info", {})
    return Signature(
        fault=", ".join(codes),
        signer=str(info.get("common_name", "")),
        issuer=str(info.get("issuer", "")),
        serial=str(info.get("cert_serial_number", "")),
        states_ai=any(
            action.get("digitalSourceType") == SOURCE_TYPE
            for assertion in claim.get("assertions", ())
            if assertion.get("label", "").startswith("c2pa.actions")
            for action in assertion["data"].get("actions", ())
        ),
    )
