/**
 * Passkeys in a page, for servers that implement the HTTP interface of rp.
 *
 * ```js
 * import { connect, unsupported } from "/webauthn/passkeys.js";
 *
 * const passkeys = connect();
 * signInButton.onclick = () => passkeys.signIn().then(showAccount, (error) => show(error.message));
 * passkeys.autofill().then((session) => session && showAccount(session), () => {});
 * ```
 *
 * Every function that fails rejects with a {@link PasskeyError}. Its `code` is for programs, its `message` is a sentence
 * in the language of the page.
 *
 * @module
 */

/** Returns the functions for the server that has the interface under `prefix`. */
export function connect(options?: ConnectOptions): Passkeys;

export interface ConnectOptions {
  /** Where the interface is: a path, or a URL on another host whose front end this page is. `/webauthn` by default. */
  prefix?: string;
  /**
   * Verifies the user again, after a response with the code `step-up-required` or `second-factor-required`. Then the
   * rejected request is sent again. `false` means that the user declined: the rejection stands.
   *
   * Requests that are rejected at the same time share one verification. `verify` must not wait for such a request.
   *
   * By default, the browser asks for a passkey. Replace it if users have other factors: show a choice, and use
   * `stepUp`, `secondFactor` or `call("POST", "factors/…/verify", …)`.
   */
  verify?: (error: PasskeyError) => Promise<unknown>;
}

export interface Passkeys {
  /** Creates an account with its first passkey, and signs in. */
  signUp(account: { username: string; displayName?: string } & RegistrationHow): Promise<Registered>;
  /** Adds a passkey to the account. Gets the verification that the server requires. */
  addPasskey(how?: RegistrationHow): Promise<Registered>;
  /**
   * Adds a passkey without a prompt, right after the user signed in with a password from a password manager. Resolves to
   * `undefined` if the browser, the password manager or the server does not, also where the server requires a verification
   * first.
   */
  createConditionally(how?: RegistrationHow): Promise<Registered | undefined>;

  /** Signs in with a passkey: any that the browser finds, or one of the user with this name. */
  signIn(how?: { username?: string } & How): Promise<VerifiedSession>;
  /**
   * Signs in with a passkey of this device, without asking for one of another device (`uiMode: "immediate"`). Resolves to
   * `undefined` if the device has none or the browser cannot: show the form then. Needs a click.
   */
  signInImmediately(how?: How): Promise<VerifiedSession | undefined>;
  /**
   * Offers passkeys in the field with `autocomplete="username webauthn"`, for as long as the page is open: the request is
   * renewed before the server's challenge expires. Resolves to `undefined` if the browser has no autofill, or once another
   * ceremony or `signal` ended it. A second call returns the promise of the first.
   */
  autofill(how?: How): Promise<VerifiedSession | undefined>;
  /** Completes the sign-in of a `first-factor` session with a passkey. */
  secondFactor(how?: How): Promise<VerifiedSession>;
  /** Verifies the signed-in user again with a passkey. */
  stepUp(how?: How): Promise<VerifiedSession>;
  /** Shows that a genuine security key is present, without an account. */
  prove(how?: How): Promise<{ genuine: boolean }>;

  /** The session, or `undefined` if there is none. */
  session(): Promise<Session | undefined>;
  /**
   * Sends a request of the interface. If the server requires a verification first, gets it and sends the request again.
   * If the response has arguments of Signal methods, the browser gets them. Resolves to `{}` after a 204.
   */
  call: Call;
  /**
   * As the browser's `fetch`, for the application's own routes: after a response of this origin with the code
   * `step-up-required` or `second-factor-required`, gets the verification and sends the request again.
   */
  fetch(resource: RequestInfo | URL, init?: RequestInit): Promise<Response>;
}

/** The requests of the interface. */
export interface Call {
  (method: "GET", path: "session"): Promise<Session>;
  (method: "POST", path: "sign-out"): Promise<{}>;
  (method: "GET", path: "sessions"): Promise<{ sessions: ListedSession[] }>;
  (method: "DELETE", path: "sessions" | `sessions/${string}`): Promise<{}>;
  (method: "GET", path: "credentials"): Promise<{ credentials: Credential[] }>;
  /** Also passes the account to the browser's Signal methods. */
  (method: "GET", path: "credentials/signal"): Promise<Signal>;
  (method: "PATCH", path: `credentials/${string}`, body: { nickname: string }): Promise<Credential>;
  (method: "DELETE", path: `credentials/${string}`): Promise<{ signal: Signal }>;
  (method: "PATCH", path: "user", body: { displayName: string }): Promise<User & { signal: Signal }>;
  (method: "GET", path: "factors"): Promise<Factors>;
  /** The secret for an authenticator application: show both once, the URI as a QR code. */
  (method: "POST", path: "factors/totp/enrol", body: {}): Promise<{ uri: string; secret: string }>;
  (method: "POST", path: "factors/totp/confirm", body: { codes: [string, string] }): Promise<EnrolledFactor>;
  /** A new set of codes: show them once. */
  (method: "POST", path: "factors/recovery-codes/enrol", body: {}): Promise<{ codes: string[] }>;
  (method: "POST", path: "factors/totp/verify" | "factors/recovery-codes/verify", body: { code: string }): Promise<Session>;
  /** The factors that are left. */
  (method: "DELETE", path: `factors/${string}`): Promise<Factors>;
  (method: "GET" | "POST" | "PATCH" | "DELETE", path: string, body?: object): Promise<any>;
}

/** How a ceremony is performed. */
export interface How {
  /** Ends the ceremony, which rejects with the code `aborted`. */
  signal?: AbortSignal;
  /** Inputs of extensions in their JSON form, added to those of the server. */
  extensions?: object;
}

