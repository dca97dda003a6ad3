// The page: two views, their forms, and the cards. What it says is in words.js, what it does in ceremonies.js.

import * as passkeys from "./ceremonies.js";
import { ago, attested, describe, describeSession, exactly, explain, verified } from "./words.js";

const $ = (selector, root = document) => root.querySelector(selector);
const signedOut = $("#signed-out");
const account = $("#account");
const forms = { "sign-in": $("#sign-in"), create: $("#sign-up") };

let busy = false;

// Views.

async function start() {
  const obstacle = passkeys.obstacle();
  if (obstacle) return wall(explain({ code: obstacle }).text);
  try {
    await showAccount();
  } catch (error) {
    if (error.code !== "not-signed-in") return wall(explain(error).text);
    showSignedOut();
  }
}

/** Stands in for the page when nothing on it could work. */
function wall(text) {
  signedOut.hidden = account.hidden = true;
  const wall = $("#wall");
  wall.hidden = false;
  wall.textContent = text;
}

function showSignedOut({ error } = {}) {
  account.hidden = $("#sign-out").hidden = true;
  signedOut.hidden = false;
  $("#passkeys").replaceChildren();
  document.title = "Passkeys";
  if (error && location.hash) history.replaceState(null, "", location.pathname);
  showForm();
  say(activeForm(), error && explain(error));
}

function activeForm() {
  return location.hash === "#create" ? forms.create : forms["sign-in"];
}

function showForm() {
  for (const form of Object.values(forms)) {
    form.hidden = form !== activeForm();
    say(form);
  }
  if (activeForm() === forms["sign-in"]) offerAutofill();
  else passkeys.stopAutofill();
}

async function showAccount() {
  const [{ credentials }, signals, sessions] = await Promise.all([
    passkeys.credentials(),
    passkeys.signals(),
    passkeys.sessions(),
  ]);
  const { name, displayName } = signals.currentUserDetails;
  signedOut.hidden = true;
  account.hidden = $("#sign-out").hidden = false;
  $("h1", account).textContent = `Hello, ${displayName || name}`;
  $(".username", account).textContent = name;
  $(".avatar", account).textContent = [...(displayName || name)][0].toUpperCase();
  document.title = `Passkeys of ${displayName || name}`;
  for (const form of Object.values(forms)) form.reset();
  showCards(credentials);
  showSessions(sessions);
  return signals;
}

/** After the list has changed: shows it again, and lets password managers know. */
async function refresh() {
  await passkeys.signalAccount(await showAccount());
}

// Cards.

function showCards(credentials) {
  $("#passkeys").replaceChildren(...credentials.map(card));
  $(".count", account).textContent = credentials.length;
  $("#advice").hidden = credentials.length !== 1;
}

/** The sessions of the account; the list is hidden if the server does not provide it. */
function showSessions(sessions) {
  const section = $("#sessions");
  section.hidden = sessions === undefined;
  $(".cards", section).replaceChildren(...(sessions ?? []).map(sessionCard));
  $(".count", section).textContent = sessions?.length ?? "";
  $("#end-others").hidden = !sessions?.some((session) => !session.current);
}

function sessionCard(session) {
  const item = $("#session").content.firstElementChild.cloneNode(true);
  const { title, icon } = describeSession(session);
  item.dataset.id = session.id;
  $(".tile", item).append(glyph(icon));
  $(".title", item).textContent = title;
  $(".model", item).textContent = session.address ?? "";
  if (session.current) $(".badges", item).append(badge({ icon: "i-check", text: "This browser" }, "here"));
  $(".facts", item).append(
    ...fact("Signed in", time(session.createdAt)),
    ...fact("Last used", session.lastUsedAt ? time(session.lastUsedAt) : "Not yet"),
  );
  const button = $("[name=end]", item);
  button.hidden = session.current;
  button.setAttribute("aria-label", `Sign out ${title}`);
  button.addEventListener("click", () => endSession(session.id, title));
  return item;
}

async function endSession(id, title) {
  await run(account, undefined, "Signing out there.", async () => {
    await passkeys.endSession(id);
    await refresh();
    say(account, { text: `“${title}” was signed out.`, good: true });
  });
}

