import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { connect, create, get, supports, unsupported } from "../passkeys.js";
import {
  account, credential, cutNetwork, failing, inTurn, install, problem, registrationOptions, requestOptions, server,
  settle, waiting,
} from "./browser.js";

const CEREMONIES = {
  signUp: ["registration", () => connect().signUp({ username: "ada" })],
  addPasskey: ["registration", () => connect().addPasskey()],
  signIn: ["authentication", () => connect().signIn()],
  secondFactor: ["authentication", () => connect().secondFactor()],
  stepUp: ["authentication", () => connect().stepUp()],
};

/** Runs a test whose clock and timers do not move by themselves. */
async function withStillClock(run) {
  mock.timers.enable({ apis: ["Date", "setInterval", "setTimeout"] });
  try {
    await run();
  } finally {
    mock.timers.reset();
  }
}

test("each error of the browser has a code and a sentence", async () => {
  const codes = {
    NotAllowedError: "cancelled",
    InvalidStateError: "credential-exists",
    SecurityError: "wrong-address",
    NotSupportedError: "not-supported",
    ConstraintError: "not-supported",
    UnknownError: "failed",
  };
  for (const [name, code] of Object.entries(codes)) {
    for (const [ceremony, [kind, run]] of Object.entries(CEREMONIES)) {
      const seen = install({ answers: server(), ceremony: failing(name) });
      await assert.rejects(run, (error) => {
        assert.deepEqual([error.name, error.code, error.cause.name], ["PasskeyError", code, name], ceremony);
        assert.match(error.message, /^[A-Z].*\.$/);
        return true;
      });
      assert.deepEqual(seen.routes(), [`POST ${kind}/options`]);
    }
  }
});

test("a cut network at any step is one sentence, and the next attempt succeeds", async () => {
  for (const [ceremony, [kind, run]] of Object.entries(CEREMONIES)) {
    for (const step of ["options", "verify"]) {
      const route = `POST ${kind}/${step}`;
      const answers = server();
      install({ answers: { ...answers, [route]: inTurn(cutNetwork, answers[route]) } });
      await assert.rejects(run, (error) => {
        assert.deepEqual([error.code, error.status], ["network", undefined], `${ceremony} ${step}`);
        assert.equal(error.message, "The server cannot be reached. Try again.");
        return true;
      });
      assert.ok(await run());
    }
  }
});

test("a registration that was not sent is sent again without a prompt", async () => {
  const verify = inTurn(cutNetwork, cutNetwork, [201, { id: "AQID" }]);
  const seen = install({ answers: server({ "POST registration/verify": verify }) });
  const passkeys = connect();
  await assert.rejects(passkeys.signUp({ username: "ada" }), { code: "network" });
  await assert.rejects(passkeys.signUp({ username: "ada" }), { code: "network" });
  assert.equal((await passkeys.signUp({ username: "ada" })).id, "AQID");
  assert.equal(seen.ceremonies.length, 1);
  assert.deepEqual(seen.signals, []);
});

test("a registration that is sent again has the nickname and the grant of that call", async () => {
  const verify = inTurn(cutNetwork, [201, { id: "AQID" }]);
  const seen = install({ answers: server({ "POST registration/verify": verify }) });
  const passkeys = connect();
  await assert.rejects(passkeys.addPasskey({ nickname: "one", grant: "first" }), { code: "network" });
  await passkeys.addPasskey({ nickname: "two" });
  assert.equal(seen.ceremonies.length, 1);
  const { nickname, grant } = seen.body("POST registration/verify");
  assert.deepEqual([nickname, grant], ["two", undefined]);
});

