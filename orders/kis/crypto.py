"""AES-256-CBC of the notice payloads (KIS 실시간-012 and the vendor's sample `aes_cbc_base64_dec`).

Key and iv are the UTF-8 bytes of the texts in the registration's answer: the iv looks like hex but is not decoded.
"""

from __future__ import annotations

import base64

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

from orders.kis.errors import CryptoError, CryptoFault

_BLOCK = 16


class NoticeCipher:
    """The cipher of one TR id on one connection; made once from the answer's key, used for every frame."""

    def __init__(self, key: str, iv: str) -> None:
        """Raises CryptoError unless the key has 32 bytes and the iv 16."""
        key_bytes, iv_bytes = key.encode(), iv.encode()
        if len(key_bytes) != 32:
            raise CryptoError(CryptoFault.KEY)
        if len(iv_bytes) != _BLOCK:
            raise CryptoError(CryptoFault.IV)
        self.key, self.iv = key, iv  # kept with the journal, so that a frame can be read after a restart
        self._cipher = Cipher(AES(key_bytes), CBC(iv_bytes))

    def decrypt(self, payload: str) -> str:
        """Base64 ciphertext to plaintext, undecodable bytes replaced. Raises CryptoError."""
        ciphertext = _from_base64(payload)
        if not ciphertext or len(ciphertext) % _BLOCK:
            raise CryptoError(CryptoFault.BLOCKS)
        decryptor = self._cipher.decryptor()
        padded = decryptor.update(ciphertext) + decryptor.finalize()
        unpadder = PKCS7(AES.block_size).unpadder()
        try:
            plain = unpadder.update(padded) + unpadder.finalize()
        except ValueError as error:
            raise CryptoError(CryptoFault.PADDING) from error
        return plain.decode("utf-8", "replace")

    def encrypt(self, plaintext: str) -> str:
        """Plaintext to base64 ciphertext, as KIS sends it."""
        padder = PKCS7(AES.block_size).padder()
        padded = padder.update(plaintext.encode()) + padder.finalize()
        encryptor = self._cipher.encryptor()
        return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode("ascii")


def _from_base64(payload: str) -> bytes:
    try:
        return base64.b64decode(payload.strip(), validate=True)
    except ValueError as error:
        raise CryptoError(CryptoFault.BASE64) from error
