"""Input that a block encrypts: only the private key reads it, and nothing else ever holds what was keyed in."""

import base64
import os
import sys
from typing import Any

import msgspec
import pytest

from offhook.adapters.encryption import encrypt
from offhook.core import digits
from offhook.core.trace import encode
from offhook.drivers.entered import NO_ENCRYPTION, entered
from offhook.drivers.ports import Encrypt
from offhook.drivers.sim import Simulator
from offhook.drivers.sim.customer import Script
from offhook.model.effect import CollectInput
from offhook.model.errors import UsageError
from offhook.model.event import InputEnded

from .stage import BYE, START_MS, Played, Stubs, action, compiled, contact, flow

KEY_ID = "4cdb826a-24c9-443d-b78b-327c8170733c"
DIGITS = "4111111111111111"


def made(key: Any) -> str:
    """A certificate for the key, signed by itself, in PEM."""
    from datetime import UTC, datetime

    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding

    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "offhook")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1)
    builder = builder.not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
    builder = builder.not_valid_after(datetime(2036, 1, 1, tzinfo=UTC))
    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM).decode()


@pytest.fixture(scope="module")
def rsa() -> Any:
    """A private key; skipped without the extra, a failure with CI=true."""
    try:
        import aws_encryption_sdk  # noqa: F401
        from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
    except ImportError:
        message = "encryption is not tested without the extra: pip install 'offhook[encryption]'"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return generate_private_key(65537, 2048)


def decrypted(text: str, private: Any) -> str:
    """As adminguide/encrypt-data.html reads it: provider AmazonConnect, the key's id, OAEP with SHA-512."""
    from aws_encryption_sdk import CommitmentPolicy, EncryptionSDKClient
    from aws_encryption_sdk.identifiers import EncryptionKeyType, WrappingAlgorithm
    from aws_encryption_sdk.key_providers.raw import RawMasterKey, WrappingKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    wrapping = WrappingKey(WrappingAlgorithm.RSA_OAEP_SHA512_MGF1, pem, EncryptionKeyType.PRIVATE)
    provider = RawMasterKey(provider_id="AmazonConnect", key_id=KEY_ID, wrapping_key=wrapping)
    client = EncryptionSDKClient(commitment_policy=CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT)
    value, _ = client.decrypt(source=base64.b64decode(text), key_provider=provider)
    return str(value.decode())


def test_the_private_key_reads_what_was_encrypted(rsa: Any) -> None:
    text = encrypt(DIGITS, KEY_ID, pem=made(rsa))

    assert decrypted(text, rsa) == DIGITS


def test_the_message_begins_as_those_of_the_service(rsa: Any) -> None:
    message = base64.b64decode(encrypt(DIGITS, KEY_ID, pem=made(rsa)))

    assert message[:4] == bytes([0x01, 0x80, 0x03, 0x78])  # version, type, algorithm suite
    assert b"AmazonConnect\x00$" + KEY_ID.encode() in message


def test_a_message_is_never_the_same_twice(rsa: Any) -> None:
    pem = made(rsa)

    assert encrypt("1", KEY_ID, pem=pem) != encrypt("1", KEY_ID, pem=pem)


