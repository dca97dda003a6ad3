// The cards of passkeys and sessions.

import { $, badge, clone, fact, glyph, picture, time } from "./dom.js";
import { attested, describe, describeSession, verified } from "./words.js";

const HERE = "here";

/** The card of a passkey. `on` has the actions `rename(id, nickname)` and `remove(id, title)`. */
export function passkeyCard(credential, current, on) {
  const item = clone("#card");
  const { title, model, icon, image, binding } = describe(credential);
  item.dataset.id = credential.id;
  $(".tile", item).append(image ? picture(image) : glyph(icon));
  $(".title", item).textContent = title;
  $(".model", item).textContent = model;

  const badges = $(".badges", item);
  if (credential.id === current) badges.append(badge({ icon: "i-check", text: "Signed in with it" }, HERE));
  if (binding) badges.append(badge(binding));
  if (credential.attestation.trusted) badges.append(badge({ icon: "i-shield", text: "Trusted model" }, "good"));
  $(".facts", item).append(
    ...fact("Created", time(credential.createdAt)),
    ...fact("Last used", credential.lastUsedAt ? time(credential.lastUsedAt) : "Not yet"),
    ...fact("User verified", verified(credential.userVerified)),
    ...fact("Model", attested(credential)),
  );

  const [rename, remove] = [$("[name=rename]", item), $("[name=delete]", item)];
  rename.setAttribute("aria-label", `Rename ${title}`);
  remove.setAttribute("aria-label", `Delete ${title}`);
  rename.addEventListener("click", () => openRename(item));
  remove.addEventListener("click", () => on.remove(credential.id, title));
  const form = $(".rename", item);
  form.nickname.value = credential.nickname ?? "";
  form.nickname.placeholder = title;
  $("[name=cancel]", item).addEventListener("click", () => closeRename(item));
  form.addEventListener("keydown", (event) => event.key === "Escape" && closeRename(item));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const nickname = form.nickname.value.trim();
    if (nickname) on.rename(credential.id, nickname);
    else closeRename(item);
  });
  return item;
}

export const cardOf = (id) => $(`[data-id="${CSS.escape(id)}"]`);

export function openRename(item) {
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

/** The card of a session. `end(id, title)` ends it. */
export function sessionCard(session, end) {
  const item = clone("#session");
  const { title, icon } = describeSession(session);
  item.dataset.id = session.id;
  $(".tile", item).append(glyph(icon));
  $(".title", item).textContent = title;
  $(".model", item).textContent = session.address ?? "";
  if (session.current) $(".badges", item).append(badge({ icon: "i-check", text: "This browser" }, HERE));
  $(".facts", item).append(
    ...fact("Signed in", time(session.createdAt)),
    ...fact("Last used", time(session.lastUsedAt)),
  );
  const button = $("[name=end]", item);
  button.hidden = session.current;
  button.setAttribute("aria-label", `Sign out ${title}`);
  button.addEventListener("click", () => end(session.id, title));
  return item;
}
