// Second factors: the choice among them, the authenticator app, and recovery codes.

import { $, clone, element, open, say } from "./dom.js";
import { ago, explain, nameFactor } from "./words.js";

/**
 * The choice among ways to confirm: names of factors, `password`, or `enrol` for a user who has to add a factor first.
 * `act(button, way)` runs the chosen one; `on` has what the ways need.
 */
export function choice(ways, act, on) {
  const place = clone("#choice");
  const actions = {
    passkey: on.secondFactor,
    "add-passkey": on.addPasskey,
    "add-totp": on.addTotp,
    password: on.password,
    totp: (code) => on.verify("totp", code),
    "recovery-codes": (code) => on.verify("recovery-codes", code),
  };
  const names = ways.includes("enrol") ? ["add-passkey", "add-totp"] : ways;
  for (const way of [...place.children]) {
    const name = way.getAttribute("name");
    if (!names.includes(name)) way.remove();
    else if (way.matches("button")) way.addEventListener("click", () => act(way, actions[name]));
    else {
      way.addEventListener("submit", (event) => {
        event.preventDefault();
        const code = name === "password" ? way.code.value : way.code.value.trim();
        if (code) act(event.submitter, () => actions[name](code));
        else way.code.focus();
      });
    }
  }
  // The first way is the preferred one.
  place.querySelectorAll(".primary").forEach((button, index) => index > 0 && button.classList.replace("primary", "quiet"));
  for (const name of names.filter((name) => !actions[name])) {
    const className = place.querySelector(".primary") ? "quiet" : "primary";
    const button = element("button", nameFactor(name).use, { type: "button", className, name });
    button.addEventListener("click", () => act(button, () => on.external(name)));
    place.append(button);
  }
  return place;
}

/** The factors that have rows of their own. */
const OWN_ROWS = ["totp", "recovery-codes"];

/**
 * Shows the factors of `GET factors`; the rows are hidden where the server has no such factor. `change(button, name,
 * isEnrolled)` sets an external factor up, or removes it.
 */
export function showFactors({ enrolled, available }, change) {
  const find = (name) => enrolled.find((factor) => factor.name === name);
  document.querySelectorAll("#other-ways .external").forEach((row) => row.remove());
  const external = new Set([...enrolled.map(({ name }) => name), ...available].filter((name) => !OWN_ROWS.includes(name)));
  for (const name of external) {
    const row = clone("#factor-row");
    const factor = find(name);
    $("h3", row).textContent = nameFactor(name).title;
    $(".state", row).textContent = factor ? `Set up ${ago(factor.createdAt)}` : "Not set up";
    $("button", row).textContent = factor ? "Remove" : "Set up";
    $("button", row).name = name;
    $("button", row).addEventListener("click", (event) => change(event.currentTarget, name, Boolean(factor)));
    $("#other-ways .rows").append(row);
  }
  const totp = find("totp");
  const row = $("#totp-row");
  row.hidden = !totp && !available.includes("totp");
  row.dataset.enrolled = Boolean(totp);
  $(".state", row).textContent = totp ? `Set up ${ago(totp.createdAt)}` : "Not set up";
  $("button", row).textContent = totp ? "Remove" : "Set up";

  const codes = find("recovery-codes");
  const codesRow = $("#recovery-row");
  codesRow.hidden = !codes && !available.includes("recovery-codes");
  codesRow.dataset.enrolled = Boolean(codes);
  const left = codes?.remaining === 1 ? "1 code is left" : `${codes?.remaining} codes are left`;
  $(".state", codesRow).textContent = !codes ? "None" : codes.fewLeft ? `Only ${left}. Make new codes.` : left;
  $(".state", codesRow).classList.toggle("warning", Boolean(codes?.fewLeft));
  $("button", codesRow).textContent = codes ? "Make new codes" : "Make codes";
}

