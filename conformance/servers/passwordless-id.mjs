// @passwordless-id/webauthn. Its server module makes challenges and verifies; the options are those of its client module,
// as the application sends them.
import { server } from "@passwordless-id/webauthn";
import { origin, rpId, serve } from "./binding.mjs";

const list = (account) => account.credentials.map(({ id, transports }) => ({ type: "public-key", id, transports }));
const isRequired = (userVerification) => userVerification === "required";

serve({
  async creationOptions({ id, name, displayName, credentials }, { attestation, authenticatorSelection, extensions }) {
    const options = {
      challenge: server.randomChallenge(),
      rp: { id: rpId, name: "Conformance" },
      user: { id: id.toString("base64url"), name, displayName },
      pubKeyCredParams: [-7, -257].map((alg) => ({ type: "public-key", alg })),
      timeout: 300_000,
      attestation,
      authenticatorSelection,
      extensions,
      excludeCredentials: list({ credentials }),
    };
    return { options, state: options };
  },
  async create(response, { challenge, user, authenticatorSelection }) {
    const userVerified = isRequired(authenticatorSelection?.userVerification);
    const expected = { challenge, origin, domain: rpId, userVerified };
    const { credential, authenticator } = await server.verifyRegistration({ ...response, user }, expected);
    return { ...credential, counter: authenticator.counter };
  },
  async requestOptions(account, { userVerification, extensions }) {
    const options = {
      challenge: server.randomChallenge(),
      rpId,
      timeout: 300_000,
      allowCredentials: account ? list(account) : [],
      userVerification,
      extensions,
    };
    return { options, state: options };
  },
  async get(response, { challenge, userVerification }, credential) {
    const userVerified = isRequired(userVerification);
    const expected = { challenge, origin, domain: rpId, userVerified, counter: credential.counter };
    const { counter } = await server.verifyAuthentication(response, credential, expected);
    credential.counter = counter;
  },
});
