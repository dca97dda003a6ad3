// @simplewebauthn/server. The root of the software authenticators is the second argument.
import { readFileSync } from "node:fs";
import {
  SettingsService,
  generateAuthenticationOptions,
  generateRegistrationOptions,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from "@simplewebauthn/server";
import { origin, rpId, serve } from "./binding.mjs";

const root = readFileSync(process.argv[3], "utf8");
for (const identifier of ["android-key", "android-safetynet", "apple", "fido-u2f", "packed", "tpm"]) {
  SettingsService.setRootCertificates({ identifier, certificates: [root] });
}
const algorithms = [-8, -7, -36, -37, -38, -39, -257, -258, -259, -65535];
const list = (account) => account.credentials.map(({ id, transports }) => ({ id, transports }));
const verified = (result) => {
  if (!result.verified) throw new Error("not verified");
  return result;
};

serve({
  async creationOptions(account, { attestation, authenticatorSelection, extensions }) {
    const options = await generateRegistrationOptions({
      rpName: "Conformance",
      rpID: rpId,
      userID: new Uint8Array(account.id),
      userName: account.name,
      userDisplayName: account.displayName,
      attestationType: attestation,
      excludeCredentials: list(account),
      authenticatorSelection,
      extensions,
      supportedAlgorithmIDs: algorithms,
    });
    return { options, state: options };
  },
  async create(response, options) {
    const { registrationInfo } = verified(
      await verifyRegistrationResponse({
        response,
        expectedChallenge: options.challenge,
        expectedOrigin: origin,
        expectedRPID: rpId,
        requireUserVerification: options.authenticatorSelection.userVerification === "required",
        supportedAlgorithmIDs: options.pubKeyCredParams.map(({ alg }) => alg),
      }),
    );
    return { ...registrationInfo.credential, transports: response.response.transports };
  },
  async requestOptions(account, { userVerification, extensions }) {
    const allowCredentials = account ? list(account) : undefined;
    const options = await generateAuthenticationOptions({ rpID: rpId, allowCredentials, userVerification, extensions });
    return { options, state: options };
  },
  async get(response, options, credential) {
    const { authenticationInfo } = verified(
      await verifyAuthenticationResponse({
        response,
        expectedChallenge: options.challenge,
        expectedOrigin: origin,
        expectedRPID: rpId,
        credential,
        requireUserVerification: options.userVerification === "required",
      }),
    );
    credential.counter = authenticationInfo.newCounter;
  },
});
