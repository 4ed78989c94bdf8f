"""AES-256-GCM with a fresh nonce in front: what is kept of records that may hold personal data."""

import secrets

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12


def seal(key: bytes, plain: bytes, about: bytes) -> bytes:
    """Encrypt; `about` is authenticated with it, so that a row cannot be moved elsewhere."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, about)


def unseal(key: bytes, sealed: bytes, about: bytes) -> bytes:
    """Raises cryptography's InvalidTag for a wrong key, a changed byte or another `about`."""
    return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], about)
