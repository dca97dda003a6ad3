// @simplewebauthn/server.
import { X509Certificate } from "node:crypto";
import { SettingsService, verifyAuthenticationResponse, verifyRegistrationResponse } from "@simplewebauthn/server";
import { inputs, run } from "./contestant.mjs";

const root = new X509Certificate(Buffer.from(inputs.anchor, "base64url")).toString();
SettingsService.setRootCertificates({ identifier: "packed", certificates: [root] });

const verified = (result) => {
  if (!result.verified) throw new Error("not verified");
  return result;
};

await run({
  async register({ registration }, json) {
    const { registrationInfo } = verified(
      await verifyRegistrationResponse({
        response: JSON.parse(json),
        expectedChallenge: registration.challenge,
        expectedOrigin: inputs.origin,
        expectedRPID: inputs.rp_id,
        requireUserVerification: false,
      }),
    );
    return registrationInfo.credential;
  },
  async authenticate({ authentication }, json, credential) {
    return verified(
      await verifyAuthenticationResponse({
        response: JSON.parse(json),
        expectedChallenge: authentication.challenge,
        expectedOrigin: inputs.origin,
        expectedRPID: inputs.rp_id,
        credential,
        requireUserVerification: false,
      }),
    );
  },
});
