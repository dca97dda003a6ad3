// Everything the page says: refusals, cancelled prompts and what a passkey is, in plain words.

const REFUSALS = {
  // Before anything could start.
  "insecure-page": "Passkeys need a page that was loaded over HTTPS, or from localhost.",
  "no-webauthn": "This browser does not know passkeys. A current Chrome, Edge, Firefox or Safari does.",
  "old-browser": "This browser knows passkeys, but is too old for this page. Bring it up to date and come back.",
  unreachable: "The server cannot be reached. Check your connection and try again.",
  "unexpected-answer": "The server answered something this page does not understand. Try again in a moment.",

  // Who is asking.
  "not-signed-in": "You are no longer signed in. Sign in again to go on.",
  "step-up-required": "This needs a fresh confirmation with one of your passkeys. Try again.",
  "enrolment-required": "Your account needs another passkey before you can do this.",
  "sign-up-closed": "New accounts cannot be opened here at the moment.",
  "cross-site-request": "The server does not accept requests from this address.",
  "username-missing": "Choose a username first.",
  "username-invalid": "This username cannot be used. Take letters and digits, at most 64 of them.",
  "username-taken": "This username is taken. Choose another one.",

  // Ceremonies.
  "no-ceremony": "This attempt was already used or has ended. Try again.",
  "ceremony-expired": "That took too long, and the attempt has expired. Try again.",
  "credential-exists": "This passkey is already registered.",
  "credential-unknown": "This site does not know that passkey. It may have been deleted here.",
  "too-many-credentials": "Your account holds as many passkeys as it may. Delete one to make room.",
  "last-credential": "This is your only passkey. Add another one before you delete it.",
  "user-not-verified": "The passkey did not check that it is you. Use one with a PIN, fingerprint or face unlock.",
  "user-not-present": "The passkey did not notice you. Touch it when it asks.",
  "origin-mismatch": "This passkey was used on another address than this site's. Nothing was accepted.",
  "rp-id-mismatch": "This passkey belongs to another site.",
  "cross-origin-not-allowed": "Passkeys cannot be used while this page is shown inside another site.",
  "top-origin-mismatch": "Passkeys cannot be used while this page is shown inside another site.",
  "challenge-mismatch": "The answer belongs to another attempt. Try again.",
  "signature-invalid": "That passkey did not open an account here. Check the username, or try another passkey.",
  "sign-count-regressed": "This key answered as a copy of itself would. For your safety it was not accepted.",
  "credential-not-allowed": "That is not one of the passkeys that were asked for.",
  "algorithm-not-allowed": "This kind of passkey is not accepted here.",
  "unsupported-attestation-format": "This model proves itself in a way the site cannot read.",
  "attestation-invalid": "This model's proof of origin does not hold.",
  "attestation-untrusted": "This site does not accept this model of device or key: it was reported as unsafe, or nobody vouches for it. Use another one.",
  "certificate-expired": "This model's certificate has expired.",
  "certificate-revoked": "This model's certificate was revoked.",

  // The server's own state.
  "body-too-large": "That was more than the server takes in one go.",
  "too-many-requests": "Too many attempts in a short time.",
  "storage-unavailable": "The server cannot reach its storage. Nothing was changed.",
};

const BROWSER = {
  NotAllowedError: "Nothing happened: the prompt was closed or timed out. Try again whenever you like.",
  AbortError: "The attempt was stopped.",
  InvalidStateError: "This device or key already holds a passkey of your account.",
  SecurityError: "This address does not belong to the site its passkeys are for.",
  NotSupportedError: "Neither this device nor your keys can make the kind of passkey this site asks for.",
  ConstraintError: "This device or key cannot check that it is you, which this site asks for.",
};

/** What went wrong, as `{ text, code }`. */
export function explain(error) {
  const code = error.code && typeof error.code === "string" ? error.code : error.name;
  const text = REFUSALS[code] ?? BROWSER[code] ?? fallback(error);
  const again = error.retryAfter ? ` Try again in ${duration(error.retryAfter)}.` : "";
  return { text: text + again, code };
}

