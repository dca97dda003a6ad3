// The administrator's page: users, a dry run of a policy, and one user with the latest events.

import { connect, PasskeyError } from "/webauthn/passkeys.js";
import { $, element, fact, open, say, time } from "./dom.js";
import { actions, attempts, describe, explain, standings } from "./admin-words.js";

const passkeys = connect();
const main = $("main");
const [overview, single] = [$("#overview"), $("#user")];
let busy = false;
/** The user that is shown. */
let shown;

async function post(path, body) {
  const init = { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" } };
  const response = await passkeys.fetch(path, init).catch((error) => {
    throw error instanceof PasskeyError ? error : new PasskeyError("network", {}, error);
  });
  if (response.status === 204) return {};
  if (response.ok) return response.json();
  const problem = await response.json().catch(() => ({}));
  throw new PasskeyError(problem.code ?? "failed", { ...problem, retryAfter: Number(response.headers.get("retry-after")) });
}

/** Runs one thing at a time; an error is shown where it was begun. */
async function run(where, button, action) {
  if (busy) return;
  busy = true;
  button?.setAttribute("aria-busy", "true");
  say(where);
  try {
    await action();
  } catch (error) {
    const { text, code } = explain(error);
    // The reason why a policy is not one is for the person who wrote it.
    say(where, { text: code === "policy-invalid" ? `${text} ${error.detail}` : text, code });
  } finally {
    busy = false;
    button?.removeAttribute("aria-busy");
  }
}

/** Fills a table. A cell is a text, an element, or `[text, dataset]`; its label is that of the column. */
function fill(table, rows, empty) {
  const labels = [...table.tHead.rows[0].cells].map((cell) => cell.textContent);
  const body = rows.map((cells) => {
    const row = element("tr", "");
    cells.forEach((cell, at) => {
      const [content, data] = Array.isArray(cell) ? cell : [cell, {}];
      const made = element("td", content);
      Object.assign(made.dataset, data, { label: labels[at] });
      row.append(made);
    });
    return row;
  });
  if (body.length === 0) {
    const row = element("tr", "");
    row.append(Object.assign(element("td", empty), { colSpan: labels.length }));
    body.push(row);
  }
  table.tBodies[0].replaceChildren(...body);
}

const standing = (word) => [standings[word] ?? word, { standing: word }];
const link = ({ handle, name, displayName, isLocked }) => {
  const made = element("span", element("a", name, { href: `#${handle}` }));
  made.append(` ${displayName === name ? "" : displayName}${isLocked ? " (locked)" : ""}`);
  return made;
};

// The users.

let users = [];
let next;

function showUsers() {
  const text = $("#find").value.trim().toLowerCase();
  const found = users.filter(({ name, displayName }) => `${name} ${displayName}`.toLowerCase().includes(text));
  const row = (user) => [
    link(user),
    user.isLocked ? ["Locked by an administrator", { standing: "locked-out" }] : standing(user.standing),
    user.reason,
    String(user.passkeys),
    String(user.factors),
    user.groups.join(", "),
  ];
  fill($("#users"), found.map(row), "No user has this name.");
  $("#users-title .count").textContent = next ? `${users.length}+` : users.length;
  $("#more").hidden = !next;
}

async function loadUsers(after) {
  const page = await post("/admin/users", { after });
  users = after ? [...users, ...page.users] : page.users;
  next = page.next;
  showUsers();
}

$("#find").addEventListener("input", showUsers);
$("#more").addEventListener("click", (event) => run(main, event.currentTarget, () => loadUsers(next)));

// The dry run.

$("#check").addEventListener("submit", (event) => {
  event.preventDefault();
  const { policy, days } = event.target;
  $("#outcome").hidden = true;
  run(event.target, event.submitter, async () => {
    const result = await post("/admin/check", { policy: policy.value, days: Number(days.value) || 0 });
    const words = Object.keys(standings);
    const count = (word) => [standings[word], String(result.now[word] ?? 0), String(result.then[word] ?? 0)];
    fill($("#counts"), words.map(count));
    const change = (user) => [link(user), standing(user.now), standing(user.standing), user.reason];
    fill($("#changes"), result.changes.map(change), "Nothing changes for anyone.");
    const affected = result.changes.length;
    $("#outcome").hidden = false;
    $("#outcome h3").textContent = `${result.checked} users checked, ${affected} affected`;
    $("#outcome h3").focus();
  });
});

// One user.

async function loadUser(handle) {
  const user = await post("/admin/user", { user: handle });
  shown = user;
  $("#title").textContent = user.displayName;
  const state = user.isLocked ? "Locked by an administrator" : standings[user.standing];
  const factors = user.factors.length > 0 ? user.factors.join(", ") : "None";
  $(".facts", single).replaceChildren(
    ...fact("Username", user.name),
    ...fact("Next sign-in", state),
    ...fact("Why", user.reason),
    ...fact("Password", user.hasPassword ? "Set" : "Not set"),
    ...fact("Other factors", factors),
    ...fact("Sessions", String(user.sessions)),
  );
  $("[data-act=lock]").hidden = user.isLocked;
  $("[data-act=unlock]").hidden = !user.isLocked;
  $("[data-act=end-sessions]").hidden = user.sessions === 0;
  $("[data-act=reset-factors]").hidden = user.factors.length === 0;
  const key = (credential) => {
    const { title, model } = describe(credential);
    const button = element("button", "Revoke", { type: "button", className: "quiet danger small" });
    button.setAttribute("aria-label", `Revoke ${title}`);
    button.addEventListener("click", () => ask(button, "revoke-passkey", { credential: credential.id }, title));
    const used = credential.lastUsedAt ? time(credential.lastUsedAt) : "Not yet";
    return [title === model ? title : `${title}, ${model}`, time(credential.createdAt), used, button];
  };
  fill($("#keys"), user.credentials.map(key), "No passkeys.");
  const event = (event) => [
    time(event.time),
    actions[event.action] ?? event.action,
    [attempts[event.outcome] ?? event.outcome, { outcome: event.outcome }],
    details(event),
  ];
  fill($("#trail"), user.events.map(event), "Nothing since the site was started.");
}

function details(event) {
  const { code, factor, model, address, reason } = event;
  const parts = [reason && `Reason: ${reason}`, code && `Code: ${code}`, model, factor, address];
  return parts.filter(Boolean).join(" · ");
}

const questions = {
  lock: ["Lock this account?", "The user cannot sign in, and all sessions end.", "Lock"],
  unlock: ["Unlock this account?", "The user can sign in again.", "Unlock"],
  "end-sessions": ["End all sessions?", "The user has to sign in again everywhere.", "End them"],
  "reset-factors": ["Reset the other factors?", "Authenticator app and recovery codes are deleted, and all sessions end.", "Reset"],
  "revoke-passkey": ["Revoke this passkey?", "It opens nothing any more, and its sessions end.", "Revoke"],
};

const dialog = $("#ask");
let pending;

/** Asks for the reason of an act. */
async function ask(opener, act, more = {}, what = "") {
  const [title, text, verb] = questions[act];
  $("#ask-title").textContent = title;
  $("#ask-text").textContent = what ? `${what}. ${text}` : text;
  $("[type=submit]", dialog).textContent = verb;
  $("form", dialog).reset();
  $("#reason").removeAttribute("aria-invalid");
  say(dialog);
  pending = { act, ...more };
  await open(dialog);
  if (opener.isConnected) opener.focus();
  else $("#title").focus();
}

$("[name=cancel]", dialog).addEventListener("click", () => dialog.close());
$("form", dialog).addEventListener("submit", (event) => {
  event.preventDefault();
  const reason = $("#reason").value.trim();
  $("#reason").setAttribute("aria-invalid", !reason);
  if (!reason) {
    say(dialog, explain({ code: "reason-missing" }));
    return $("#reason").focus();
  }
  run(dialog, event.submitter, async () => {
    await post("/admin/act", { user: shown.handle, reason, ...pending });
    dialog.close("done");
    await loadUser(shown.handle);
    say(main, { text: "Done. The reason is in the log.", good: true });
  });
});
for (const button of document.querySelectorAll("#acts button")) {
  button.addEventListener("click", () => ask(button, button.dataset.act));
}

// The views.

const show = () =>
  run(main, undefined, async () => {
    const handle = location.hash.slice(1);
    [overview.hidden, single.hidden] = [true, true];
    $("#title").textContent = "Administration";
    if (handle) await loadUser(handle);
    else await loadUsers();
    [overview.hidden, single.hidden] = [Boolean(handle), !handle];
    document.title = $("#title").textContent;
    $("#title").focus();
  });

window.addEventListener("hashchange", show);
show();
