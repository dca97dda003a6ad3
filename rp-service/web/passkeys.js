// Passkeys in a page, for servers that implement the HTTP interface of rp. passkeys.d.ts documents every export.
// `create` and `get` work with any server that uses the JSON forms of WebAuthn Level 3.

/**
 * Texts by language and code. The texts of the server's codes are the server's, unless the page has its own.
 * @type {import("./passkeys.d.ts").texts}
 */
export const texts = {
  en: {
    "insecure-page": "Passkeys need HTTPS.",
    "no-webauthn": "This browser does not support passkeys.",
    "old-browser": "Update this browser.",
    network: "The server cannot be reached. Try again.",
    cancelled: "The prompt was closed or timed out. Try again.",
    aborted: "The attempt was stopped.",
    "wrong-address": "Passkeys do not work at this address.",
    "not-supported": "This device or key cannot create such a passkey.",
    "credential-exists": "This device or key already has a passkey for this account.",
    rejected: "This passkey was not accepted. Try another.",
    failed: "Something went wrong. Try again.",
    wait: "Try again in {seconds} seconds.",
  },
};

export function explain(error, language = document.documentElement.lang || navigator.language) {
  const { code, title, detail, status, retryAfter } = error;
  const table = texts[language] ?? texts[language.split("-")[0]] ?? texts.en;
  const find = (key) => table[key] ?? texts.en[key];
  const fromServer = table === texts.en && title && `${title}. ${detail}`;
  const text = table[code] ?? (fromServer || find(status === 422 ? "rejected" : "failed"));
  return retryAfter ? `${text} ${find("wait").replace("{seconds}", retryAfter)}` : text;
}

export class PasskeyError extends Error {
  name = "PasskeyError";

  constructor(code, facts, cause) {
    super(explain({ ...facts, code }), { cause });
    Object.assign(this, facts, { code });
  }
}

const webauthn = () => globalThis.PublicKeyCredential;

export function unsupported() {
  const api = webauthn();
  if (!isSecureContext) return "insecure-page";
  if (!api) return "no-webauthn";
  // Chrome 129, Firefox 124, Safari 18.4
  return api.parseCreationOptionsFromJSON && api.prototype.toJSON && AbortSignal.any ? undefined : "old-browser";
}

export async function supports(capability) {
  const api = webauthn();
  const all = (await api?.getClientCapabilities?.().catch(() => {})) ?? {};
  const isAsked = capability === "conditionalGet";
  return (all[capability] ?? (isAsked && (await api?.isConditionalMediationAvailable?.()))) || false;
}

const responseOf = (method) => async (options, how) => (await perform(method, options, how)).response;
export const create = responseOf("create");
export const get = responseOf("get");

const CONDITIONAL = { mediation: "conditional" };

/** Ends the ceremony that is waiting. A conditional ceremony ends autofill only. */
let stop = () => {};
/** Settles when the last ceremony has ended. */
let idle;

async function perform(method, json, { extensions, signal, ...how } = {}) {
  const obstacle = unsupported();
  if (obstacle) throw new PasskeyError(obstacle);
  const isConditional = how.mediation === CONDITIONAL.mediation;
  const controller = new AbortController();
  const abort = () => controller.abort();
  const isCreation = method === "create";
  const isAutofill = isConditional && !isCreation;
  let isExpired;
  // Browsers ignore the timeout of autofill, and servers do not. Sleep stops timers, and not the clock.
  const end = Date.now() + (json.timeout ?? 300_000) * 0.8;
  const timer = isConditional && setInterval(() => Date.now() < end || abort((isExpired = true)), 1000);
  // A browser performs one ceremony at a time. Autofill waits for others, and others end autofill.
  let before;
  do {
    if (!isAutofill) stop(isConditional);
    await (before = idle);
  } while (before !== idle);
  stop = (byConditional) => (isAutofill || !byConditional) && abort();
  try {
    extensions = { ...json.extensions, ...extensions };
    const kind = isCreation ? "Creation" : "Request";
    const publicKey = PublicKeyCredential[`parse${kind}OptionsFromJSON`]({ ...json, extensions });
    signal = AbortSignal.any([controller.signal, signal ?? controller.signal]);
    signal.throwIfAborted();
    const performed = navigator.credentials[method]({ ...how, publicKey, signal });
    // Some password managers ignore the signal: an aborted ceremony ends without them, but not without a new passkey.
    const aborted = new Promise((_, reject) => (signal.onabort = () => setTimeout(reject, 250)));
    const ended = Promise.race([performed, aborted]);
    idle = ended.catch(() => {});
    const credential = await (isCreation ? performed : ended);
    const response = credential.toJSON();
    // PRF results are secrets of the page: they are never sent.
    delete response.clientExtensionResults.prf?.results;
    return { response, prf: credential.getClientExtensionResults().prf };
  } catch (error) {
    const code = isExpired ? "expired" : signal?.aborted ? "aborted" : (CODES[error.name] ?? "failed");
    throw new PasskeyError(code, {}, error);
  } finally {
    clearInterval(timer);
  }
}

const CODES = {
  NotAllowedError: "cancelled",
  InvalidStateError: "credential-exists",
  SecurityError: "wrong-address",
  NotSupportedError: "not-supported",
  ConstraintError: "not-supported",
};

/** Calls a Signal method, where the browser has it. It never fails a page. */
const signal = (method, argument) =>
  argument && webauthn()?.[`signal${method}`]?.(argument).catch(() => {});

const forget = (rpId, credentialId) => signal("UnknownCredential", { rpId, credentialId });

async function problemOf(response) {
  const json = await response.json().catch(() => ({}));
  const retryAfter = +response.headers.get("retry-after") || undefined;
  return new PasskeyError(json.code ?? "failed", { ...json, status: response.status, retryAfter });
}