export interface RegistrationHow extends How {
  /**
   * The name of the new passkey. If the server rejects it (`malformed-json`), the next call for the same user sends the
   * passkey again, with its own nickname and without another prompt.
   */
  nickname?: string;
  /** The token of an enrolment grant. */
  grant?: string;
}

/** Outputs of the `prf` extension. They are secrets: they stay in the page and are never sent. */
export interface PrfOutputs {
  prf?: { enabled?: boolean; results?: { first: BufferSource; second?: BufferSource } };
}

export type Registered = Credential & { signal?: Signal } & PrfOutputs;
export type VerifiedSession = Session & PrfOutputs;

/**
 * Performs a registration with options from any server: `PublicKeyCredentialCreationOptionsJSON` in,
 * `RegistrationResponseJSON` out, without PRF results.
 */
export function create(options: object, how?: CeremonyHow): Promise<any>;

/**
 * Performs an authentication with options from any server: `PublicKeyCredentialRequestOptionsJSON` in,
 * `AuthenticationResponseJSON` out, without PRF results.
 */
export function get(options: object, how?: CeremonyHow): Promise<any>;

export interface CeremonyHow extends How {
  mediation?: "conditional" | "optional" | "required";
  uiMode?: "immediate";
}

/**
 * Why passkeys cannot be used here, or `undefined` if they can. `explain({ code })` is the text.
 *
 * | code | reason |
 * |---|---|
 * | `insecure-page` | the page was not loaded over HTTPS |
 * | `no-webauthn` | the browser has no passkeys |
 * | `old-browser` | the browser lacks the JSON forms of WebAuthn Level 3 or `AbortSignal.any` |
 */
export function unsupported(): "insecure-page" | "no-webauthn" | "old-browser" | undefined;

/** Whether the browser has a capability of `PublicKeyCredential.getClientCapabilities()`, such as `conditionalGet`. */
export function supports(capability: string): Promise<boolean>;

/** A failure. */
export class PasskeyError extends Error {
  name: "PasskeyError";
  constructor(code: string, facts?: object, cause?: unknown);
  /**
   * A code of the server, or one of these:
   *
   * | code | reason |
   * |---|---|
   * | `network` | the server did not respond, or not with JSON |
   * | `cancelled` | the user closed the prompt, it timed out, or there is no passkey (`NotAllowedError`) |
   * | `aborted` | another ceremony or the page's signal ended this one |
   * | `expired` | a conditional ceremony ended at 80 % of its `timeout`; `autofill` renews it instead |
   * | `credential-exists` | the authenticator already has a passkey of the account (`InvalidStateError`) |
   * | `wrong-address` | the RP ID does not belong to the page's host (`SecurityError`) |
   * | `not-supported` | no authenticator supports the options (`NotSupportedError`, `ConstraintError`) |
   * | `insecure-page`, `no-webauthn`, `old-browser` | see {@link unsupported} |
   * | `failed` | any other reason; `cause` has the browser's error |
   */
  code: string;
  /** The status of the response, if there is one. */
  status?: number;
  /** The title that the server sent. */
  title?: string;
  /** The detail that the server sent. */
  detail?: string;
  /** The requirements that the session does not meet, for `step-up-required`. */
  required?: { maxAge?: number; acr?: string; userVerification?: boolean };
  /** The time until which enrolment is possible, for `enrolment-required`. */
  by?: string;
  /** After how many seconds another attempt is allowed. */
  retryAfter?: number;
}

/**
 * The text of an error: that of the language's table, else in English that of the server, else a general one. The language
 * is by default that of the page (`<html lang>`), else that of the browser.
 */
export function explain(
  error: { code: string; title?: string; detail?: string; status?: number; retryAfter?: number },
  language?: string,
): string;

/**
 * Texts by language and code. A page may add languages, add codes and replace texts. `rejected` and `failed` are for codes
 * without a text; `wait` follows a text if the server said when to try again.
 */
export const texts: { [language: string]: { [code: string]: string } };

export interface Session {
  state: "signed-in" | "first-factor";
  user: User;
  /** The passkey that opened the session. */
  credential?: Credential;
  assurance: { aal: number; acr?: string; amr: string[] };
  authTime: string;
  expiresAt: string;
  /** What completes the sign-in of a `first-factor` session. */
  next?: { secondFactors?: string[]; enrol?: { by: string } };
}

export interface User {
  name: string;
  displayName: string;
}

/** The second factors except passkeys. */
export interface Factors {
  enrolled: EnrolledFactor[];
  /** The names of those that the user can enrol, or enrol again. */
  available: string[];
}

export interface EnrolledFactor {
  name: string;
  createdAt: string;
  lastUsedAt?: string;
  /** For `recovery-codes`: how many are unused. */
  remaining?: number;
  /** For `recovery-codes`: the user should make new ones. */
  fewLeft?: boolean;
}

export interface ListedSession {
  id: string;
  current: boolean;
  kind: "browser" | "bearer";
  createdAt: string;
  lastUsedAt: string;
  address?: string;
  userAgent?: string;
}

export interface Credential {
  id: string;
  nickname?: string;
  aaguid: string;
  authenticator?: { name: string; icon?: string };
  transports: string[];
  createdAt: string;
  lastUsedAt?: string;
  backupEligible?: boolean;
  backedUp: boolean;
  userVerified: boolean;
  attestation: { format: string; type: string; trusted: boolean };
}

/** The arguments of `signalAllAcceptedCredentials` and `signalCurrentUserDetails`. */
export interface Signal {
  allAcceptedCredentials: { rpId: string; userId: string; allAcceptedCredentialIds: string[] };
  currentUserDetails: { rpId: string; userId: string; name: string; displayName: string };
}
