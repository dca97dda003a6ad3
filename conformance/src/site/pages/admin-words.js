// The words of the administrator's page.

import { texts } from "/webauthn/passkeys.js";

Object.assign(texts.en, {
  "not-signed-in": "Sign in with your passkey first, on the page of your account.",
  "not-an-administrator": "This account is not an administrator's. Start the site with --administrator and its username.",
  "own-account": "You cannot do this to your own account.",
  "reason-missing": "Give a reason first: one line, at most 256 characters.",
  "policy-invalid": "This is not a policy.",
  "user-unknown": "This user does not exist any more.",
  "credential-unknown": "This passkey does not exist any more.",
});

export { describe, explain } from "./words.js";

/** What happens at the next sign-in. */
export const standings = {
  ready: "Can sign in",
  reminded: "Can sign in, is reminded to add a factor",
  "must-enrol": "Has to add a factor first",
  "locked-out": "Cannot sign in",
};

export const attempts = { done: "Done", rejected: "Rejected", failed: "Failed" };

export const actions = {
  "sign-up": "Created the account",
  "add-passkey": "Added a passkey",
  "sign-in": "Signed in",
  "step-up": "Confirmed with a passkey",
  "first-factor": "Used the password",
  "second-factor": "Used a second factor",
  recovery: "Used a recovery code",
  "enrol-factor": "Set up a factor",
  "delete-factor": "Removed a factor",
  "rename-passkey": "Named a passkey",
  "delete-passkey": "Deleted a passkey",
  guard: "Opened a protected page",
  "sign-out": "Signed out",
  "end-sessions": "Sessions ended",
  "create-user": "Account created",
  "change-user": "Changed the name",
  "lock-user": "Locked by an administrator",
  "unlock-user": "Unlocked by an administrator",
  "create-grant": "Invited by an administrator",
  "revoke-passkey": "Passkey revoked by an administrator",
  "reset-factors": "Factors reset by an administrator",
  authorize: "Confirmed a sign-in in a terminal",
  "issue-token": "A terminal received a session",
};