@pytest.mark.parametrize("pem", ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"])
def test_what_is_no_certificate_is_refused(rsa: Any, pem: str) -> None:
    with pytest.raises(UsageError, match=r"must be an X\.509 certificate in PEM"):
        encrypt(DIGITS, KEY_ID, pem=pem)


def test_a_certificate_without_an_rsa_key_is_refused(rsa: Any) -> None:
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

    with pytest.raises(UsageError, match="no RSA key of 1,296 bits or more"):
        encrypt(DIGITS, KEY_ID, pem=made(generate_private_key(SECP256R1())))


def test_a_key_that_is_too_small_is_refused(rsa: Any) -> None:
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

    with pytest.raises(UsageError, match="no RSA key of 1,296 bits or more"):
        encrypt(DIGITS, KEY_ID, pem=made(generate_private_key(65537, 1024)))


def test_an_empty_key_id_is_refused(rsa: Any) -> None:
    with pytest.raises(UsageError, match="EncryptionKeyId is empty"):
        encrypt(DIGITS, "", pem=made(rsa))


def test_without_the_extra_the_problem_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aws_encryption_sdk", None)

    with pytest.raises(UsageError, match=r"offhook\[encryption\]"):
        encrypt(DIGITS, KEY_ID, pem="")


# --- the driver

EFFECT = CollectInput("c/1", "customer", None, 5000, 5000, 20, encrypt=(KEY_ID, "PEM"))


def test_without_anything_that_encrypts_there_is_a_problem_and_no_value() -> None:
    event = entered(EFFECT, digits.Ended(DIGITS, "terminator"), at_ms=7, encrypt=None)

    assert event == InputEnded(7, "c/1", "", "terminator", NO_ENCRYPTION)


def test_nothing_entered_is_nothing_to_encrypt() -> None:
    event = entered(EFFECT, digits.Ended("", "timeout"), at_ms=7, encrypt=None)

    assert event == InputEnded(7, "c/1", "", "timeout")


def test_input_in_clear_is_left_as_it_is() -> None:
    effect = msgspec.structs.replace(EFFECT, encrypt=None)

    event = entered(effect, digits.Ended(DIGITS, "length"), at_ms=7, encrypt=None)

    assert event == InputEnded(7, "c/1", DIGITS, "length")


# --- a whole contact


def secure(pem: str) -> Any:
    """Stores encrypted digits and gives them to a function, as AWS's sample flow for secure input does."""
    parameters = {
        "Text": "Your card number, please.",
        "StoreInput": "True",
        "InputTimeLimitSeconds": "6",
        "InputValidation": {"CustomValidation": {"MaximumLength": "20"}},
        "InputEncryption": {"EncryptionKeyId": KEY_ID, "Key": pem},
    }
    inputs = {"LambdaFunctionARN": "lookup", "LambdaInvocationAttributes": {"card": "$.StoredCustomerInput"}}
    return compiled(
        flow(
            action("ask", "GetParticipantInput", parameters, then="fn", errors={"NoMatchingError": "bye"}),
            action("fn", "InvokeLambdaFunction", inputs, then="bye", errors={"NoMatchingError": "bye"}),
            BYE,
        )
    )


def run(pem: str, encrypt: Encrypt | None, *inputs: str) -> tuple[Played, Stubs]:
    stubs = Stubs(lookup={})
    simulator = Simulator(secure(pem), stubs, encrypt=encrypt, store=True)
    life = simulator.start(contact(logging=True), Script(inputs), at_ms=START_MS)
    simulator.run()
    return Played(life), stubs


def test_a_function_gets_what_only_the_private_key_reads(rsa: Any) -> None:
    played, stubs = run(made(rsa), encrypt, f"{DIGITS}#")

    sent = stubs.calls[0].event["Details"]["Parameters"]["card"]
    assert decrypted(sent, rsa) == DIGITS
    assert played.contact.stored_input == sent


def test_the_digits_are_nowhere_in_the_trace_or_in_the_contact(rsa: Any) -> None:
    played, _ = run(made(rsa), encrypt, f"{DIGITS}#")

    written = b"\n".join(encode(event) for event in played.trace)
    assert DIGITS.encode() not in written + msgspec.json.encode(played.contact)
    assert played.contact.stored_input.encode() not in written
    assert [event.value for event in played.of("Input")] == ["[secret]"]


def test_without_encryption_the_contact_takes_the_error_branch() -> None:
    played, stubs = run("PEM", None, f"{DIGITS}#")

    left = played.left("ask")
    assert (left.branch, left.cause, left.detail) == ("NoMatchingError", "encryption", NO_ENCRYPTION)
    assert stubs.calls == []
    assert played.contact.stored_input == ""


def test_a_bad_certificate_takes_the_error_branch_with_the_reason(rsa: Any) -> None:
    played, _ = run("PEM", encrypt, f"{DIGITS}#")

    assert played.left("ask").detail == "InputEncryption.Key is no certificate, must be an X.509 certificate in PEM."


def test_silence_needs_no_encryption() -> None:
    played, stubs = run("PEM", None)

    assert played.left("ask").branch == "NextAction"
    assert stubs.calls[0].event["Details"]["Parameters"]["card"] == "Timeout"
