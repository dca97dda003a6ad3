// Uses the authenticator from Node.js. The environment variable MODULE names the module.
import { ok, equal, throws } from "node:assert/strict";
import { createHash, createPublicKey, verify } from "node:crypto";
import test from "node:test";
import { load } from "./authenticator.mjs";

const Authenticator = await load(process.env.MODULE);
const origin = "http://localhost:8080";
const challenge = Buffer.alloc(32, 7).toString("base64url");
const bytes = (text) => Buffer.from(text, "base64url");
const clientData = ({ response }) => JSON.parse(bytes(response.clientDataJSON));

const creation = (alg) => ({
  challenge,
  rp: { id: "localhost", name: "Example" },
  user: { id: "a2lt", name: "kim", displayName: "Kim" },
  pubKeyCredParams: [{ type: "public-key", alg }],
  authenticatorSelection: { residentKey: "required" },
  attestation: "direct",
});
const request = { challenge, rpId: "localhost", allowCredentials: [] };

for (const alg of [-7, -257, -8]) {
  test(`a signature with ${alg} verifies with the key of the registration`, () => {
    const device = new Authenticator({ seed: "node", algorithms: [alg] });
    const created = device.create(creation(alg), origin);
    equal(clientData(created).challenge, challenge);
    const key = createPublicKey({ key: bytes(created.response.publicKey), format: "der", type: "spki" });
    const { id, response } = device.get(request, origin);
    equal(id, created.id);
    const hash = createHash("sha256").update(bytes(response.clientDataJSON)).digest();
    const message = Buffer.concat([bytes(response.authenticatorData), hash]);
    ok(verify(alg === -8 ? null : "sha256", message, key, bytes(response.signature)));
  });
}

test("a fault changes one step of the next response", () => {
  const device = new Authenticator({ seed: "node", format: "packed" });
  device.fault = "origin-other";
  ok(clientData(device.create(creation(-7), origin)).origin !== origin);
  device.fault = null;
  equal(clientData(device.create(creation(-7), origin)).origin, origin);
});

test("the same seed gives the same bytes", () => {
  const make = () => new Authenticator({ seed: "node", format: "tpm", now: 1_780_272_000_000 });
  equal(JSON.stringify(make().create(creation(-7), origin)), JSON.stringify(make().create(creation(-7), origin)));
});

test("an error of the client is an exception", () => {
  const device = new Authenticator({ seed: "node" });
  throws(() => device.create(creation(-47), origin), /none of the algorithms offered is supported/);
  throws(() => new Authenticator({ seed: "node", format: "pigeon" }), /no format "pigeon"/);
});