test("a passkey that was not sent is not forgotten", async () => {
  const answers = server({
    "POST registration/verify": inTurn(cutNetwork, [201, { id: "AQID", signal: account }]),
    "POST authentication/verify": problem(422, "credential-unknown"),
    "PATCH user": { name: "ada", signal: account },
  });
  const seen = install({ answers });
  const passkeys = connect();
  await assert.rejects(passkeys.signUp({ username: "ada" }), { code: "network" });
  await assert.rejects(passkeys.signIn(), { code: "credential-unknown" });
  assert.deepEqual(seen.signals, []);
  // The list of the account does not have the passkey yet.
  await passkeys.call("PATCH", "user", { displayName: "Ada" });
  assert.deepEqual(seen.signals, [["CurrentUserDetails", account.currentUserDetails]]);
  seen.signals.length = 0;
  await passkeys.signUp({ username: "ada" });
  assert.deepEqual(seen.signals.map(([method]) => method), ["AllAcceptedCredentials", "CurrentUserDetails"]);
  await assert.rejects(passkeys.signIn(), { code: "credential-unknown" });
  assert.equal(seen.signals.at(-1)[0], "UnknownCredential");
});

test("a registration that was not sent is never sent for another user", async () => {
  const verify = inTurn(cutNetwork, [201, { id: "AQID" }]);
  const seen = install({ answers: server({ "POST registration/verify": verify }) });
  const passkeys = connect();
  await assert.rejects(passkeys.signUp({ username: "ada" }), { code: "network" });
  await passkeys.signUp({ username: "bob" });
  assert.equal(seen.ceremonies.length, 2);
});

test("a registration that arrived the first time is followed by a new one", async () => {
  const verify = inTurn(cutNetwork, problem(409, "no-ceremony"), [201, { id: "AQID" }]);
  const seen = install({ answers: server({ "POST registration/verify": verify }) });
  const passkeys = connect();
  await assert.rejects(passkeys.addPasskey(), { code: "network" });
  await passkeys.addPasskey();
  assert.equal(seen.ceremonies.length, 2);
  assert.deepEqual(seen.signals, []);
});

const nicknameRejected = problem(400, "malformed-json", { detail: "nickname has at most 64 characters" });

test("a rejected nickname keeps the passkey", async () => {
  for (const first of [nicknameRejected, cutNetwork]) {
    const rejected = nicknameRejected;
    const verify = inTurn(first, rejected, rejected, [201, { id: "AQID" }]);
    const seen = install({ answers: server({ "POST registration/verify": verify }) });
    const passkeys = connect();
    await assert.rejects(passkeys.addPasskey({ nickname: first === cutNetwork ? "ok" : "too long" }));
    await assert.rejects(passkeys.addPasskey({ nickname: "too long" }), { code: "malformed-json" });
    await assert.rejects(passkeys.addPasskey({ nickname: "too long" }), { code: "malformed-json" });
    assert.equal((await passkeys.addPasskey({ nickname: "ok" })).id, "AQID");
    assert.equal(seen.body("POST registration/verify").nickname, "ok");
    assert.equal(seen.ceremonies.length, 1);
    assert.deepEqual(seen.signals, []);
  }
});

test("a malformed response is not sent again, with a nickname or without", async () => {
  for (const how of [{}, { nickname: "ok" }]) {
    const verify = inTurn(problem(400, "malformed-json"), [201, { id: "AQID" }]);
    const seen = install({ answers: server({ "POST registration/verify": verify }) });
    const passkeys = connect();
    await assert.rejects(passkeys.addPasskey(how), { code: "malformed-json" });
    assert.equal(seen.signals[0][0], "UnknownCredential");
    await passkeys.addPasskey(how);
    assert.equal(seen.ceremonies.length, 2);
  }
});

test("a registration that was not sent is forgotten after five minutes", () =>
  withStillClock(async () => {
    const verify = inTurn(cutNetwork, [201, { id: "AQID" }]);
    const answers = server({ "POST registration/verify": verify, "GET credentials/signal": account });
    const seen = install({ answers });
    const passkeys = connect();
    await assert.rejects(passkeys.addPasskey(), { code: "network" });
    const lists = async () => {
      await passkeys.call("GET", "credentials/signal");
      return seen.signals.filter(([method]) => method === "AllAcceptedCredentials").length;
    };
    mock.timers.tick(300_000 - 1);
    assert.equal(await lists(), 0);
    mock.timers.tick(1);
    assert.equal(await lists(), 1);
    await passkeys.addPasskey();
    assert.equal(seen.ceremonies.length, 2);
  }));

