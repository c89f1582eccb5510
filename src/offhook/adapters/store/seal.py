"""Hides what is secret in the database (decision S22): AES-GCM with a key that lies beside it, or in the environment.

What is sealed begins with a byte that JSON never begins with, so the rest stays readable to whoever looks.
"""

import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from offhook.model.errors import UsageError

_MARK = b"\x01"
_NONCE_BYTES = 12
_KEY_BYTES = 32
VARIABLE = "OFFHOOK_SEAL_KEY"


class Seal:
    """`key` has 32 bytes."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def close(self, data: bytes) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return _MARK + nonce + self._cipher.encrypt(nonce, data, None)

    def open(self, data: bytes) -> bytes:
        """The data as it was; what is not sealed comes back as it is. UsageError where the key is another."""
        if not data.startswith(_MARK):
            return data
        nonce, hidden = data[1 : 1 + _NONCE_BYTES], data[1 + _NONCE_BYTES :]
        try:
            return self._cipher.decrypt(nonce, hidden, None)
        except InvalidTag:
            raise UsageError(f"The database was sealed with another key; give the right one as {VARIABLE}.") from None


def seal_in(folder: Path, variable: str = "") -> Seal:
    """The seal whose key is the variable's text (64 hexadecimal digits), else the file `seal.key` of the folder, made
    at the first time. UsageError where it is none.
    """
    if variable:
        return Seal(_read(variable, VARIABLE))
    file = folder / "seal.key"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as made:
            made.write(os.urandom(_KEY_BYTES).hex())
    except FileExistsError:
        pass
    except OSError as problem:
        raise UsageError(f"{file}: cannot be written: {problem.strerror}.") from None
    return Seal(_read(file.read_text(), str(file)))


def _read(text: str, where: str) -> bytes:
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        raise UsageError(f"{where}: must be {2 * _KEY_BYTES} hexadecimal digits.")
    return key
