"""py_webauthn. The root of the software authenticators is the second argument."""

import json
import sys

import webauthn
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, options_to_json
from webauthn.helpers.structs import (
    AttestationConveyancePreference,
    AttestationFormat,
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

import binding

ROOT = open(sys.argv[2], "rb").read()
ROOTS = {name: [ROOT] for name in AttestationFormat if name.value not in ("none", "compound")}


class Library:
    def creation_options(self, account, request):
        selection = request.get("authenticatorSelection", {})
        verification = UserVerificationRequirement(selection.get("userVerification", "preferred"))
        options = webauthn.generate_registration_options(
            rp_id=binding.RP_ID,
            rp_name="Conformance",
            user_id=account.id,
            user_name=account.name,
            user_display_name=account.display_name,
            attestation=AttestationConveyancePreference(request.get("attestation", "none")),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement(selection.get("residentKey", "discouraged")),
                user_verification=verification,
            ),
            exclude_credentials=descriptors(account),
        )
        algorithms = [one.alg for one in options.pub_key_cred_params]
        return json.loads(options_to_json(options)), (options.challenge, verification, algorithms)

    def create(self, response, state, account):
        challenge, verification, algorithms = state
        verified = webauthn.verify_registration_response(
            credential=response,
            expected_challenge=challenge,
            expected_rp_id=binding.RP_ID,
            expected_origin=binding.ORIGIN,
            require_user_verification=verification is UserVerificationRequirement.REQUIRED,
            supported_pub_key_algs=algorithms,
            pem_root_certs_bytes_by_fmt=ROOTS,
        )
        identifier = bytes_to_base64url(verified.credential_id)
        return identifier, (verified.credential_public_key, verified.sign_count)

    def request_options(self, account, request):
        verification = UserVerificationRequirement(request.get("userVerification", "preferred"))
        options = webauthn.generate_authentication_options(
            rp_id=binding.RP_ID,
            allow_credentials=descriptors(account) if account else None,
            user_verification=verification,
        )
        return json.loads(options_to_json(options)), (options.challenge, verification)

    def get(self, response, state, credential, account):
        (challenge, verification), (public_key, sign_count) = state, credential
        verified = webauthn.verify_authentication_response(
            credential=response,
            expected_challenge=challenge,
            expected_rp_id=binding.RP_ID,
            expected_origin=binding.ORIGIN,
            credential_public_key=public_key,
            credential_current_sign_count=sign_count,
            require_user_verification=verification is UserVerificationRequirement.REQUIRED,
        )
        return public_key, verified.new_sign_count


def descriptors(account):
    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(one)) for one in account.credentials]


binding.serve(Library())
