/**
 * Reports of ceremonies, for servers that accept them (`POST telemetry`).
 *
 * ```js
 * import { connect } from "/webauthn/passkeys.js";
 * import { report } from "/webauthn/telemetry.js";
 *
 * const passkeys = report(connect());
 * ```
 *
 * @module
 */

import type { Passkeys } from "./passkeys.d.ts";

/**
 * Makes the functions report how each ceremony ended: its purpose, the phase, whether it succeeded, was cancelled by the
 * user, was aborted by the page or failed, and the name of the `DOMException`. Once, reports the capabilities of the
 * browser. Returns `passkeys`, whose functions behave as before; a report that does not arrive is lost.
 *
 * A report has no name, address, credential or identifier, and is sent without cookies.
 */
export function report(passkeys: Passkeys, options?: { prefix?: string }): Passkeys;
