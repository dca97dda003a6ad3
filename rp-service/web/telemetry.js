// Reports of ceremonies for the metrics of the server, which must accept them. telemetry.d.ts documents the export.
// A report has words from fixed lists: nothing in it identifies a person.

import { unsupported } from "./passkeys.js";

/** @type {import("./telemetry.d.ts").report} */
export function report(passkeys, { prefix = "/webauthn" } = {}) {
  // Without cookies: the server needs no session for it.
  const send = (body) =>
    fetch(`${prefix}/telemetry`, {
      method: "POST",
      credentials: "omit",
      keepalive: true,
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    }).catch(() => {});

  /** Results and errors that were reported: one ceremony may end several promises. */
  const reported = new WeakSet();
  const once = (ended, body) => {
    if (reported.has(ended)) return;
    reported.add(ended);
    send(body);
  };

  for (const [method, purpose] of Object.entries(PURPOSES)) {
    const perform = passkeys[method];
    passkeys[method] = async (how) => {
      try {
        const result = await perform(how);
        if (result) once(result, { purpose, phase: "done", outcome: "succeeded" });
        return result;
      } catch (error) {
        once(error, { purpose, ...end(error) });
        throw error;
      }
    };
  }
  capabilities().then((capabilities) => send({ capabilities }));
  return passkeys;
}

const PURPOSES = {
  signUp: "sign-up",
  addPasskey: "add-passkey",
  createConditionally: "conditional-create",
  signIn: "sign-in",
  signInImmediately: "sign-in-immediately",
  autofill: "autofill",
  secondFactor: "second-factor",
  stepUp: "step-up",
  prove: "proof",
};

const UNSUPPORTED = ["insecure-page", "no-webauthn", "old-browser"];

function end({ code, status, cause }) {
  const outcome = code === "cancelled" || code === "aborted" ? code : "failed";
  if (UNSUPPORTED.includes(code)) return { phase: "support", outcome };
  if (code === "network") return { phase: "network", outcome };
  return status ? { phase: "server", outcome } : { phase: "prompt", outcome, error: cause?.name };
}

async function capabilities() {
  if (unsupported()) return [];
  const all = await PublicKeyCredential.getClientCapabilities?.().catch(() => {});
  const names = Object.keys(all ?? {}).filter((name) => all[name] && !name.startsWith("extension:"));
  return ["passkeys", ...names];
}