/** Sets up an authenticator app in a dialog; resolves to whether the user completed it. */
export async function setUpTotp({ passkeys, post }) {
  const dialog = $("#new-totp");
  const form = $("form", dialog);
  const { uri, secret } = await passkeys.call("POST", "factors/totp/enrol", {});
  const svg = await (await post("/qr", { text: uri })).text();
  $("img", dialog).src = `data:image/svg+xml,${encodeURIComponent(svg)}`;
  $("code", dialog).textContent = secret.match(/.{1,4}/g).join(" ");
  form.reset();
  say(dialog);
  form.onsubmit = async (event) => {
    event.preventDefault();
    const codes = [form.first.value, form.second.value].map((code) => code.trim());
    if (codes.includes("")) return say(dialog, explain({ code: "code-missing" }));
    try {
      await passkeys.call("POST", "factors/totp/confirm", { codes });
      dialog.close("done");
    } catch (error) {
      say(dialog, explain(error));
    }
  };
  $("[name=cancel]", dialog).onclick = () => dialog.close();
  const isDone = (await open(dialog)) === "done";
  // The secret is shown once.
  $("img", dialog).removeAttribute("src");
  $("code", dialog).textContent = "";
  return isDone;
}

/** Leaves for the service of an external factor. `action` is what the page does with the answer: `confirm` or `verify`. */
export async function leave({ passkeys }, name, action) {
  const { url } = await passkeys.call("POST", `factors/${name}/${action === "confirm" ? "enrol" : "options"}`, {});
  sessionStorage.setItem("external", JSON.stringify({ name, action }));
  location.assign(url);
  await new Promise(() => {});
}

/** What the browser brought back from the service of an external factor, once. */
export function takeAnswer() {
  const { code, state } = Object.fromEntries(new URLSearchParams(location.search));
  const begun = sessionStorage.getItem("external");
  sessionStorage.removeItem("external");
  if (!code || !state) return undefined;
  history.replaceState(null, "", location.pathname);
  return begun ? { ...JSON.parse(begun), body: { code, state } } : undefined;
}

/** Makes new recovery codes and shows them once. */
async function makeRecoveryCodes({ passkeys }) {
  const { codes } = await passkeys.call("POST", "factors/recovery-codes/enrol", {});
  const dialog = $("#codes");
  const text = `Recovery codes for ${location.host}\nEach code works once.\n\n${codes.join("\n")}\n`;
  $("ol", dialog).replaceChildren(...codes.map((code) => element("li", code)));
  say(dialog);
  const file = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  const download = $("a[download]", dialog);
  download.href = file;
  $("[name=copy]", dialog).onclick = () =>
    navigator.clipboard.writeText(text).then(
      () => say(dialog, { text: "Copied.", good: true }),
      () => say(dialog, { text: "The browser did not copy the codes. Select them, or download them.", code: "failed" }),
    );
  await open(dialog);
  URL.revokeObjectURL(file);
  download.removeAttribute("href");
  $("ol", dialog).replaceChildren();
}

/** Sets an external factor up, or removes it. */
export async function changeExternal(on, button, name, isEnrolled) {
  const { title } = nameFactor(name);
  if (!isEnrolled) return on.run(button, "Leaving for the other service.", () => leave(on, name, "confirm"));
  if (!(await on.confirmed(`Remove “${title}”?`, "It will no longer confirm a sign-in."))) return;
  on.run(button, "Removing it.", async () => {
    await on.passkeys.call("DELETE", `factors/${name}`);
    await on.refresh();
    on.say({ text: `“${title}” was removed.`, good: true });
  });
}

/** Connects the rows of the account. `on.run` runs an action, as in app.js. */
export function connectFactors(on) {
  $("#totp-row button").addEventListener("click", async (event) => {
    const button = event.currentTarget;
    if ($("#totp-row").dataset.enrolled === "true") {
      const text = "The codes of your authenticator app will no longer confirm a sign-in.";
      if (!(await on.confirmed("Remove the authenticator app?", text))) return;
      return on.run(button, "Removing the authenticator app.", async () => {
        await on.passkeys.call("DELETE", "factors/totp");
        await on.refresh();
        on.say({ text: "The authenticator app was removed.", good: true });
      });
    }
    on.run(button, "Setting up an authenticator app.", async () => {
      if (!(await setUpTotp(on))) return;
      await on.refresh();
      on.say({ text: "Your authenticator app is ready. It confirms a sign-in with the password.", good: true });
    });
  });

  $("#recovery-row button").addEventListener("click", async (event) => {
    const button = event.currentTarget;
    const text = "The codes that you have now will no longer work.";
    const isNew = $("#recovery-row").dataset.enrolled !== "true";
    if (!isNew && !(await on.confirmed("Make new recovery codes?", text, "Make new codes"))) return;
    on.run(button, "Making recovery codes.", async () => {
      await makeRecoveryCodes(on);
      await on.refresh();
      on.say({ text: "Your recovery codes are ready. Keep them where you find them without this device.", good: true });
    });
  });
}
