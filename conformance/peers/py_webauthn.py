"""py_webauthn."""

import ssl

import webauthn
from webauthn.helpers.structs import AttestationFormat

import contestant

ROOTS = {AttestationFormat.PACKED: [ssl.DER_cert_to_PEM_cert(contestant.ANCHOR).encode()]}


class Library:
    def start_registration(self, challenge):
        return challenge

    def finish_registration(self, response, challenge):
        return webauthn.verify_registration_response(
            credential=response,
            expected_challenge=challenge,
            expected_rp_id=contestant.RP_ID,
            expected_origin=contestant.ORIGIN,
            pem_root_certs_bytes_by_fmt=ROOTS,
        )

    def start_authentication(self, challenge, credential):
        return challenge, credential

    def finish_authentication(self, response, state):
        challenge, credential = state
        return webauthn.verify_authentication_response(
            credential=response,
            expected_challenge=challenge,
            expected_rp_id=contestant.RP_ID,
            expected_origin=contestant.ORIGIN,
            credential_public_key=credential.credential_public_key,
            credential_current_sign_count=credential.sign_count,
        )


contestant.run(Library())
