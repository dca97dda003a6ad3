"""python-fido2."""

import json

from fido2.attestation import AttestationVerifier
from fido2.server import Fido2Server
from fido2.webauthn import (
    AttestationConveyancePreference,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
)

import contestant


class Verifier(AttestationVerifier):
    def ca_lookup(self, attestation_result, auth_data):
        return contestant.ANCHOR


VERIFIER = Verifier()


def verify_attestation(attestation, client_data_hash):
    if attestation.fmt != "none":
        VERIFIER(attestation, client_data_hash)


USER = PublicKeyCredentialUserEntity(
    id=contestant.decode(contestant.INPUTS["user_handle"]), name="kim", display_name="Kim"
)


class Library:
    server = Fido2Server(
        PublicKeyCredentialRpEntity(name="Example", id=contestant.RP_ID),
        attestation=AttestationConveyancePreference.DIRECT,
        verify_origin=lambda origin: origin == contestant.ORIGIN,
        verify_attestation=verify_attestation,
    )

    def start_registration(self, challenge):
        return self.server.register_begin(USER, challenge=challenge)[1]

    def finish_registration(self, response, state):
        return self.server.register_complete(state, json.loads(response)).credential_data

    def start_authentication(self, challenge, credential):
        return self.server.authenticate_begin([credential], challenge=challenge)[1], credential

    def finish_authentication(self, response, state):
        state, credential = state
        return self.server.authenticate_complete(state, [credential], json.loads(response))


contestant.run(Library())
