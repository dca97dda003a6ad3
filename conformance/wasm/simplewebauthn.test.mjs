// Registers and signs in at SimpleWebAuthn with the authenticator, honest or wrong in one named step.
import { equal, ok, rejects } from "node:assert/strict";
import test from "node:test";
import * as server from "@simplewebauthn/server";
import { load } from "./authenticator.mjs";

const Authenticator = await load(process.env.MODULE);
const origin = "http://localhost:8080";
const rpID = "localhost";
const expected = { expectedOrigin: origin, expectedRPID: rpID };

// ANCHOR: use
async function register(device) {
  const options = await server.generateRegistrationOptions({ rpName: "Example", rpID, userName: "kim" });
  const response = device.create(options, origin);
  return server.verifyRegistrationResponse({ response, expectedChallenge: options.challenge, ...expected });
}

async function signIn(device, credential) {
  const options = await server.generateAuthenticationOptions({ rpID });
  const response = device.get(options, origin);
  return server.verifyAuthenticationResponse({ response, expectedChallenge: options.challenge, credential, ...expected });
}

test("SimpleWebAuthn accepts a registration and a sign-in", async () => {
  const device = new Authenticator({ seed: "node" });
  const { verified, registrationInfo } = await register(device);
  ok(verified);
  const result = await signIn(device, registrationInfo.credential);
  ok(result.verified);
  equal(result.authenticationInfo.credentialID, registrationInfo.credential.id);
});

test("SimpleWebAuthn rejects one wrong step in each ceremony", async () => {
  const device = new Authenticator({ seed: "node" });
  device.fault = "origin-other";
  await rejects(register(device), /Unexpected registration response origin/);
  device.fault = null;
  const { registrationInfo } = await register(device);
  device.fault = "user-not-present";
  await rejects(signIn(device, registrationInfo.credential), /User not present/);
});
// ANCHOR_END: use
