// node harness.mjs FOLDER: runs the vectors in FOLDER against `verify`.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

/**
 * Calls your library. Returns if it accepts `test.response`, and throws if it rejects it.
 * A registration has rp, challenge, user_verification, algorithms and attestation; an authentication has rp, challenge,
 * user_verification, credential and allow_credentials. Byte strings are base64url.
 */
async function verify(test) {
  throw new Error(`call your library for a case of the kind ${test.kind}`);
}

const folder = process.argv[2];
let [passed, failed] = [0, 0];
for (const name of readdirSync(folder).filter((name) => name.endsWith(".json")).sort()) {
  for (const test of JSON.parse(readFileSync(join(folder, name), "utf8")).cases) {
    let got = "accept";
    try {
      await verify(test);
    } catch (error) {
      got = `reject: ${error.message}`;
    }
    if (got.startsWith(test.expect.result)) {
      passed += 1;
    } else {
      failed += 1;
      console.log(`FAILED ${test.id}\n  expected ${test.expect.result} ${test.expect.reason ?? ""}\n  got      ${got}`);
    }
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
