// The page: its views and forms. All ceremonies are those of passkeys.js.

import { connect, PasskeyError, unsupported } from "/webauthn/passkeys.js";
import { cardOf, openRename, passkeyCard, sessionCard } from "./cards.js";
import { $, element, open, say } from "./dom.js";
import { changeExternal, choice, connectFactors, leave, setUpTotp, showFactors, takeAnswer } from "./factors.js";
import { ago, day, exactly, explain, nameFactor } from "./words.js";

const passkeys = connect({ verify });
// Where the site counts how ceremonies end, the page reports it.
if ($("link[href='/webauthn/telemetry.js']")) {
  await import("/webauthn/telemetry.js").then(({ report }) => report(passkeys)).catch(() => {});
}
const views = ["#wall", "#signed-out", "#second-factor", "#account"].map((view) => $(view));
const [wall, signedOut, secondFactor, account] = views;
const forms = { "sign-in": $("#sign-in"), create: $("#sign-up") };

let busy = false;

// Views.

function show(view) {
  for (const other of views) other.hidden = other !== view;
  $("#sign-out").hidden = view !== account;
  if (view !== account) $("#to-admin").hidden = true;
}

async function start() {
  const obstacle = unsupported();
  if (obstacle) return showWall({ code: obstacle });
  await refresh().then(useAnswer).catch(showWall);
}

/** Completes what an external factor began, if the browser is back from its service. */
async function useAnswer() {
  const answer = takeAnswer();
  const where = [secondFactor, account].find((view) => !view.hidden);
  if (!answer || !where) return;
  await run(where, undefined, "Confirming.", async () => {
    await passkeys.call("POST", `factors/${answer.name}/${answer.action}`, answer.body);
    await refresh();
    if (account.hidden) return;
    const isNew = answer.action === "confirm";
    const again = where === account ? "You have confirmed that it is you. Repeat what you wanted to do." : "";
    say(account, { text: isNew ? `“${nameFactor(answer.name).title}” is ready.` : again, good: true });
  });
}

/** Replaces the page while nothing on it can work. */
function showWall(error) {
  show(wall);
  $("p", wall).textContent = explain(error).text;
}

$("button", wall).addEventListener("click", start);

function showSignedOut({ error } = {}) {
  show(signedOut);
  $("#passkeys").replaceChildren();
  document.title = "Passkeys";
  if (error && location.hash) history.replaceState(null, "", location.pathname);
  showForm();
  say(activeForm(), error && explain(error));
}

const activeForm = () => (location.hash === "#create" ? forms.create : forms["sign-in"]);

function showForm() {
  for (const form of Object.values(forms)) {
    form.hidden = form !== activeForm();
    say(form);
  }
  if (activeForm() === forms["sign-in"]) offerAutofill();
  else stopAutofill.abort();
}

/** Shows what a session allows: the account, or the step that completes the sign-in. */
async function enter(session) {
  if (location.hash) history.replaceState(null, "", location.pathname);
  for (const form of Object.values(forms)) form.reset();
  const { enrol, secondFactors } = session.next ?? {};
  const isSignedIn = session.state === "signed-in";
  if (isSignedIn && (!secondFactors || isSkipped)) return showAccount(session);
  show(secondFactor);
  say(secondFactor);
  $("[name=cancel]", secondFactor).hidden = isSignedIn;
  $("[name=skip]", secondFactor).hidden = !isSignedIn;
  $("h1", secondFactor).textContent = enrol ? "Add a passkey" : "One more step";
  $(".lead", secondFactor).textContent = enrol
    ? "Your account needs another way to confirm that it is you."
    : "Confirm that it is you with a second factor.";
  const offered = enrol ? ["enrol"] : (secondFactors ?? []);
  $(".place", secondFactor).replaceChildren(choice(offered, complete, actions));
  $("h1", secondFactor).focus();
}

/** What the ways of a choice do. */
const actions = {
  secondFactor: () => passkeys.secondFactor(),
  addPasskey: () => passkeys.addPasskey(),
  addTotp: () => setUpTotp({ passkeys, post }),
  verify: (factor, code) => passkeys.call("POST", `factors/${factor}/verify`, { code }),
  password: (password) => post("/password/sign-in", { username: $(".username", account).textContent, password }),
  external: (name) => leave({ passkeys }, name, "verify"),
};