/** The verification of the user that makes a rejection good. */
const VERIFICATIONS = { "step-up-required": "stepUp", "second-factor-required": "secondFactor" };

/** Handles an error with this code, and no other. */
const except = (code) => (error) => {
  if (error.code !== code) throw error;
};

export function connect({ prefix = "/webauthn", verify } = {}) {
  let autofill;
  let verification;
  /** A registration that the server did not receive, or did not look at. */
  let unsent;
  /** Settles when the last options have arrived. The first bring the cookie of ceremonies: the next wait for it. */
  let options = Promise.resolve();

  function send(method, path, body) {
    const now = () => transmit(method, path, body);
    return path.endsWith("options") ? (options = options.then(now, now)) : now();
  }

  async function transmit(method, path, body) {
    let response;
    let json;
    try {
      response = await fetch(`${prefix}/${path}`, {
        method,
        credentials: "include",
        headers: body && { "content-type": "application/json" },
        body: body && JSON.stringify(body),
        signal: AbortSignal.timeout(60_000),
      });
      json = response.ok && response.status !== 204 ? await response.json() : {};
    } catch (error) {
      throw new PasskeyError("network", {}, error);
    }
    if (!response.ok) throw await problemOf(response);
    const account = json.signal ?? json;
    // The list does not have a passkey that is yet to be sent again.
    unsent || signal("AllAcceptedCredentials", account.allAcceptedCredentials);
    signal("CurrentUserDetails", account.currentUserDetails);
    return json;
  }

  const post = (path, body) => send("POST", path, body);

  verify ??= ({ code }) => page[VERIFICATIONS[code]]();
  /** Verifies the user, if that helps. Requests that were rejected together share one verification. */
  const isVerified = async (error) =>
    VERIFICATIONS[error.code] &&
    (await (verification ??= verify(error).finally(() => (verification = undefined)))) !== false;

  const call = (...request) =>
    send(...request).catch(async (error) => {
      if (await isVerified(error)) return send(...request);
      throw error;
    });

  async function register(request, { nickname, grant, ...how } = {}) {
    const key = JSON.stringify(request);
    const more = { nickname, grant };
    if (unsent?.key === key) {
      try {
        return await store(unsent, more);
      } catch (error) {
        if (unsent) throw error;
      }
    }
    // A conditional registration shows no prompt, also not one that verifies the user.
    const options = await (request === CONDITIONAL ? send : call)("POST", "registration/options", request);
    const { response, prf } = await perform("create", options, how);
    return store({ key, response, rpId: options.rp.id, prf }, more);
  }

  async function store(registration, more) {
    const { response, rpId, prf } = registration;
    unsent = undefined;
    try {
      return { ...(await post("registration/verify", { ...response, ...more })), prf };
    } catch (error) {
      const { code, status } = error;
      const mayBeStored = /^(credential-exists|no-ceremony|too-many-requests)$/.test(code);
      // The server rejects a nickname before it looks at the passkey.
      if (code === "network" || /^nickname /.test(error.detail)) {
        unsent = registration;
        setTimeout(() => unsent === registration && (unsent = undefined), 300_000);
      }
      // The authenticator has a passkey that the server did not store.
      else if (status < 500 && !mayBeStored) forget(rpId, response.id);
      throw error;
    }
  }

  async function authenticate(request, how) {
    const options = await post("authentication/options", request);
    const { response, prf } = await perform("get", options, how);
    try {
      return { ...(await post("authentication/verify", response)), prf };
    } catch (error) {
      const isUnknown = error.code === "credential-unknown" && unsent?.response.id !== response.id;
      if (isUnknown) forget(options.rpId, response.id);
      throw error;
    }
  }

  async function waitForAutofill(how) {
    while (await supports("conditionalGet")) {
      await visible();
      try {
        return await authenticate({}, { ...how, ...CONDITIONAL });
      } catch (error) {
        if (error.code === "aborted") return undefined;
        // Of this ceremony, or of the server's: "ceremony-expired".
        if (!/expired$/.test(error.code)) throw error;
      }
    }
  }

  const page = {
    call,
    signUp: ({ username, displayName, ...how }) => register({ username, displayName }, how),
    addPasskey: (how) => register({}, how),
    async createConditionally(how) {
      if (await supports("conditionalCreate")) {
        return register(CONDITIONAL, { ...how, ...CONDITIONAL }).catch(() => undefined);
      }
    },
    signIn: ({ username, ...how } = {}) => authenticate({ username }, how),
    async signInImmediately(how) {
      if (await supports("immediateGet")) {
        return authenticate({}, { ...how, uiMode: "immediate" }).catch(except("cancelled"));
      }
    },
    autofill: (how) => (autofill ??= waitForAutofill(how).finally(() => (autofill = undefined))),
    secondFactor: (how) => authenticate({ purpose: "second-factor" }, how),
    stepUp: (how) => authenticate({ purpose: "step-up" }, how),
    prove: async (how) => post("proof/verify", await create(await post("proof/options", {}), how)),
    session: () => send("GET", "session").catch(except("not-signed-in")),
    async fetch(resource, init) {
      const request = new Request(resource, init);
      const response = await fetch(request.clone());
      const isOurs = new URL(request.url).origin === new URL(prefix, location.href).origin;
      const error = !response.ok && isOurs && (await problemOf(response.clone()));
      return error && (await isVerified(error)) ? fetch(request) : response;
    },
  };
  return page;
}

/** Resolves while the page can be seen: a tab in the background waits. */
async function visible() {
  while (document.hidden) {
    await new Promise((resolve) => document.addEventListener("visibilitychange", resolve, { once: true }));
  }
}
