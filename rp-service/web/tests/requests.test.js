import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import * as module from "../passkeys.js";
import { connect, explain, texts } from "../passkeys.js";
import "../passkeys.de.js";
import { credential, cutNetwork, failing, inTurn, install, problem, server } from "./browser.js";

const STEP_UP = problem(403, "step-up-required", { required: { maxAge: 120 } });
const SECOND_FACTOR = problem(401, "second-factor-required");

test("a rejected request is sent again after a step-up", async () => {
  const answers = server({ "PATCH credentials/AQID": inTurn(STEP_UP, { id: "AQID", nickname: "Phone" }) });
  const seen = install({ answers });
  const renamed = await connect().call("PATCH", "credentials/AQID", { nickname: "Phone" });
  assert.equal(renamed.nickname, "Phone");
  assert.deepEqual(seen.body("POST authentication/options"), { purpose: "step-up" });
  assert.deepEqual(seen.routes(), [
    "PATCH credentials/AQID",
    "POST authentication/options",
    "POST authentication/verify",
    "PATCH credentials/AQID",
  ]);
});

test("a rejected registration starts again after a step-up", async () => {
  const answers = server();
  answers["POST registration/options"] = inTurn(STEP_UP, answers["POST registration/options"]);
  const seen = install({ answers });
  assert.equal((await connect().addPasskey()).id, "AQID");
  assert.deepEqual(seen.ceremonies.map(({ method }) => method), ["get", "create"]);
});

test("a request of the application keeps its body for the second time", async () => {
  for (const [rejection, purpose] of [[STEP_UP, "step-up"], [SECOND_FACTOR, "second-factor"]]) {
    const seen = install({ answers: server({ "POST /report": inTurn(rejection, { done: true }) }) });
    const init = { method: "POST", body: "the report", headers: { "content-type": "text/plain" } };
    const response = await connect().fetch("https://example.org/report", init);
    assert.deepEqual(await response.json(), { done: true });
    assert.deepEqual(seen.body("POST authentication/options"), { purpose });
    const bodies = seen.requests.filter(([route]) => route === "POST /report").map(([, body]) => body);
    assert.deepEqual(bodies, ["the report", "the report"]);
  }
});

test("requests that are rejected together share one step-up", async () => {
  const answers = server({ "GET credentials": inTurn(STEP_UP, { credentials: [] }), "GET /report": inTurn(STEP_UP, {}) });
  const seen = install({ answers });
  const passkeys = connect();
  const [listed, report] = await Promise.all([
    passkeys.call("GET", "credentials"),
    passkeys.fetch("https://example.org/report"),
  ]);
  assert.deepEqual([listed.credentials, report.status], [[], 200]);
  assert.equal(seen.ceremonies.length, 1);
});

test("a request is sent again once", async () => {
  const seen = install({ answers: server({ "GET /report": STEP_UP, "GET credentials": STEP_UP }) });
  const passkeys = connect();
  assert.equal((await passkeys.fetch("https://example.org/report")).status, 403);
  await assert.rejects(passkeys.call("GET", "credentials"), { code: "step-up-required" });
  assert.equal(seen.ceremonies.length, 2);
});

test("the rejection stands if the user declines", async () => {
  const verify = async (error) => {
    assert.deepEqual(error.required, { maxAge: 120 });
    return false;
  };
  const seen = install({ answers: server({ "GET /report": STEP_UP, "GET credentials": STEP_UP }) });
  const passkeys = connect({ verify });
  const response = await passkeys.fetch("https://example.org/report");
  assert.equal((await response.json()).code, "step-up-required");
  await assert.rejects(passkeys.call("GET", "credentials"), { code: "step-up-required" });
  assert.deepEqual(seen.routes(), ["GET /report", "GET credentials"]);
});

test("a failed step-up is the error of the request", async () => {
  install({ answers: server({ "GET /report": STEP_UP }), ceremony: failing("NotAllowedError") });
  await assert.rejects(connect().fetch("https://example.org/report"), { code: "cancelled" });
});

test("other responses of the application are left alone", async () => {
  const answers = { "GET /report": [403, "no"], "GET /list": [200, "[]"], "POST /a": problem(401, "not-signed-in") };
  const seen = install({ answers });
  const passkeys = connect();
  assert.equal(await (await passkeys.fetch("https://example.org/report")).text(), "no");
  assert.equal(await (await passkeys.fetch("https://example.org/list")).text(), "[]");
  assert.equal((await passkeys.fetch("https://example.org/a", { method: "POST" })).status, 401);
  assert.equal(seen.ceremonies.length, 0);
});

test("a response of another origin starts no verification", async () => {
  const seen = install({ answers: server({ "GET /report": STEP_UP }) });
  assert.equal((await connect().fetch("https://elsewhere.example/report")).status, 403);
  assert.equal((await connect({ prefix: "https://a.example/webauthn" }).fetch("https://example.org/report")).status, 403);
  assert.equal(seen.ceremonies.length, 0);
});