function fallback(error) {
  if (error.status === 422) return "The passkey's answer did not pass the server's checks.";
  if (error.status >= 500) return "Something went wrong on the server. Try again in a moment.";
  if (error.status) return "The server refused this request.";
  return "Something went wrong in the browser. Try again.";
}

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const UNITS = [
  ["year", 365 * 86_400],
  ["month", 30 * 86_400],
  ["week", 7 * 86_400],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** `2 minutes ago`, `yesterday`, `just now`. */
export function ago(time, now = Date.now()) {
  const seconds = Math.round((Date.parse(time) - now) / 1000);
  const [unit, length] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? [];
  return unit ? relative.format(Math.trunc(seconds / length), unit) : "just now";
}

function duration(seconds) {
  const minutes = Math.ceil(seconds / 60);
  if (seconds < 60) return seconds === 1 ? "a second" : `${seconds} seconds`;
  return minutes === 1 ? "a minute" : `${minutes} minutes`;
}

/** The exact time, for those who hover. */
export function exactly(time) {
  return new Date(time).toLocaleString(undefined, { dateStyle: "long", timeStyle: "short" });
}

/** What a passkey is: its title, its model, an icon of ours, and badges. */
export function describe(credential) {
  const { nickname, authenticator, transports = [], backupEligible, backedUp } = credential;
  const kind = kindOf(transports, backupEligible);
  const model = authenticator?.name ?? kind.text;
  return {
    title: nickname ?? model,
    model: nickname ? model : authenticator?.name ? kind.text : "Model not known",
    icon: kind.icon,
    image: authenticator?.icon?.startsWith("data:image/") ? authenticator.icon : undefined,
    binding: bindingOf(backupEligible, backedUp),
  };
}

/** A session: its browser, or that it belongs to a program. */
export function describeSession({ kind, userAgent = "" }) {
  if (kind === "bearer") return { title: "A program", icon: "i-device" };
  const browser = ["Edg", "OPR", "Firefox", "Chrome", "Safari"].find((name) => userAgent.includes(`${name}/`));
  const names = { Edg: "Edge", OPR: "Opera" };
  const phone = /Android|iPhone|iPad/.test(userAgent);
  return { title: names[browser] ?? browser ?? "A browser", icon: phone ? "i-phone" : "i-device" };
}

function kindOf(transports, backupEligible) {
  const roams = ["usb", "nfc", "ble", "smart-card"].some((transport) => transports.includes(transport));
  if (roams && !transports.includes("internal")) return { icon: "i-usb", text: "Security key" };
  if (backupEligible) return { icon: "i-cloud", text: "Passkey from a password manager" };
  if (transports.includes("internal")) return { icon: "i-device", text: "Built into a device" };
  if (transports.includes("hybrid")) return { icon: "i-phone", text: "Phone or tablet" };
  return { icon: "i-key", text: "Passkey" };
}

function bindingOf(backupEligible, backedUp) {
  if (backupEligible === undefined) return undefined;
  if (!backupEligible) return { icon: "i-anchor", text: "Device-bound", title: "It cannot leave the device it was made on." };
  if (backedUp) return { icon: "i-cloud", text: "Synced", title: "It is backed up, and may be on several of your devices." };
  return { icon: "i-cloud", text: "Not synced yet", title: "It can be backed up, but was not when it was last used." };
}

/** The attestation in plain words. */
export function attested({ attestation, authenticator }) {
  if (attestation?.trusted) return "Proven by its maker";
  if (!attestation || attestation.format === "none") return authenticator ? "As it calls itself, not proven" : "Not told";
  if (attestation.type === "self") return "Vouched for by itself only";
  return "Shown, but from no maker trusted here";
}

export const verified = (yes) => (yes ? "Yes, by PIN or biometrics" : "No, presence only");