/** Completes a sign-in with one of the ways of the choice. */
const complete = (button, way) =>
  run(secondFactor, button, "Waiting for your confirmation.", async () => {
    await way();
    await refresh();
    if (!account.hidden) $("h1", account).focus();
  });

$("[name=cancel]", secondFactor).addEventListener("click", (event) => signOut(secondFactor, event.currentTarget));

/** Whether the user has skipped a second factor that is optional. */
let isSkipped = false;
$("[name=skip]", secondFactor).addEventListener("click", (event) => {
  isSkipped = true;
  complete(event.currentTarget, async () => {});
});

async function showAccount(session) {
  const [{ credentials }, { sessions }, { hasPassword, isAdministrator }, enrolment] = await Promise.all([
    passkeys.call("GET", "credentials"),
    passkeys.call("GET", "sessions"),
    get("/profile"),
    factors(),
  ]);
  const { name, displayName } = session.user;
  show(account);
  $("h1", account).textContent = `Hello, ${displayName}`;
  $(".username", account).textContent = name;
  $(".avatar", account).textContent = [...displayName][0].toUpperCase();
  document.title = `Passkeys of ${displayName}`;
  $("#to-admin").hidden = !isAdministrator;

  const cards = credentials.map((item) => passkeyCard(item, session.credential?.id, { rename, remove }));
  $("#passkeys").replaceChildren(...cards);
  $(".count", account).textContent = credentials.length;
  $("#advice").hidden = credentials.length !== 1;

  $("#sessions .cards").replaceChildren(...sessions.map((item) => sessionCard(item, endSession)));
  $("#sessions .count").textContent = sessions.length;
  $("#end-others").hidden = sessions.every(({ current }) => current);

  $("#password-row .state").textContent = hasPassword ? "Set. A second factor follows it." : "Not set";
  $("#password-row button").textContent = hasPassword ? "Change" : "Set a password";
  showFactors(enrolment, (...change) => changeExternal(on, ...change));
  showReminder(session.next?.enrol);

  const names = enrolment.enrolled.map(({ name }) => name).filter((name) => name !== "recovery-codes");
  const others = names.length > 0 ? names : ["password"];
  ways = credentials.length > 0 ? ["passkey"] : others;
}

/** How the user confirms; not known before the account was shown. */
let ways;

/** Shows until when a factor must be added. */
function showReminder(enrol) {
  const reminder = $("#reminder");
  reminder.hidden = !enrol;
  if (!enrol) return;
  const until = element("strong", day(enrol.by), { title: exactly(enrol.by) });
  reminder.replaceChildren("Add a passkey by ", until, ". After that, you cannot sign in without one.");
}

/** The second factors; none if the server does not mount the route. */
const factors = () =>
  passkeys.call("GET", "factors").catch((error) => {
    if (error.status !== 404) throw error;
    return { enrolled: [], available: [] };
  });

/** Shows what the server has, at the start and after a change. If it cannot be loaded, nothing on the page can work. */
async function refresh(known) {
  try {
    const session = known ?? (await passkeys.session());
    if (session) await enter(session);
    else showSignedOut();
  } catch (error) {
    if (!isOver(error)) showWall(error);
    throw error;
  }
}

/** Whether an error says that the session has ended. */
const isOver = ({ code }) => code === "not-signed-in" || code === "user-locked";

// Requests of the site itself.

/** Sends a request; an error is that of the interface. */
async function request(path, init) {
  const response = await passkeys.fetch(path, init).catch((error) => {
    throw error instanceof PasskeyError ? error : new PasskeyError("network", {}, error);
  });
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  throw new PasskeyError(problem.code ?? "failed", { ...problem, retryAfter: Number(response.headers.get("retry-after")) });
}

