"""A device in software: makes passkeys and signs with them, as a browser hands it on."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData

PRESENT, HAS_KEY = AuthenticatorData.FLAG.UP, AuthenticatorData.FLAG.AT


@dataclass
class Authenticator:
    """One passkey for one site."""

    origin: str = "http://localhost"
    host: str = "localhost"
    count: int = 0
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    def make(self, options: dict[str, Any], **changed: str) -> str:
        """The answer to what a page asks for a new passkey."""
        public = ES256.from_cryptography_key(self.key.public_key())
        credential = AttestedCredentialData.create(b"\0" * 16, self.credential_id, public)
        data = AuthenticatorData.create(self._hash_host(), PRESENT | HAS_KEY, self.count, bytes(credential))
        attestation = AttestationObject.create("none", data, {})
        said = self._say("webauthn.create", options, changed)
        return self._hand_on(said, attestationObject=websafe_encode(bytes(attestation)))

    def sign(self, options: dict[str, Any], **changed: str) -> str:
        """The answer to what a page asks for signing in."""
        self.count += 1
        data = AuthenticatorData.create(self._hash_host(), PRESENT, self.count)
        said = self._say("webauthn.get", options, changed)
        signature = self.key.sign(bytes(data) + hashlib.sha256(said).digest(), ec.ECDSA(SHA256()))
        return self._hand_on(said, authenticatorData=websafe_encode(bytes(data)), signature=websafe_encode(signature))

    def _hash_host(self) -> bytes:
        return hashlib.sha256(self.host.encode()).digest()

    def _say(self, kind: str, options: dict[str, Any], changed: dict[str, str]) -> bytes:
        said = {"type": kind, "challenge": options["challenge"], "origin": self.origin, **changed}
        return json.dumps(said).encode()

    def _hand_on(self, said: bytes, **response: str) -> str:
        name = websafe_encode(self.credential_id)
        response["clientDataJSON"] = websafe_encode(said)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})
