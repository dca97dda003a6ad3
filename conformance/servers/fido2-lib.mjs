// fido2-lib.
import { Fido2Lib } from "fido2-lib";
import { origin, rpId, serve } from "./binding.mjs";

const bytes = (text) => {
  if (typeof text !== "string") throw new Error(`malformed-json: not a string: ${text}`);
  return new Uint8Array(Buffer.from(text, "base64url")).buffer;
};
const text = (buffer) => Buffer.from(buffer).toString("base64url");
const list = (account) => account.credentials.map(({ id, transports }) => ({ type: "public-key", id, transports }));
const factor = (userVerification) => (userVerification === "required" ? "first" : "either");
const library = new Fido2Lib({
  timeout: 300_000,
  rpId,
  rpName: "Conformance",
  cryptoParams: [-7, -8, -257, -35, -36, -258, -259, -37, -38, -39],
});

serve({
  async creationOptions(account, { attestation = "none", authenticatorSelection, extensions }) {
    const options = await library.attestationOptions();
    const { id, name, displayName } = account;
    const challenge = text(options.challenge);
    Object.assign(options, { challenge, attestation, authenticatorSelection, extensions });
    Object.assign(options, { user: { id: text(id), name, displayName }, excludeCredentials: list(account) });
    return { options, state: options };
  },
  async create({ id, rawId, response, ...rest }, options) {
    const { clientDataJSON, attestationObject, transports } = response;
    const result = await library.attestationResult(
      { ...rest, id: bytes(id), rawId: bytes(rawId), response: { clientDataJSON, attestationObject } },
      { challenge: options.challenge, origin, rpId, factor: factor(options.authenticatorSelection?.userVerification) },
    );
    const data = result.authnrData;
    return { id, transports, counter: data.get("counter"), publicKey: data.get("credentialPublicKeyPem") };
  },
  async requestOptions(account, { userVerification, extensions }) {
    const options = await library.assertionOptions();
    Object.assign(options, { challenge: text(options.challenge), rpId, userVerification, extensions });
    Object.assign(options, { allowCredentials: account ? list(account) : [] });
    return { options, state: options };
  },
  async get({ id, rawId, response, ...rest }, options, credential, account) {
    const result = await library.assertionResult(
      {
        ...rest,
        id: bytes(id),
        rawId: bytes(rawId),
        response: { ...response, authenticatorData: bytes(response.authenticatorData) },
      },
      {
        challenge: options.challenge,
        origin,
        rpId,
        factor: factor(options.userVerification),
        publicKey: credential.publicKey,
        prevCounter: credential.counter,
        userHandle: text(account.id),
        allowCredentials: options.allowCredentials.map((one) => ({ ...one, id: bytes(one.id) })),
      },
    );
    credential.counter = result.authnrData.get("counter");
  },
});