test("a passkey that is created after its end is stored", () =>
  withStillClock(async () => {
    let finish;
    const ceremony = () => new Promise((resolve) => (finish = () => resolve(credential())));
    const seen = install({ answers: server(), ceremony });
    const end = new AbortController();
    const added = connect().addPasskey({ signal: end.signal });
    await settle();
    end.abort();
    mock.timers.tick(250);
    await settle();
    finish();
    assert.equal((await added).id, "AQID");
    assert.equal(seen.routes().at(-1), "POST registration/verify");
  }));

test("a response that is not JSON counts as a cut network", async () => {
  install({ answers: server({ "POST authentication/options": [200, "<html>"] }) });
  await assert.rejects(connect().signIn(), { code: "network" });
});

test("a passkey that the server did not store is forgotten", async () => {
  const stored = ["credential-exists", "no-ceremony", "too-many-requests", "storage-unavailable"];
  const statuses = { "credential-exists": 409, "no-ceremony": 409, "too-many-requests": 429, "storage-unavailable": 503 };
  for (const code of [...stored, "username-taken", "too-many-credentials", "attestation-untrusted", "step-up-required"]) {
    const rejected = problem(statuses[code] ?? 422, code);
    const seen = install({ answers: server({ "POST registration/verify": rejected }) });
    await assert.rejects(connect().addPasskey(), { code });
    const forgotten = [["UnknownCredential", { rpId: "example.org", credentialId: "AQID" }]];
    assert.deepEqual(seen.signals, stored.includes(code) ? [] : forgotten, code);
  }
});

test("a passkey that the server does not know is forgotten", async () => {
  for (const [code, isForgotten] of [["credential-unknown", true], ["signature-invalid", false]]) {
    const seen = install({ answers: server({ "POST authentication/verify": problem(422, code) }) });
    await assert.rejects(connect().signIn(), { code, status: 422 });
    assert.equal(seen.signals.length === 1, isForgotten, code);
  }
});

test("the browser is told about every change of the account", async () => {
  const seen = install({
    answers: server({
      "DELETE credentials/AQID": { signal: account },
      "PATCH user": { name: "ada", signal: account },
      "GET credentials/signal": account,
      "PATCH credentials/AQID": { id: "AQID" },
    }),
  });
  const passkeys = connect();
  for (const change of [
    () => passkeys.addPasskey(),
    () => passkeys.call("DELETE", "credentials/AQID"),
    () => passkeys.call("PATCH", "user", { displayName: "Ada" }),
    () => passkeys.call("GET", "credentials/signal"),
  ]) {
    seen.signals.length = 0;
    await change();
    assert.deepEqual(seen.signals, [
      ["AllAcceptedCredentials", account.allAcceptedCredentials],
      ["CurrentUserDetails", account.currentUserDetails],
    ]);
  }
  seen.signals.length = 0;
  await passkeys.call("PATCH", "credentials/AQID", { nickname: "Phone" });
  assert.deepEqual(seen.signals, []);
});

test("PRF results go to the page and never to the server", async () => {
  const prf = { enabled: true, results: { first: new ArrayBuffer(32) } };
  const inputs = { prf: { eval: { first: "AAAA" } } };
  for (const [ceremony, [kind]] of Object.entries(CEREMONIES)) {
    const seen = install({ answers: server(), ceremony: () => credential({ prf }) });
    const result = await connect()[ceremony]({ username: "ada", extensions: inputs });
    assert.equal(result.prf.results.first.byteLength, 32);
    assert.deepEqual(seen.ceremonies[0].publicKey.extensions, inputs);
    const sent = seen.body(`POST ${kind}/verify`);
    assert.deepEqual(sent.clientExtensionResults, { prf: { enabled: true } });
    assert.ok(!JSON.stringify(seen.requests).includes("c2VjcmV0"));
  }
});

test("extensions of the server and of the page are joined", async () => {
  const seen = install();
  await create({ ...registrationOptions, extensions: { credProps: true } }, { extensions: { largeBlob: {} } });
  assert.deepEqual(seen.ceremonies[0].publicKey.extensions, { credProps: true, largeBlob: {} });
});

