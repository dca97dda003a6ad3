// FIDO's transport binding for server tests on Node.js. A library brings the four functions; the rest is what every
// application adds: accounts, a session per ceremony that is used once, and unique credential IDs.
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";

const accounts = new Map(); // username → { id, name, displayName, credentials }
const owners = new Map(); // credential ID → username
const sessions = new Map(); // cookie → { account, state, kind }

const routes = {
  async "/attestation/options"(library, request) {
    const { username: name, displayName = name } = request;
    const known = accounts.get(name);
    const account = known ?? { id: randomBytes(16), name, displayName, credentials: [] };
    const { options, state } = await library.creationOptions(account, request);
    return { options, session: { kind: "attestation", account, state } };
  },
  async "/attestation/result"(library, response, { account, state }) {
    const credential = await library.create(response, state, account);
    if (owners.has(credential.id)) throw new Error("credential-exists: the ID is registered already");
    account.credentials.push(credential);
    accounts.set(account.name, account);
    owners.set(credential.id, account.name);
  },
  async "/assertion/options"(library, request) {
    const account = request.username === undefined ? null : accounts.get(request.username);
    if (account === undefined) throw new Error("credential-not-allowed: the user has no credential");
    const { options, state } = await library.requestOptions(account, request);
    return { options, session: { kind: "assertion", account, state } };
  },
  async "/assertion/result"(library, response, { account, state }) {
    const owner = account ?? accounts.get(owners.get(response.id));
    const credential = owner?.credentials.find((one) => one.id === response.id);
    if (!credential) throw new Error("credential-not-allowed: the account has no such credential");
    await library.get(response, state, credential, owner);
  },
};

/** Serves a library on the port of the command line, for pages of the same origin. */
export function serve(library) {
  const server = createServer(async (request, response) => {
    const send = (status, body, headers = {}) =>
      response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
    try {
      const route = routes[request.url];
      let text = "";
      for await (const part of request) text += part;
      const body = JSON.parse(text);
      const cookie = /session=([^;]+)/.exec(request.headers.cookie ?? "")?.[1];
      let session;
      if (request.url.endsWith("/result")) {
        session = sessions.get(cookie);
        sessions.delete(cookie);
        if (!request.url.startsWith(`/${session?.kind}/`)) throw new Error("challenge-mismatch: no ceremony");
      }
      const done = await route(library, body, session);
      if (!done) return send(200, { status: "ok", errorMessage: "" });
      const id = randomBytes(16).toString("hex");
      sessions.set(id, done.session);
      send(200, { status: "ok", errorMessage: "", ...done.options }, { "set-cookie": `session=${id}; Path=/` });
    } catch (error) {
      send(400, { status: "failed", errorMessage: String(error?.message ?? error) });
    }
  });
  const port = Number(process.argv[2]);
  server.listen(port, "127.0.0.1", () => console.log(`listening on ${port}`));
}

export const origin = `http://localhost:${process.argv[2]}`;
export const rpId = "localhost";
