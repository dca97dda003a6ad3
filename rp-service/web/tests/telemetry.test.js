import assert from "node:assert/strict";
import { test } from "node:test";

import { connect } from "../passkeys.js";
import { report } from "../telemetry.js";
import { cutNetwork, failing, inTurn, install, problem, server, settle, waiting } from "./browser.js";

const ROUTE = "POST telemetry";

/** Runs a scenario; returns the reports about ceremonies. */
async function reports(browser, scenario) {
  const seen = install({ ...browser, answers: { ...server(browser.answers), [ROUTE]: [204] } });
  const passkeys = report(connect());
  await scenario(passkeys).catch(() => {});
  for (let turn = 0; turn < 5; turn++) await settle();
  const bodies = seen.requests.filter(([route]) => route === ROUTE).map(([, body]) => body);
  return bodies.filter(({ capabilities }) => !capabilities);
}

const end = (purpose, phase, outcome, error) => ({ purpose, phase, outcome, ...(error && { error }) });

test("each ceremony reports its success under its purpose", async () => {
  const purposes = { signUp: "sign-up", addPasskey: "add-passkey", signIn: "sign-in", secondFactor: "second-factor", stepUp: "step-up" };
  for (const [method, purpose] of Object.entries(purposes)) {
    const sent = await reports({}, (passkeys) => passkeys[method]({ username: "ada" }));
    assert.deepEqual(sent, [end(purpose, "done", "succeeded")]);
  }
  const capabilities = { conditionalGet: true };
  const sent = await reports({ capabilities }, (passkeys) => Promise.all([passkeys.autofill(), passkeys.autofill()]));
  assert.deepEqual(sent, [end("autofill", "done", "succeeded")]);
});

test("cancelled is distinct from failed, and both name the exception", async () => {
  for (const [name, outcome] of [["NotAllowedError", "cancelled"], ["SecurityError", "failed"], ["UnknownError", "failed"]]) {
    const sent = await reports({ ceremony: failing(name) }, (passkeys) => passkeys.signIn());
    assert.deepEqual(sent, [end("sign-in", "prompt", outcome, name)]);
  }
});

test("a page that ends a ceremony aborts it", async () => {
  const sent = await reports({ ceremony: waiting }, async (passkeys) => {
    const stop = new AbortController();
    const signIn = passkeys.signIn({ signal: stop.signal });
    await settle();
    stop.abort();
    await signIn;
  });
  assert.deepEqual(sent, [end("sign-in", "prompt", "aborted", "AbortError")]);
});

test("a rejection and a cut network are no exceptions of the browser", async () => {
  const route = "POST authentication/verify";
  for (const [answer, phase] of [[problem(422, "signature-invalid"), "server"], [cutNetwork, "network"]]) {
    const sent = await reports({ answers: { [route]: answer } }, (passkeys) => passkeys.signIn());
    assert.deepEqual(sent, [end("sign-in", phase, "failed")]);
  }
  const sent = await reports({ isSecureContext: false }, (passkeys) => passkeys.signIn());
  assert.deepEqual(sent, [end("sign-in", "support", "failed")]);
});

test("a step-up within another ceremony is reported once", async () => {
  const answers = { "POST registration/options": inTurn(problem(403, "step-up-required")) };
  const sent = await reports({ answers, ceremony: failing("NotAllowedError") }, (passkeys) => passkeys.addPasskey());
  assert.deepEqual(sent, [end("step-up", "prompt", "cancelled", "NotAllowedError")]);
});

test("the capabilities are reported once, without extensions", async () => {
  const capabilities = { conditionalGet: true, hybridTransport: false, "extension:prf": true };
  const seen = install({ capabilities, answers: { [ROUTE]: [204] } });
  report(connect());
  await settle();
  assert.deepEqual(seen.requests, [[ROUTE, { capabilities: ["passkeys", "conditionalGet"] }]]);
});

test("a report that does not arrive changes nothing", async () => {
  const seen = install({ answers: server({ [ROUTE]: cutNetwork }) });
  const session = await report(connect()).signIn();
  assert.equal(session.state, "signed-in");
  assert.ok(seen.routes().includes(ROUTE));
});
