"""Encrypts what a customer keyed in as Connect does, for the holder of the private key alone.

The text is a message of the AWS Encryption SDK in base64: a raw RSA key of the provider AmazonConnect, named by the
key id of the block, wrapped with OAEP, SHA-512 and MGF1. The algorithm suite is the one that messages of the service
show (AES-256 GCM, HKDF with SHA-384, ECDSA P-384, no key commitment), so what can read those can read ours.
Connect also checks the certificate's signature with a key that was uploaded to the instance. Here there is none.
Source: adminguide/encrypt-data.html; a message of the service in issue 373 of aws/aws-encryption-sdk-javascript.
"""

import base64

from offhook.model.errors import UsageError

PROVIDER = "AmazonConnect"
MIN_BITS = 1_296  # 32 bytes of data key and 130 of padding
EXTRA = "InputEncryption needs the extra: pip install 'offhook[encryption]'."


def encrypt(value: str, key_id: str, *, pem: str) -> str:
    """The value for the owner of the X.509 certificate `pem`. UsageError where that cannot be done."""
    try:  # the SDK takes a while to import, and few flows encrypt
        from aws_encryption_sdk import CommitmentPolicy, EncryptionSDKClient
        from aws_encryption_sdk.identifiers import Algorithm, EncryptionKeyType, WrappingAlgorithm
        from aws_encryption_sdk.key_providers.raw import RawMasterKey, WrappingKey
    except ImportError:
        raise UsageError(EXTRA) from None
    if not key_id:
        raise UsageError("InputEncryption.EncryptionKeyId is empty, must be the id that Connect gave the key.")
    key = RawMasterKey(
        provider_id=PROVIDER,
        key_id=key_id,
        wrapping_key=WrappingKey(
            wrapping_algorithm=WrappingAlgorithm.RSA_OAEP_SHA512_MGF1,
            wrapping_key=_public_key(pem),
            wrapping_key_type=EncryptionKeyType.PUBLIC,
        ),
    )
    client = EncryptionSDKClient(commitment_policy=CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT)
    message, _ = client.encrypt(
        source=value.encode(), key_provider=key, algorithm=Algorithm.AES_256_GCM_IV12_TAG16_HKDF_SHA384_ECDSA_P384
    )
    return base64.b64encode(message).decode()


def _public_key(pem: str) -> bytes:
    """The RSA key of a certificate, as PEM of its own."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
    from cryptography.x509 import load_pem_x509_certificate

    try:
        key = load_pem_x509_certificate(pem.strip().encode()).public_key()
    except ValueError:
        raise UsageError("InputEncryption.Key is no certificate, must be an X.509 certificate in PEM.") from None
    if not isinstance(key, RSAPublicKey) or key.key_size < MIN_BITS:
        raise UsageError(f"InputEncryption.Key has no RSA key of {MIN_BITS:,} bits or more, must have one.")
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
