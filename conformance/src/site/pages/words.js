// What the page says about passkeys, sessions and times, and about the errors of the site itself.

import { explain as explained, texts } from "/webauthn/passkeys.js";

Object.assign(texts.en, {
  "username-missing": "Enter a username first.",
  "password-missing": "Enter a password first.",
  "password-wrong": "The username or the password is wrong.",
  "password-too-short": "Choose a password of at least 8 characters.",
  "code-missing": "Enter the code first.",
  "last-credential": "This is your only passkey. Add another one before you delete it.",
  "attestation-untrusted":
    "This site does not accept this model of device or key: its manufacturer is not trusted here, or it was reported as unsafe. Use another one.",
});

/** What went wrong, as `{ text, code }`. */
export const explain = (error) => ({ text: explained(error), code: error.code ?? "failed" });

/** What the page calls a factor that has no form of its own: its title, and the button that uses it. */
export function nameFactor(name) {
  if (name === "approval") return { title: "Approval at another service", use: "Approve at another service" };
  return { title: name, use: `Use ${name}` };
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

/** The exact time. */
export function exactly(time) {
  return new Date(time).toLocaleString(undefined, { dateStyle: "long", timeStyle: "short" });
}

/** The day. */
export function day(time) {
  return new Date(time).toLocaleDateString(undefined, { dateStyle: "long" });
}

/** What a passkey is: its title, its model, an icon of ours, and its binding. */
export function describe(credential) {
  const { nickname, authenticator, transports = [], backupEligible, backedUp } = credential;
  const kind = kindOf(transports, backupEligible);
  const model = authenticator?.name ?? kind.text;
  return {
    title: nickname ?? model,
    model: nickname ? model : authenticator?.name ? kind.text : "Unknown model",
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
  if (!backupEligible) return { icon: "i-anchor", text: "Device-bound", title: "It cannot leave the device it was created on." };
  if (backedUp) return { icon: "i-cloud", text: "Synced", title: "It is backed up, and may be on several of your devices." };
  return { icon: "i-cloud", text: "Not synced yet", title: "It can be backed up, but was not when it was last used." };
}

/** The attestation in plain words. */
export function attested({ attestation, authenticator }) {
  if (attestation.trusted) return "Proven by its manufacturer";
  if (attestation.format === "none") return authenticator ? "As reported, not proven" : "Not reported";
  if (attestation.type === "self") return "Signed by itself only";
  return "Manufacturer not trusted here";
}

export const verified = (yes) => (yes ? "Yes, by PIN or biometrics" : "No, presence only");