function card(credential) {
  const item = $("#card").content.firstElementChild.cloneNode(true);
  const { title, model, icon, image, binding } = describe(credential);
  item.dataset.id = credential.id;
  $(".tile", item).append(image ? picture(image) : glyph(icon));
  $(".title", item).textContent = title;
  $(".model", item).textContent = model;

  const badges = $(".badges", item);
  if (credential.id === sessionStorage.getItem("passkey")) badges.append(badge({ icon: "i-check", text: "Signed in with it" }, "here"));
  if (binding) badges.append(badge(binding));
  if (credential.attestation?.trusted) badges.append(badge({ icon: "i-shield", text: "Trusted model" }, "good"));

  $(".facts", item).append(
    ...fact("Created", time(credential.createdAt)),
    ...fact("Last used", credential.lastUsedAt ? time(credential.lastUsedAt) : "Not yet"),
    ...fact("User verified", verified(credential.userVerified)),
    ...fact("Model", attested(credential)),
  );

  for (const name of ["rename", "delete"]) $(`[name=${name}]`, item).setAttribute("aria-label", `${name === "rename" ? "Rename" : "Delete"} ${title}`);
  $("[name=rename]", item).addEventListener("click", () => openRename(item));
  $("[name=cancel]", item).addEventListener("click", () => closeRename(item));
  $("[name=delete]", item).addEventListener("click", () => remove(credential.id, title));
  const form = $(".rename", item);
  form.nickname.value = credential.nickname ?? "";
  form.nickname.placeholder = title;
  form.addEventListener("keydown", (event) => event.key === "Escape" && closeRename(item));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    rename(credential.id, form.nickname.value.trim());
  });
  return item;
}

function openRename(item) {
  item.classList.add("renaming");
  $(".rename", item).hidden = false;
  $(".title", item).hidden = true;
  $(".rename", item).nickname.select();
}

function closeRename(item) {
  item.classList.remove("renaming");
  $(".rename", item).hidden = true;
  $(".title", item).hidden = false;
  $("[name=rename]", item).focus();
}

const cardOf = (id) => $(`[data-id="${CSS.escape(id)}"]`);

function picture(source) {
  const image = new Image(32, 32);
  image.alt = "";
  image.src = source;
  return image;
}

function glyph(id) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#${id}`);
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}

function badge({ icon, text, title = "" }, kind) {
  const item = document.createElement("li");
  item.className = kind ? `badge ${kind}` : "badge";
  item.title = title;
  item.append(glyph(icon), text);
  return item;
}

function fact(name, value) {
  const [term, description] = [document.createElement("dt"), document.createElement("dd")];
  term.textContent = name;
  description.append(value);
  return [term, description];
}

function time(at) {
  const element = document.createElement("time");
  element.dateTime = at;
  element.title = exactly(at);
  element.textContent = ago(at);
  return element;
}

// Messages: each form has its own, and so has the account.

function say(where, { text = "", code = "", good = false } = {}) {
  const message = $(".message", where);
  message.dataset.code = code;
  message.dataset.tone = text ? (good ? "good" : code ? "bad" : "calm") : "";
  message.ariaLive = code ? "assertive" : "polite";
  message.textContent = text;
}

/** Runs one thing at a time; its button waits, and what goes wrong is said in words where it was begun. */
async function run(where, button, waiting, action) {
  if (busy) return;
  busy = true;
  button?.setAttribute("aria-busy", "true");
  say(where, { text: waiting });
  try {
    await action();
  } catch (error) {
    if (error.code === "not-signed-in" && where === account) showSignedOut({ error });
    else say(where, explain(error));
    if (error.code === "cross-site-request" || error.name === "SecurityError") await pointHome(where);
  } finally {
    busy = false;
    button?.removeAttribute("aria-busy");
    if (where === forms["sign-in"]) offerAutofill();
  }
}

