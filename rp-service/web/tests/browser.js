// A browser for the tests: `navigator.credentials`, the Signal methods, and a server that a test scripts.

const define = (name, value) => Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });

// A timer of minutes does not keep the process of the tests alive.
const later = setTimeout;
define("setTimeout", (run, milliseconds, ...more) => {
  const timer = later(run, milliseconds, ...more);
  return milliseconds > 60_000 ? timer.unref() : timer;
});

/**
 * Installs a browser and returns what happened in it. `answers` has a function or a value for each request, such as
 * `"POST authentication/options"`; a value is a body with status 200, and an array is `[status, body, headers]`.
 */
export function install({ answers = {}, ceremony = () => credential(), capabilities = {}, ...globals } = {}) {
  const seen = { requests: [], ceremonies: [], signals: [] };
  class PublicKeyCredential {
    static parseCreationOptionsFromJSON = (json) => json;
    static parseRequestOptionsFromJSON = (json) => json;
    static getClientCapabilities = async () => capabilities;
    toJSON() {}
  }
  for (const method of ["UnknownCredential", "AllAcceptedCredentials", "CurrentUserDetails"]) {
    PublicKeyCredential[`signal${method}`] = async (argument) => {
      seen.signals.push([method, argument]);
      throw new TypeError("not available");
    };
  }
  const perform = (method) => async (options) => {
    seen.ceremonies.push({ method, ...options });
    return ceremony(options, method);
  };
  define("isSecureContext", true);
  define("PublicKeyCredential", PublicKeyCredential);
  define("navigator", { language: "en-US", credentials: { create: perform("create"), get: perform("get") } });
  define("document", Object.assign(new EventTarget(), { hidden: false, documentElement: { lang: "" } }));
  const window = new EventTarget();
  for (const method of ["addEventListener", "removeEventListener", "dispatchEvent"]) define(method, window[method].bind(window));
  define("location", new URL("https://example.org/account"));
  define("fetch", async (resource, init) => {
    const request = new Request(new URL(resource.url ?? resource, location), resource.url ? resource : init);
    const path = new URL(request.url).pathname.replace("/webauthn/", "");
    const body = await request.text();
    const route = `${request.method} ${path}`;
    seen.requests.push([route, body && (body.startsWith("{") ? JSON.parse(body) : body)]);
    let answer = answers[route] ?? [404, {}];
    if (typeof answer === "function") answer = await answer(body);
    const [status, json, headers] = Array.isArray(answer) ? answer : [200, answer];
    return new Response(status === 204 ? null : typeof json === "string" ? json : JSON.stringify(json), { status, headers });
  });
  for (const [name, value] of Object.entries(globals)) define(name, value);
  seen.routes = () => seen.requests.map(([route]) => route);
  seen.body = (route) => seen.requests.findLast(([other]) => other === route)?.[1];
  return seen;
}

/** What an authenticator returns. */
export function credential({ id = "AQID", prf } = {}) {
  const text = prf && { ...prf, results: { first: "c2VjcmV0" } };
  return {
    id,
    toJSON: () => ({ id, rawId: id, type: "public-key", response: {}, clientExtensionResults: prf ? { prf: text } : {} }),
    getClientExtensionResults: () => (prf ? { prf } : {}),
  };
}

/** A ceremony that ends when it is aborted, and then only. */
export const waiting = ({ signal }) =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

export const failing = (name) => () => Promise.reject(new DOMException("", name));

export const cutNetwork = () => Promise.reject(new TypeError("Failed to fetch"));

export const problem = (status, code, more = {}, headers = {}) => [
  status,
  { type: "about:blank", title: `Title of ${code}`, status, detail: "What to do.", code, ...more },
  { "content-type": "application/problem+json", ...headers },
];

export const registrationOptions = { challenge: "AAAA", rp: { id: "example.org" }, timeout: 300_000 };
export const requestOptions = { challenge: "AAAA", rpId: "example.org", timeout: 300_000 };
export const account = {
  allAcceptedCredentials: { rpId: "example.org", userId: "AA", allAcceptedCredentialIds: ["AQID"] },
  currentUserDetails: { rpId: "example.org", userId: "AA", name: "ada", displayName: "Ada" },
};

/** A server on which every request succeeds, except those of `answers`. */
export const server = (answers = {}) => ({
  "POST registration/options": registrationOptions,
  "POST registration/verify": [201, { id: "AQID", signal: account }],
  "POST authentication/options": requestOptions,
  "POST authentication/verify": { state: "signed-in", user: { name: "ada" } },
  ...answers,
});

/** Answers in this order; the last one again and again. */
export const inTurn = (...answers) => () => {
  const answer = answers.length > 1 ? answers.shift() : answers[0];
  return typeof answer === "function" ? answer() : answer;
};

/** Runs all pending promises. */
export const settle = () => new Promise((resolve) => setImmediate(resolve));