test("no session is not an error", async () => {
  install({ answers: { "GET session": problem(401, "not-signed-in") } });
  assert.equal(await connect().session(), undefined);
  install({ answers: { "GET session": problem(403, "user-locked") } });
  await assert.rejects(connect().session(), { code: "user-locked" });
});

test("a response without a body is an empty object", async () => {
  install({ answers: { "POST sign-out": [204] } });
  assert.deepEqual(await connect().call("POST", "sign-out"), {});
});

test("requests go under the prefix", async () => {
  const seen = install({ answers: { "GET /auth/session": { state: "signed-in" } } });
  assert.equal((await connect({ prefix: "/auth" }).session()).state, "signed-in");
  assert.deepEqual(seen.routes(), ["GET /auth/session"]);
});

// Texts.

const rejectedBy = async (answer, lang = "") => {
  install({ answers: { "GET credentials": answer } });
  document.documentElement.lang = lang;
  return connect().call("GET", "credentials").then(assert.fail, (error) => error);
};

test("a code of the server has the server's text in English", async () => {
  const error = await rejectedBy(problem(409, "last-credential"));
  assert.deepEqual([error.code, error.status], ["last-credential", 409]);
  assert.equal(error.message, "Title of last-credential. What to do.");
});

test("a page in German has German texts", async () => {
  for (const lang of ["de", "de-AT"]) {
    assert.equal((await rejectedBy(problem(403, "sign-up-closed"), lang)).message, texts.de["sign-up-closed"]);
    assert.equal((await rejectedBy(cutNetwork, lang)).message, texts.de.network);
    assert.equal((await rejectedBy(problem(422, "rare"), lang)).message, texts.de.rejected);
    assert.equal((await rejectedBy(problem(400, "rare"), lang)).message, texts.de.failed);
  }
});

test("a language without a table is English", async () => {
  assert.equal((await rejectedBy(cutNetwork, "fr")).message, texts.en.network);
});

test("a page adds languages, codes and texts", async () => {
  texts.nl = { network: "De server is onbereikbaar." };
  texts.en["own-code"] = "What the application means.";
  try {
    assert.equal((await rejectedBy(cutNetwork, "nl")).message, "De server is onbereikbaar.");
    assert.equal((await rejectedBy(problem(422, "rare"), "nl")).message, texts.en.rejected);
    assert.equal((await rejectedBy(problem(400, "own-code"))).message, "What the application means.");
  } finally {
    delete texts.nl;
    delete texts.en["own-code"];
  }
});

test("the text says when to try again", async () => {
  const limited = problem(429, "too-many-requests", {}, { "retry-after": "90" });
  const error = await rejectedBy(limited);
  assert.equal(error.retryAfter, 90);
  assert.equal(error.message, "Title of too-many-requests. What to do. Try again in 90 seconds.");
  const german = "Zu viele Versuche. Versuchen Sie es in 90 Sekunden noch einmal.";
  assert.equal((await rejectedBy(limited, "de")).message, german);
});

test("an error that is not a problem has a general text", async () => {
  const error = await rejectedBy([502, "<h1>Bad gateway</h1>"]);
  assert.deepEqual([error.code, error.status, error.message], ["failed", 502, texts.en.failed]);
  assert.equal(explain({ code: "cancelled" }, "en"), texts.en.cancelled);
});

test("the German table has every text of the English one", () => {
  assert.deepEqual(Object.keys(texts.en).filter((code) => !texts.de[code]), []);
});

test("the types declare what the module has", () => {
  install({ ceremony: () => credential() });
  const types = readFileSync(new URL("../passkeys.d.ts", import.meta.url), "utf8");
  const exported = [...types.matchAll(/^export (?:function|class|const) (\w+)/gm)].map(([, name]) => name);
  assert.deepEqual(exported.sort(), Object.keys(module).sort());
  const [, body] = types.match(/export interface Passkeys \{(.*?)^\}/ms);
  const declared = [...body.matchAll(/^  (\w+)[(:]/gm)].map(([, name]) => name);
  assert.deepEqual(declared.sort(), Object.keys(connect()).sort());
});

test("options are requested one at a time, so that the first bring the cookie", async () => {
  let arrive;
  const first = new Promise((resolve) => (arrive = resolve));
  const answers = server({ "POST authentication/options": () => first });
  const seen = install({ answers });
  const passkeys = connect();
  const signedIn = passkeys.signIn();
  const signedUp = passkeys.signUp({ username: "ada" });
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(seen.routes(), ["POST authentication/options"]);
  arrive([503, {}]);
  await assert.rejects(signedIn);
  await signedUp;
  assert.equal(seen.routes()[1], "POST registration/options");
});