const get = async (path) => (await request(path)).json();
const post = (path, body) =>
  request(path, { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" } });

/** Runs one thing at a time. Its button waits, and an error is shown where it was begun. */
async function run(where, button, waiting, action) {
  if (busy) return;
  busy = true;
  button?.setAttribute("aria-busy", "true");
  say(where, { text: waiting });
  try {
    await action();
    if ($(".message", where).textContent === waiting) say(where);
  } catch (error) {
    if (isOver(error) && (where === account || where === secondFactor)) showSignedOut({ error });
    else say(where, wall.hidden ? explain(error) : {});
    if (error.code === "cross-site-request" || error.code === "wrong-address") await pointHome(where);
  } finally {
    busy = false;
    button?.removeAttribute("aria-busy");
    if (where === forms["sign-in"]) offerAutofill();
  }
}

/** The page was opened at an address at which passkeys do not work: leads to one where they do. */
async function pointHome(where) {
  const { origins = [] } = await fetch("/.well-known/webauthn").then((answer) => answer.json()).catch(() => ({}));
  if (origins.length === 0 || origins.includes(location.origin)) return;
  $(".message", where).append(" Open ", element("a", origins[0], { href: origins[0] }), " instead.");
}

/** Verifies the user for `passkeys.js`: with a passkey if there is one, else with another way. */
async function verify({ code, required = {} }) {
  if (code === "second-factor-required") {
    await refresh();
    return false;
  }
  if (required.acr || ways?.includes("passkey")) return passkeys.stepUp();
  const dialog = $("#verify");
  const act = async (button, way) => {
    say(dialog);
    try {
      await way();
      dialog.close("verified");
    } catch (error) {
      say(dialog, explain(error));
    }
  };
  say(dialog);
  const stepUp = { ...actions, secondFactor: () => passkeys.stepUp() };
  $(".place", dialog).replaceChildren(choice(ways ?? ["passkey", "totp"], act, stepUp));
  return (await open(dialog)) === "verified";
}

// Signing in and up.

let stopAutofill = new AbortController();
let isOffered = false;

/**
 * Autofill waits in the field. When the browser ends it, nothing is shown, and the message of a button stays; an error of
 * the server is shown once. It is offered again when the field gets the focus.
 */
async function offerAutofill() {
  if (signedOut.hidden || busy || isOffered || activeForm() !== forms["sign-in"]) return;
  isOffered = true;
  if (stopAutofill.signal.aborted) stopAutofill = new AbortController();
  try {
    const session = await passkeys.autofill({ signal: stopAutofill.signal });
    if (session) await welcome(session);
  } catch (error) {
    if (!busy && error.status) say(forms["sign-in"], explain(error));
  } finally {
    isOffered = false;
  }
}

forms["sign-in"].username.addEventListener("focus", offerAutofill);

async function welcome(session) {
  await refresh(session);
  say(account);
  $("h1", account).focus();
}

const usesPassword = (form) => form.classList.contains("with-password");

for (const form of Object.values(forms)) {
  $("[name=toggle]", form).addEventListener("click", () => {
    for (const other of Object.values(forms)) other.classList.toggle("with-password");
    say(form);
    form.username.focus();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const password = form.password.value;
    const username = form.username.value.trim();
    const isNameMissing = !username && (usesPassword(form) || form === forms.create);
    const isPasswordMissing = usesPassword(form) && !password;
    form.username.setAttribute("aria-invalid", isNameMissing);
    form.password.setAttribute("aria-invalid", isPasswordMissing);
    if (isNameMissing || isPasswordMissing) {
      say(form, explain({ code: isNameMissing ? "username-missing" : "password-missing" }));
      return (isNameMissing ? form.username : form.password).focus();
    }
    const displayName = form.displayName?.value.trim() || undefined;
    submit(form, event.submitter, { username: username || undefined, displayName, password });
  });
}

function submit(form, button, { username, displayName, password }) {
  const isNew = form === forms.create;
  if (usesPassword(form)) {
    return run(form, button, "Checking.", async () => {
      await post(isNew ? "/password/sign-up" : "/password/sign-in", { username, displayName, password });
      stopAutofill.abort();
      await refresh();
    });
  }
  const waiting = isNew ? "Creating your passkey. Follow your browser." : "Waiting for your passkey. Follow your browser.";
  return run(form, button, waiting, async () => {
    if (isNew) await passkeys.signUp({ username, displayName });
    await welcome(isNew ? undefined : await passkeys.signIn({ username }));
  });
}

window.addEventListener("hashchange", () => {
  if (signedOut.hidden) return;
  showForm();
  activeForm().username.focus();
});

function signOut(where, button) {
  return run(where, button, "Signing out.", async () => {
    await passkeys.call("POST", "sign-out");
    busy = false;
    isSkipped = false;
    ways = undefined;
    showSignedOut();
    $("h2", activeForm()).focus();
  });
}

$("#sign-out").addEventListener("click", (event) => signOut(account, event.currentTarget));

// The account.

$("#add").addEventListener("click", (event) =>
  run(account, event.currentTarget, "Creating a passkey. Follow your browser.", async () => {
    const { id } = await passkeys.addPasskey();
    await refresh();
    say(account, { text: "Your new passkey is ready. Give it a name that you will recognise.", good: true });
    openRename(cardOf(id));
  }),
);

const rename = (id, nickname) =>
  run(account, undefined, "Saving the name.", async () => {
    await passkeys.call("PATCH", `credentials/${id}`, { nickname });
    await refresh();
    say(account, { text: "Renamed.", good: true });
    $("[name=rename]", cardOf(id)).focus();
  });

/** Asks whether something is to be deleted. */
async function confirmed(title, text, verb = "Delete") {
  $("#confirm-title").textContent = title;
  $("#confirm-text").textContent = text;
  $("#confirm [value=delete]").textContent = verb;
  return (await open($("#confirm"))) === "delete";
}

async function remove(id, title) {
  const text = "It will no longer open this account. Your browser may ask you to confirm with a passkey first.";
  if (!(await confirmed(`Delete “${title}”?`, text))) return;
  await run(account, undefined, "Deleting. Your browser may ask for a passkey first.", async () => {
    // Deleting a passkey ends the sessions that it opened: continue this one with another passkey.
    const { credential } = await passkeys.call("GET", "session");
    if (id === credential?.id && $("#passkeys").childElementCount > 1) await passkeys.stepUp();
    await passkeys.call("DELETE", `credentials/${id}`);
    await refresh();
    if (account.hidden) return;
    say(account, { text: `“${title}” was deleted.`, good: true });
    $("#add").focus();
  });
}

const newPassword = $("#new-password");
$("#password-row button").addEventListener("click", () => {
  say(newPassword);
  $("form", newPassword).reset();
  open(newPassword);
});
$("[name=cancel]", newPassword).addEventListener("click", () => newPassword.close());
$("form", newPassword).addEventListener("submit", (event) => {
  event.preventDefault();
  run(newPassword, event.submitter, "Saving.", async () => {
    await post("/password", { password: event.target.password.value });
    newPassword.close();
    await refresh();
    say(account, { text: "Your password was saved.", good: true });
  });
});

$("#get-report").addEventListener("click", (event) =>
  run(account, event.currentTarget, "Getting the report. Your browser may ask for a passkey first.", async () => {
    $("#report output").textContent = await (await post("/report", {})).text();
  }),
);

const endSession = (id, title) =>
  run(account, undefined, "Signing out there.", async () => {
    await passkeys.call("DELETE", `sessions/${id}`);
    await refresh();
    say(account, { text: `“${title}” was signed out.`, good: true });
  });

$("#end-others").addEventListener("click", (event) =>
  run(account, event.currentTarget, "Signing out everywhere else.", async () => {
    await passkeys.call("DELETE", "sessions");
    await refresh();
    say(account, { text: "You are signed in only here now.", good: true });
  }),
);

/** What the rows of factors need. */
const on = {
  passkeys,
  post,
  refresh,
  confirmed,
  run: (button, waiting, action) => run(account, button, waiting, action),
  say: (message) => say(account, message),
};
connectFactors(on);

// Back from another page, which may be the service of an external factor.
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  busy = false;
  document.querySelectorAll("[aria-busy]").forEach((button) => button.removeAttribute("aria-busy"));
  start();
});
setInterval(() => document.querySelectorAll("time").forEach((item) => (item.textContent = ago(item.dateTime))), 30_000);

start();
