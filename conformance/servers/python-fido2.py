"""python-fido2. The root of the software authenticators is the second argument."""

import ssl
import sys

from fido2.attestation import AttestationVerifier
from fido2.server import Fido2Server
from fido2.utils import websafe_encode
from fido2.webauthn import (
    AttestationConveyancePreference,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
)

import binding

ROOT = ssl.PEM_cert_to_DER_cert(open(sys.argv[2]).read())


class Verifier(AttestationVerifier):
    def ca_lookup(self, attestation_result, auth_data):
        return ROOT


def verify_attestation(attestation, client_data_hash):
    if attestation.fmt != "none":
        VERIFIER(attestation, client_data_hash)


VERIFIER = Verifier()
RP = PublicKeyCredentialRpEntity(name="Conformance", id=binding.RP_ID)


class Library:
    def server(self, attestation):
        return Fido2Server(
            RP,
            attestation=AttestationConveyancePreference(attestation),
            verify_origin=lambda origin: origin == binding.ORIGIN,
            verify_attestation=verify_attestation,
        )

    def creation_options(self, account, request):
        selection = request.get("authenticatorSelection", {})
        server = self.server(request.get("attestation", "none"))
        options, state = server.register_begin(
            PublicKeyCredentialUserEntity(
                id=account.id, name=account.name, display_name=account.display_name
            ),
            credentials=list(account.credentials.values()),
            resident_key_requirement=selection.get("residentKey"),
            user_verification=selection.get("userVerification"),
            extensions=request.get("extensions"),
        )
        return dict(options.public_key), (server, state)

    def create(self, response, state, account):
        server, state = state
        data = server.register_complete(state, response).credential_data
        return websafe_encode(data.credential_id), data

    def request_options(self, account, request):
        server = self.server("none")
        options, state = server.authenticate_begin(
            credentials=list(account.credentials.values()) if account else None,
            user_verification=request.get("userVerification"),
            extensions=request.get("extensions"),
        )
        return dict(options.public_key), (server, state)

    def get(self, response, state, credential, account):
        server, state = state
        return server.authenticate_complete(state, [credential], response)


binding.serve(Library())
