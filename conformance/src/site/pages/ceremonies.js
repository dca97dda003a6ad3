// The relying party's routes and the browser's half of both ceremonies. Knows nothing of the page.

const PREFIX = "/webauthn/";

/** What the server refused: `code` is the stable word of its problem+json. */
export class Problem extends Error {
  constructor(status, code, { detail, retryAfter } = {}) {
    super(detail ?? code);
    this.name = "Problem";
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

/** One request. Members that are `undefined` are left out of the body. */
export async function call(method, path, body, signal) {
  let answer;
  try {
    answer = await fetch(PREFIX + path, {
      method,
      signal,
      headers: body === undefined ? {} : { "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, "unreachable");
  }
  if (answer.status === 204) return undefined;
  const json = await answer.json().catch(() => undefined);
  if (answer.ok && json !== undefined) return json;
  throw new Problem(answer.status, json?.code ?? "unexpected-answer", {
    detail: json?.detail,
    retryAfter: Number(answer.headers.get("retry-after")) || undefined,
  });
}

/** Why this browser cannot take part, as a code, or `undefined` if it can. */
export function obstacle() {
  if (!window.isSecureContext) return "insecure-page";
  if (!window.PublicKeyCredential || !navigator.credentials) return "no-webauthn";
  // The JSON forms of Level 3: Chrome 129, Firefox 119, Safari 18.4.
  if (!PublicKeyCredential.parseCreationOptionsFromJSON || !PublicKeyCredential.prototype.toJSON) return "old-browser";
  return undefined;
}

/** Opens an account with its first passkey; the account is signed in then. */
export async function signUp(username, displayName) {
  await stopAutofill();
  return register({ username, displayName });
}

/** Adds a passkey to the account that is signed in. */
export async function addPasskey() {
  return fresh(() => register({}));
}

/** Signs in by button: with the passkeys of `username`, or with any that the browser can find. */
export async function signIn(username) {
  await stopAutofill();
  return authenticate({ username });
}

/** Verifies the user of the session again, with any of the account's passkeys. */
export const stepUp = () => authenticate({ purpose: "step-up" });

export const credentials = () => call("GET", "credentials");
export const signals = () => call("GET", "credentials/signal");
export const rename = (id, nickname) => fresh(() => call("PATCH", `credentials/${id}`, { nickname }));
export const remove = (id) => fresh(() => call("DELETE", `credentials/${id}`));
export const signOut = () => call("POST", "sign-out");

/** The sessions of the account, or `undefined` if the server does not mount the route. */
export async function sessions() {
  try {
    return (await call("GET", "sessions")).sessions;
  } catch (error) {
    if (error.status === 404) return undefined;
    throw error;
  }
}

export const endSession = (id) => call("DELETE", `sessions/${id}`);
export const endOtherSessions = () => call("DELETE", "sessions");

/** Runs `action`; if the server wants a fresh verification first, gets one and runs it again. */
async function fresh(action) {
  try {
    return await action();
  } catch (error) {
    if (error.code !== "step-up-required") throw error;
  }
  await stepUp();
  return action();
}

async function register(request) {
  const options = await call("POST", "registration/options", request);
  const credential = await navigator.credentials.create({
    publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options),
  });
  try {
    return await call("POST", "registration/verify", toJSON(credential));
  } catch (error) {
    // The authenticator holds a passkey now that the server has not kept: let it forget.
    const notKept = error.status === 422 || ["username-taken", "too-many-credentials", "sign-up-closed"].includes(error.code);
    if (notKept) await signalUnknown(options.rp.id, credential.id);
    throw error;
  }
}

async function authenticate({ username, purpose, mediation, signal }, onOptions) {
  const options = await call("POST", "authentication/options", { username, purpose }, signal);
  onOptions?.(options);
  const credential = await navigator.credentials.get({
    publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options),
    mediation,
    signal,
  });
  try {
    return await call("POST", "authentication/verify", toJSON(credential));
  } catch (error) {
    if (error.code === "credential-unknown") await signalUnknown(options.rpId, credential.id);
    throw error;
  }
}

/** The credential as Level 3's JSON, without what `prf` yielded: those are secrets, and not the server's. */
function toJSON(credential) {
  const json = credential.toJSON();
  delete json.clientExtensionResults?.prf?.results;
  return json;
}

// Autofill: one request that waits behind the username field, for as long as nobody presses a button.

let autofill;

/** Whether passkeys can be offered in the username field. */
export async function canAutofill() {
  return (await PublicKeyCredential.isConditionalMediationAvailable?.()) ?? false;
}

/**
 * Offers passkeys in the username field until one is chosen or a button flow begins. Resolves to the answer of
 * `authentication/verify`, or to `undefined` when stopped; throws what went wrong once.
 */
export function startAutofill() {
  if (autofill) return autofill.done;
  const stop = new AbortController();
  autofill = { stop, done: wait(stop.signal).finally(() => (autofill = undefined)) };
  return autofill.done;
}

/** Ends the waiting request, so that the browser is free for another; resolves once it is. */
export async function stopAutofill() {
  autofill?.stop.abort();
  await autofill?.done.catch(() => {});
}

async function wait(stop) {
  while (!stop.aborted) {
    await visible(stop);
    if (stop.aborted) return undefined;
    // Browsers ignore `timeout` here, the server does not: ask anew before the challenge expires.
    const renew = new AbortController();
    let timer;
    try {
      return await authenticate(
        { mediation: "conditional", signal: AbortSignal.any([stop, renew.signal]) },
        (options) => (timer = setTimeout(() => renew.abort(), (options.timeout ?? 300_000) * 0.8)),
      );
    } catch (error) {
      if (!stop.aborted && !renew.signal.aborted) throw error;
    } finally {
      clearTimeout(timer);
    }
  }
  return undefined;
}

/** Resolves while the page can be seen: a tab in the background asks for nothing. */
function visible(signal) {
  return new Promise((resolve) => {
    const look = () => {
      if (document.hidden && !signal.aborted) return;
      document.removeEventListener("visibilitychange", look);
      signal.removeEventListener("abort", look);
      resolve();
    };
    document.addEventListener("visibilitychange", look);
    signal.addEventListener("abort", look);
    look();
  });
}

// The Signal methods keep what password managers show in step with what the server holds. None of them may fail a page.

async function signalUnknown(rpId, credentialId) {
  await PublicKeyCredential.signalUnknownCredential?.({ rpId, credentialId }).catch(() => {});
}

/** Tells the browser which passkeys the account has and what it is called. */
export async function signalAccount({ allAcceptedCredentials, currentUserDetails }) {
  await PublicKeyCredential.signalAllAcceptedCredentials?.(allAcceptedCredentials).catch(() => {});
  await PublicKeyCredential.signalCurrentUserDetails?.(currentUserDetails).catch(() => {});
}
