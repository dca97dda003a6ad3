// Small pieces of the page.

import { ago, exactly } from "./words.js";

export const $ = (selector, root = document) => root.querySelector(selector);

export const clone = (template) => $(template).content.firstElementChild.cloneNode(true);

export function element(name, text, properties = {}) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(text);
  return made;
}

export function glyph(id) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#${id}`);
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}

export function picture(source) {
  const image = new Image(32, 32);
  image.alt = "";
  image.src = source;
  return image;
}

export function badge({ icon, text, title = "" }, kind) {
  const item = element("li", glyph(icon), { className: kind ? `badge ${kind}` : "badge", title });
  item.append(text);
  return item;
}

export const fact = (name, value) => [element("dt", name), element("dd", value)];

export const time = (at) => element("time", ago(at), { dateTime: at, title: exactly(at) });

/** Shows a message. A code is an error's. */
export function say(where, { text = "", code = "", good = false } = {}) {
  const message = $(".message", where);
  message.dataset.code = code;
  message.dataset.tone = text ? (good ? "good" : code ? "bad" : "calm") : "";
  message.ariaLive = code ? "assertive" : "polite";
  message.textContent = text;
}

/** Opens a dialog; resolves to the value of the button that closed it. */
export async function open(dialog) {
  dialog.returnValue = "";
  dialog.showModal();
  await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
  return dialog.returnValue;
}
