// The software authenticator of rp-conformance in JavaScript: for tests of servers in any language that has WebAssembly.
import { readFile } from "node:fs/promises";

/** Loads the module: `target/wasm32-unknown-unknown/debug/rp_authenticator_wasm.wasm`. */
export async function load(file) {
  const { instance } = await WebAssembly.instantiate(await readFile(file), imports());
  const { push, call, byte } = instance.exports;
  memory.current = instance.exports.memory;
  const send = (request) => {
    for (const one of new TextEncoder().encode(JSON.stringify(request))) push(one);
    const response = Uint8Array.from({ length: call() }, (_, index) => byte(index));
    const json = JSON.parse(new TextDecoder().decode(response));
    if (json.error !== undefined) throw new Error(json.error);
    return json;
  };
  return class Authenticator {
    /** `{ seed, format?, algorithms? }`: the keys come from the seed; a format by its name in reports. */
    constructor({ now = Date.now(), ...open }) {
      this.authenticator = send({ open: { now, ...open } });
      /** The name of the step that is wrong, if any. */
      this.fault = null;
    }

    /** `navigator.credentials.create()` of a page: from creation options in JSON to the response in JSON. */
    create(options, origin) {
      return send({ authenticator: this.authenticator, create: options, origin, fault: this.fault });
    }

    /** `navigator.credentials.get()` of a page. */
    get(options, origin) {
      return send({ authenticator: this.authenticator, get: options, origin, fault: this.fault });
    }
  };
}

const memory = {};

/** What the module imports: random bytes, which no key of the authenticator is made of. */
function imports() {
  const fill = (at, length) => {
    crypto.getRandomValues(new Uint8Array(memory.current.buffer, at, length));
    return 0;
  };
  return { env: { __getrandom_v03_custom: fill } };
}