test("a nickname and a grant are sent with the response", async () => {
  const seen = install({ answers: server() });
  await connect().addPasskey({ nickname: "Phone", grant: "once" });
  const { nickname, grant, id } = seen.body("POST registration/verify");
  assert.deepEqual([nickname, grant, id], ["Phone", "once", "AQID"]);
  assert.equal(seen.ceremonies[0].nickname, undefined);
});

test("what the browser lacks is reported before anything is sent", async () => {
  class NoJson {}
  for (const [code, globals] of [
    ["insecure-page", { isSecureContext: false }],
    ["no-webauthn", { PublicKeyCredential: undefined }],
    ["old-browser", { PublicKeyCredential: NoJson }],
  ]) {
    const seen = install({ answers: server(), ...globals });
    assert.equal(unsupported(), code);
    await assert.rejects(create(registrationOptions), { code });
    assert.equal(seen.ceremonies.length, 0);
  }
  install();
  assert.equal(unsupported(), undefined);
});

test("capabilities are false in a browser that cannot be asked", async () => {
  install({ capabilities: { conditionalCreate: true } });
  assert.deepEqual([await supports("conditionalCreate"), await supports("immediateGet")], [true, false]);
  install({ PublicKeyCredential: undefined });
  assert.equal(await supports("conditionalGet"), false);
  class Older {
    static isConditionalMediationAvailable = async () => true;
  }
  install({ PublicKeyCredential: Older });
  assert.deepEqual([await supports("conditionalGet"), await supports("conditionalCreate")], [true, false]);
});

// Autofill.

const conditionalGet = { capabilities: { conditionalGet: true } };

test("autofill is renewed before the ceremony expires", () =>
  withStillClock(async () => {
    let chosen = false;
    const ceremony = (options) => (chosen ? credential() : waiting(options));
    const seen = install({ answers: server(), ceremony, ...conditionalGet });
    const done = connect().autofill();
    for (const renewed of [1, 2, 3]) {
      await settle();
      assert.equal(seen.ceremonies.length, renewed);
      assert.equal(seen.ceremonies.at(-1).mediation, "conditional");
      chosen = renewed === 3;
      mock.timers.tick(240_000 - 1);
      await settle();
      assert.equal(seen.ceremonies.length, renewed, "not before 80 % of the time");
      mock.timers.tick(1);
    }
    assert.equal((await done).state, "signed-in");
  }));

test("autofill that the clock has overtaken during sleep is renewed", () =>
  withStillClock(async () => {
    let chosen = false;
    const ceremony = (options) => (chosen ? credential() : waiting(options));
    const seen = install({ answers: server(), ceremony, ...conditionalGet });
    const done = connect().autofill();
    await settle();
    mock.timers.setTime(3_600_000);
    assert.equal(seen.ceremonies.length, 1);
    chosen = true;
    mock.timers.tick(1000);
    assert.equal((await done).state, "signed-in");
    assert.equal(seen.ceremonies.length, 2);
  }));

test("the time of autofill runs while it waits for another ceremony", () =>
  withStillClock(async () => {
    let finish;
    const prompt = new Promise((resolve) => (finish = () => resolve(credential())));
    let renewed = 0;
    const options = () => ({ ...requestOptions, challenge: `${(renewed += 1)}` });
    const ceremony = ({ mediation, signal, publicKey }) => {
      if (!mediation) return prompt;
      if (signal.aborted) return Promise.reject(signal.reason);
      assert.equal(publicKey.challenge, "2", "not the challenge that expired");
      return credential();
    };
    install({ answers: server({ "POST authentication/options": options }), ceremony, ...conditionalGet });
    const created = create(registrationOptions);
    const autofill = connect().autofill();
    await settle();
    mock.timers.tick(240_000);
    finish();
    await created;
    assert.equal((await autofill).state, "signed-in");
    assert.equal(renewed, 2);
  }));

