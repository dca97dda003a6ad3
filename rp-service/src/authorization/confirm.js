import { connect, explain, unsupported } from "./passkeys.js";

const passkeys = connect({ prefix: new URL(".", location).pathname.slice(0, -1) });
const [button, other, message] = ["confirm", "other", "message"].map((id) => document.getElementById(id));

function say(text, code) {
  message.textContent = text;
  if (code) message.dataset.code = code;
  else delete message.dataset.code;
}

async function run(action) {
  if (button.ariaBusy) return;
  button.ariaBusy = "true";
  say("Waiting for your passkey. Follow your browser.");
  try {
    await action();
  } catch (error) {
    say(explain(error), error.code ?? "failed");
    button.ariaBusy = null;
  }
}

button.addEventListener("click", () =>
  run(async () => {
    if (!(await passkeys.session())) await passkeys.signIn();
    // A session without a new use of a passkey is asked for one, and the request is sent again.
    const { location: address } = await passkeys.call("POST", "authorize", { request: button.dataset.request });
    location.replace(address);
  }),
);
other.addEventListener("click", () => run(() => passkeys.call("POST", "sign-out").then(() => location.reload())));
addEventListener("pageshow", ({ persisted }) => persisted && location.reload());

const obstacle = unsupported();
if (obstacle) {
  button.disabled = true;
  say(explain({ code: obstacle }), obstacle);
}
