// The Go library go-webauthn, as the package webauthn4js has it for Node.js. It knows no sign-in without a username.
import makeWebAuthn from "webauthn4js";
import { origin, rpId, serve } from "./binding.mjs";

const library = await makeWebAuthn({ RPID: rpId, RPDisplayName: "Conformance", RPOrigins: [origin] });
const url = (base64) => Buffer.from(base64, "base64").toString("base64url");
const user = ({ id, name, displayName, credentials }) => ({
  id,
  name,
  displayName,
  iconURL: "",
  credentials: credentials.map(({ stored }) => stored),
});

serve({
  async creationOptions(account, { attestation, authenticatorSelection, extensions }) {
    const { options, sessionData } = await library.beginRegistration(user(account), (options) => ({
      ...options,
      attestation,
      authenticatorSelection,
      extensions,
      excludeCredentials: account.credentials.map(({ id }) => ({ type: "public-key", id })),
    }));
    return { options: options.publicKey, state: sessionData };
  },
  async create(response, session, account) {
    const stored = await library.finishRegistration(user(account), session, response);
    return { id: url(stored.id), stored };
  },
  async requestOptions(account, { userVerification, extensions }) {
    if (!account) throw new Error("a username is required");
    const change = (options) => ({ ...options, userVerification, extensions });
    const { options, sessionData } = await library.beginLogin(user(account), change);
    return { options: options.publicKey, state: sessionData };
  },
  async get(response, session, credential, account) {
    const stored = await library.finishLogin(user(account), session, response);
    // The library leaves it to the application what a counter that did not increase means.
    if (stored.authenticator.cloneWarning) throw new Error("sign-count-regressed: the library warns of a clone");
    credential.stored = stored;
  },
});