/** The page was opened at an address that passkeys do not work on: leads to the one where they do. */
async function pointHome(where) {
  const { origins = [] } = await fetch("/.well-known/webauthn").then((answer) => answer.json()).catch(() => ({}));
  if (origins.length === 0 || origins.includes(location.origin)) return;
  const link = document.createElement("a");
  link.href = link.textContent = origins[0];
  $(".message", where).append(" Open ", link, " instead.");
}

async function welcome({ credential }) {
  sessionStorage.setItem("passkey", credential.id);
  if (location.hash) history.replaceState(null, "", location.pathname);
  await refresh();
  say(account);
  $("h1", account).focus();
}

// What people do.

/**
 * Autofill waits where nobody asked for it. When the browser ends it, nobody is told, and what a button's sign-in has
 * said stays; what the server refuses is said once. It is offered again when the field is next entered.
 */
async function offerAutofill() {
  if (!(await passkeys.canAutofill()) || signedOut.hidden || busy) return;
  const form = forms["sign-in"];
  try {
    const answer = await passkeys.startAutofill();
    if (answer) await welcome(answer);
  } catch (error) {
    if (!busy && error instanceof passkeys.Problem) say(form, explain(error));
  }
}

forms["sign-in"].username.addEventListener("focus", offerAutofill);

forms["sign-in"].addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.currentTarget;
  await run(form, event.submitter, "Waiting for your passkey. Follow your browser.", async () => {
    await welcome(await passkeys.signIn(form.username.value.trim() || undefined));
  });
});

forms.create.addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.currentTarget;
  const [username, displayName] = [form.username.value.trim(), form.displayName.value.trim()];
  form.username.setAttribute("aria-invalid", String(!username));
  if (!username) {
    say(form, explain({ code: "username-missing" }));
    return form.username.focus();
  }
  await run(form, event.submitter, "Making your passkey. Follow your browser.", async () => {
    await welcome({ credential: await passkeys.signUp(username, displayName || username) });
  });
});

$("#add").addEventListener("click", (event) =>
  run(account, event.currentTarget, "Making a passkey. Follow your browser.", async () => {
    const { id } = await passkeys.addPasskey();
    await refresh();
    say(account, { text: "Your new passkey is ready. Give it a name you will know it by.", good: true });
    openRename(cardOf(id));
  }),
);

async function rename(id, nickname) {
  if (!nickname) return closeRename(cardOf(id));
  await run(account, undefined, "Saving the name.", async () => {
    await passkeys.rename(id, nickname);
    await refresh();
    say(account, { text: "Renamed.", good: true });
    $("[name=rename]", cardOf(id)).focus();
  });
}

async function remove(id, title) {
  const dialog = $("#confirm");
  $("#confirm-title").textContent = `Delete “${title}”?`;
  dialog.returnValue = "";
  dialog.showModal();
  await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
  if (dialog.returnValue !== "delete") return;
  await run(account, undefined, "Deleting. Your browser may ask for a passkey first.", async () => {
    // Deleting a passkey ends the sessions that it opened: continue this one with another passkey.
    if (id === sessionStorage.getItem("passkey") && $("#passkeys").childElementCount > 1) {
      const { credential } = await passkeys.stepUp();
      sessionStorage.setItem("passkey", credential.id);
    }
    await passkeys.remove(id);
    await refresh();
    say(account, { text: `“${title}” was deleted.`, good: true });
    $("#add").focus();
  });
}

$("#end-others").addEventListener("click", (event) =>
  run(account, event.currentTarget, "Signing out everywhere else.", async () => {
    await passkeys.endOtherSessions();
    await refresh();
    say(account, { text: "You are signed in only here now.", good: true });
  }),
);

$("#sign-out").addEventListener("click", (event) =>
  run(account, event.currentTarget, "Signing out.", async () => {
    await passkeys.signOut();
    sessionStorage.removeItem("passkey");
    busy = false;
    showSignedOut();
    $("h2", forms["sign-in"]).focus();
  }),
);

window.addEventListener("hashchange", () => {
  if (signedOut.hidden) return;
  showForm();
  activeForm().username.focus();
});
window.addEventListener("pageshow", (event) => event.persisted && start());
setInterval(() => document.querySelectorAll("time").forEach((element) => (element.textContent = ago(element.dateTime))), 30_000);

start();