test("autofill is renewed if the server's challenge has expired", async () => {
  const verify = inTurn(problem(400, "ceremony-expired"), { state: "signed-in" });
  const seen = install({ answers: server({ "POST authentication/verify": verify }), ...conditionalGet });
  assert.equal((await connect().autofill()).state, "signed-in");
  assert.equal(seen.ceremonies.length, 2);
});

test("a button ends autofill, and waits until it has ended", async () => {
  const seen = install({
    answers: server(),
    ceremony: (options) => (options.mediation ? waiting(options) : credential()),
    ...conditionalGet,
  });
  const passkeys = connect();
  const autofill = passkeys.autofill();
  assert.equal(passkeys.autofill(), autofill);
  await settle();
  assert.equal((await passkeys.signIn()).state, "signed-in");
  assert.equal(await autofill, undefined);
  assert.deepEqual(seen.ceremonies.map(({ mediation }) => mediation), ["conditional", undefined]);
  assert.ok(seen.ceremonies[0].signal.aborted);
  const end = new AbortController();
  const next = passkeys.autofill({ signal: end.signal });
  assert.notEqual(next, autofill);
  await settle();
  end.abort();
  await next;
});

test("ceremonies that start in the same moment are performed one at a time", async () => {
  let running = 0;
  const ceremony = async (options) => {
    running += 1;
    try {
      assert.equal(running, 1);
      return await (options.mediation ? waiting(options) : credential());
    } finally {
      running -= 1;
    }
  };
  const seen = install({ ceremony });
  const options = { challenge: "AAAA", rp: { id: "example.org" } };
  const autofill = get(options, { mediation: "conditional" });
  const ended = assert.rejects(autofill, { code: "aborted" });
  await create(options);
  await ended;
  assert.deepEqual(seen.ceremonies.map(({ method }) => method), ["get", "create"]);
});

test("a ceremony that ignores its signal blocks nothing", () =>
  withStillClock(async () => {
    const answers = [];
    const ceremony = ({ mediation }) => (mediation ? new Promise((resolve) => answers.push(resolve)) : credential());
    const seen = install({ answers: server(), ceremony, ...conditionalGet });
    const passkeys = connect();
    const autofill = passkeys.autofill();
    await settle();
    const signedIn = passkeys.signIn();
    await settle();
    mock.timers.tick(250);
    assert.equal((await signedIn).state, "signed-in");
    assert.equal(await autofill, undefined);
    // An answer that comes later signs no one in.
    answers[0](credential());
    await settle();
    assert.equal(seen.routes().filter((route) => route === "POST authentication/verify").length, 1);
    // Autofill starts again, and is renewed.
    const next = passkeys.autofill();
    await settle();
    mock.timers.tick(240_000);
    await settle();
    mock.timers.tick(250);
    await settle();
    assert.equal(answers.length, 3);
    answers[2](credential());
    assert.equal((await next).state, "signed-in");
  }));

test("a ceremony whose signal was aborted before does not start", async () => {
  const seen = install({ ceremony: () => new Promise(() => {}) });
  await assert.rejects(get(requestOptions, { signal: AbortSignal.abort() }), { code: "aborted" });
  assert.deepEqual(seen.ceremonies, []);
});

test("autofill ends with the signal of the page", async () => {
  install({ answers: server(), ceremony: waiting, ...conditionalGet });
  for (const reason of [undefined, "the page changed"]) {
    const stop = new AbortController();
    const done = connect().autofill({ signal: stop.signal });
    await settle();
    stop.abort(reason);
    assert.equal(await done, undefined);
  }
});

test("autofill waits while the page is hidden", async () => {
  const seen = install({ answers: server(), ...conditionalGet });
  document.hidden = true;
  const done = connect().autofill();
  await settle();
  document.dispatchEvent(new Event("visibilitychange"));
  await settle();
  assert.deepEqual(seen.requests, []);
  document.hidden = false;
  document.dispatchEvent(new Event("visibilitychange"));
  assert.equal((await done).state, "signed-in");
});

test("a browser without autofill sends nothing", async () => {
  const seen = install({ answers: server() });
  assert.equal(await connect().autofill(), undefined);
  assert.deepEqual(seen.requests, []);
});

