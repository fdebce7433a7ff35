"""Audio signed with a self-made certificate, and what cannot sign."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

pytest.importorskip("c2pa")
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from genaudio.audio import read_audio, read_tags, write_audio
from genaudio.errors import GenaudioError
from genaudio.production import make, verify_package
from genaudio.production.batch import PlanError, read_plan, run_batch
from genaudio.production.signing import Signing, read_signature
from tests.production.batch.doubles import crew_of

KINDS = {
    "es256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "es384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "ps256": lambda: rsa.generate_private_key(65537, 2048),
    "ed25519": ed25519.Ed25519PrivateKey.generate,
}


def name(common):
    return x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "House"), x509.NameAttribute(NameOID.COMMON_NAME, common)]
    )


def certify(subject, key, issuer, issuer_key, days=30):
    """Return a certificate, of an authority where it is its own issuer."""
    own, now = subject == issuer, datetime.now(UTC)
    usage = {
        "digital_signature": not own, "content_commitment": False, "key_encipherment": False,
        "data_encipherment": False, "key_agreement": False, "key_cert_sign": own, "crl_sign": own,
        "encipher_only": False, "decipher_only": False,
    }  # fmt: skip
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=60))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(own, None), critical=True)
        .add_extension(x509.KeyUsage(**usage), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    if not own:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def chain_at(folder: Path, kind="es256", days=30) -> Signing:
    """Write a certificate with that of its authority, and its key."""
    folder.mkdir(parents=True, exist_ok=True)
    root, key = ec.generate_private_key(ec.SECP256R1()), KINDS[kind]()
    chain = [certify("Release desk", key, "Root", root, days), certify("Root", root, "Root", root)]
    (folder / "chain.pem").write_bytes(b"".join(one.public_bytes(Encoding.PEM) for one in chain))
    (folder / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return Signing(folder / "chain.pem", folder / "key.pem")


@pytest.fixture(scope="module")
def signing(tmp_path_factory):
    return chain_at(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def package(studio, wish, out, signing, monkeypatch):
    """A signed track in all formats."""
    make(wish, seed=11, out=out, studio=studio, formats=["wav", "mp3", "ogg"], signing=signing)
    monkeypatch.setattr("genaudio.production.package.open_screener", lambda _: studio.screener)
    return out


def checks_of(folder):
    return {check.name: (check.status, check.detail) for check in verify_package(folder).checks}


def test_a_signed_package_verifies(package, signing):
    manifest = json.loads((package / "manifest.json").read_text())
    recorded = manifest["signature"]
    assert (recorded["standard"], recorded["signer"], recorded["issuer"]) == ("C2PA", "Release desk", "House")
    assert recorded["files"] == ["track.flac", "track.wav", "track.mp3"]  # Ogg cannot carry one
    assert recorded["certificate_sha256"] == signing.digest
    status, detail = checks_of(package)["signature"]
    assert status == "ok"
    assert detail.startswith("track.flac, track.wav, track.mp3 signed by Release desk")
    assert all(check[0] == "ok" for check in checks_of(package).values())


@pytest.mark.parametrize("extension", ["flac", "wav", "mp3"])
def test_a_signed_file_says_what_it_is_and_sounds_as_before(package, extension):
    path = package / f"track.{extension}"
    found = read_signature(path)
    assert (found.fault, found.signer, found.states_ai) == ("", "Release desk", True)
    assert read_tags(path)["artist"] == "genaudio"
    assert read_audio(path)[0].shape == read_audio(package / "track.ogg")[0].shape


def test_the_key_is_in_no_file(package, signing):
    secret = b"".join(signing.key.read_bytes().splitlines()[1:-1])
    for path in package.iterdir():
        content = path.read_bytes()
        assert b"PRIVATE KEY" not in content
        assert secret[:40] not in content
        assert str(signing.key).encode() not in content


@pytest.mark.parametrize("extension", ["flac", "wav", "mp3"])
def test_a_file_that_was_changed_is_found_out(package, extension):
    path = package / f"track.{extension}"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    assert "assertion.dataHash.mismatch" in read_signature(path).fault
    status, detail = checks_of(package)["signature"]
    assert status == "failure"
    assert f"track.{extension}: the signature is not valid" in detail


def test_a_signature_that_is_gone_or_of_somebody_else_is_found_out(package, tmp_path):
    audio, rate = read_audio(package / "track.wav")
    write_audio(package / "track.wav", audio, rate)
    assert checks_of(package)["signature"] == ("failure", "track.wav: has no signature")
    chain_at(tmp_path / "other").sign(package / "track.wav", "x")
    assert "track.wav: signed by Release desk of House, not by whom" in checks_of(package)["signature"][1]


def test_without_the_packages_it_is_said_that_nothing_was_verified(package, monkeypatch):
    monkeypatch.setattr("genaudio.production.package.available", lambda: False)
    assert checks_of(package)["signature"][0] == "warning"
    assert verify_package(package).intact


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_key_signs(tmp_path, kind):
    chain_at(tmp_path, kind)
    signing = Signing.checked(tmp_path / "chain.pem", tmp_path / "key.pem")
    audio, rate = read_audio(_tone(tmp_path))
    signing.sign(tmp_path / "tone.wav", "A Tone")
    assert read_signature(tmp_path / "tone.wav").fault == ""
    assert (read_audio(tmp_path / "tone.wav")[0] == audio).all()
    assert rate == 8000


def _tone(folder):
    import numpy as np

    path = folder / "tone.wav"
    write_audio(path, np.sin(np.arange(8000, dtype=np.float32) / 9)[None], 8000)
    return path


def test_what_cannot_sign_is_refused(tmp_path, signing, monkeypatch):
    other = chain_at(tmp_path / "other")
    old = chain_at(tmp_path / "old", days=-1)
    (tmp_path / "text").write_text("no key SECRET")
    locked = tmp_path / "locked.pem"
    key = ec.generate_private_key(ec.SECP256R1())
    locked.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")))
    weak = dsa.generate_private_key(2048)
    (tmp_path / "weak.pem").write_bytes(weak.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (tmp_path / "weak-chain.pem").write_bytes(certify("x", weak, "Root", key).public_bytes(Encoding.PEM))
    for certificate, private, message in [
        (signing.certificate, None, "needs both a certificate and its key"),
        (tmp_path / "none", signing.key, "none cannot be read: No such file"),
        (tmp_path / "text", signing.key, "text holds no certificate in PEM"),
        (signing.certificate, tmp_path / "text", "text holds no private key in PEM"),
        (signing.certificate, locked, "has a password"),
        (signing.certificate, other.key, "does not belong to the certificate"),
        (old.certificate, old.key, "is valid from"),
        (tmp_path / "weak-chain.pem", tmp_path / "weak.pem", "a key must be Ed25519, RSA, or elliptic"),
    ]:
        with pytest.raises(GenaudioError, match=message) as caught:
            Signing.checked(certificate, private)
        assert "SECRET" not in str(caught.value)
    assert Signing.checked(None, None) is None
    monkeypatch.setattr("genaudio.production.signing.available", lambda: False)
    with pytest.raises(GenaudioError, match=r"pip install 'genaudio\[c2pa\]'"):
        Signing.checked(signing.certificate, signing.key)


def test_a_key_in_the_folder_that_is_given_away_is_refused(studio, wish, tmp_path):
    signing = chain_at(tmp_path / "track" / "keys")
    (tmp_path / "track" / "manifest.json").write_text("{}")
    with pytest.raises(GenaudioError, match="lies in the folder"):
        make(wish, out=tmp_path / "track", studio=studio, signing=signing, overwrite=True)


def test_a_batch_is_signed(tmp_path, signing, protected):
    text = "sign: {{certificate: {}, key: {}}}\ngroups: [{{count: 2, style: reel}}]\n"
    (tmp_path / "plan.yaml").write_text(text.format(signing.certificate, signing.key))
    plan = read_plan(tmp_path / "plan.yaml")
    result = run_batch(plan, tmp_path / "out", workers=1, crew=crew_of(protected.path))
    assert (result.made, result.failed) == (2, {})
    for path in (tmp_path / "out" / "tracks").iterdir():
        assert read_signature(path / "track.flac").fault == ""
    assert str(signing.key) not in (tmp_path / "out" / "batch.json").read_text()
    assert signing.digest in (tmp_path / "out" / "batch.json").read_text()
    with pytest.raises(GenaudioError, match=r"the private key .* lies in the folder"):
        run_batch(plan, signing.key.parent, workers=1, crew=crew_of(protected.path))


def test_a_plan_that_cannot_be_signed_says_where(tmp_path):
    (tmp_path / "plan.yaml").write_text("groups: [{count: 1}]\nsign:\n  certificate: nowhere.pem\n")
    with pytest.raises(PlanError, match="line 3: signing needs both a certificate and its key"):
        read_plan(tmp_path / "plan.yaml")