test("a failure of autofill is reported once", async () => {
  install({ answers: server({ "POST authentication/options": cutNetwork }), ...conditionalGet });
  await assert.rejects(connect().autofill(), { code: "network" });
});

// Ceremonies that not every browser has.

test("an immediate sign-in resolves to nothing without a passkey", async () => {
  const capabilities = { immediateGet: true };
  const seen = install({ answers: server(), capabilities });
  assert.equal((await connect().signInImmediately()).state, "signed-in");
  assert.equal(seen.ceremonies[0].uiMode, "immediate");
  install({ answers: server(), capabilities, ceremony: failing("NotAllowedError") });
  assert.equal(await connect().signInImmediately(), undefined);
  install({ answers: server(), capabilities, ceremony: failing("SecurityError") });
  await assert.rejects(connect().signInImmediately(), { code: "wrong-address" });
  const without = install({ answers: server() });
  assert.equal(await connect().signInImmediately(), undefined);
  assert.deepEqual(without.requests, []);
});

test("a conditional registration asks no one and fails silently", async () => {
  const capabilities = { conditionalCreate: true };
  const seen = install({ answers: server(), capabilities });
  assert.equal((await connect().createConditionally()).id, "AQID");
  assert.equal(seen.ceremonies[0].mediation, "conditional");
  assert.deepEqual(seen.body("POST registration/options"), { mediation: "conditional" });
  for (const ceremony of ["NotAllowedError", "InvalidStateError"].map(failing)) {
    install({ answers: server(), capabilities, ceremony });
    assert.equal(await connect().createConditionally(), undefined);
  }
  install({ answers: server({ "POST registration/options": problem(400, "malformed-json") }), capabilities });
  assert.equal(await connect().createConditionally(), undefined);
});

test("a conditional registration never verifies the user", async () => {
  for (const rejection of [problem(401, "second-factor-required"), problem(403, "step-up-required")]) {
    let dialogs = 0;
    for (const options of [{}, { verify: async () => (dialogs += 1) }]) {
      const answers = server({ "POST registration/options": inTurn(rejection, registrationOptions) });
      const seen = install({ answers, capabilities: { conditionalCreate: true } });
      const created = await connect(options).createConditionally();
      assert.deepEqual([created, seen.ceremonies.length, dialogs], [undefined, 0, 0]);
      assert.deepEqual(seen.routes(), ["POST registration/options"]);
    }
  }
});

test("a conditional registration ends autofill", async () => {
  const ceremony = (options, method) => (method === "get" ? waiting(options) : credential());
  const capabilities = { conditionalGet: true, conditionalCreate: true };
  const seen = install({ answers: server(), ceremony, capabilities });
  const passkeys = connect();
  const autofill = passkeys.autofill();
  await settle();
  const created = passkeys.createConditionally();
  await settle();
  assert.ok(seen.ceremonies[0].signal.aborted);
  assert.equal((await created).id, "AQID");
  assert.equal(await autofill, undefined);
});

test("a conditional registration ends no other ceremony", async () => {
  for (const how of [{}, { mediation: "conditional" }]) {
    let finish;
    const first = new Promise((resolve) => (finish = () => resolve(credential())));
    const seen = install({ ceremony: () => (seen.ceremonies.length === 1 ? first : credential()) });
    const before = create(registrationOptions, how);
    await settle();
    const next = create(registrationOptions, { mediation: "conditional" });
    await settle();
    assert.equal(seen.ceremonies.length, 1);
    assert.ok(!seen.ceremonies[0].signal.aborted);
    finish();
    await Promise.all([before, next]);
    assert.equal(seen.ceremonies.length, 2);
  }
});

test("a proof sends one registration to its own routes", async () => {
  const answers = { "POST proof/options": registrationOptions, "POST proof/verify": { genuine: true } };
  const seen = install({ answers });
  assert.deepEqual(await connect().prove(), { genuine: true });
  assert.deepEqual(seen.routes(), ["POST proof/options", "POST proof/verify"]);
});
