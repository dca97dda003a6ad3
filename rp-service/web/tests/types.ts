// Compiles if the types of the module are what the guide says.

import { connect, create, explain, get, PasskeyError, supports, texts, unsupported } from "../passkeys.js";
import { report } from "../telemetry.js";

export async function page(options: object): Promise<string> {
  const passkeys = report(connect({ prefix: "/auth", verify: async (error) => error.required?.maxAge !== undefined }), { prefix: "/auth" });
  const problem: "insecure-page" | "no-webauthn" | "old-browser" | undefined = unsupported();
  if (problem) return explain({ code: problem }, "de");
  texts["fr"] = { network: "Le serveur est inaccessible." };

  const created = await passkeys.signUp({ username: "ada", displayName: "Ada", nickname: "Phone" });
  const id: string = created.id;
  const session = await passkeys.signIn({ username: "ada", extensions: { prf: { eval: { first: "AAAA" } } } });
  const secret: BufferSource | undefined = session.prf?.results?.first;
  const offered = await passkeys.autofill({ signal: new AbortController().signal });
  const name: string | undefined = offered?.user.name;
  // @ts-expect-error it may have been stopped
  offered.user;

  const { credentials } = await passkeys.call("GET", "credentials");
  const { sessions } = await passkeys.call("GET", "sessions");
  await passkeys.call("DELETE", `credentials/${credentials[0]?.id ?? id}`);
  const verified = await passkeys.call("POST", "factors/totp/verify", { code: "123456" });
  const next: string[] = verified.next?.secondFactors ?? [];
  const { uri } = await passkeys.call("POST", "factors/totp/enrol", {});
  const { enrolled } = await passkeys.call("GET", "factors");
  const left: number | undefined = enrolled[0]?.remaining;
  const renamed = await passkeys.call("PATCH", `credentials/${id}`, { nickname: "Phone" });

  const response: Response = await passkeys.fetch("/report", { method: "POST" });
  await get(await create(options), { mediation: "conditional" });
  try {
    await passkeys.stepUp();
  } catch (error) {
    if (error instanceof PasskeyError) return `${error.code}: ${error.message}`;
  }
  return `${name} ${secret} ${next} ${sessions.length} ${renamed.nickname} ${uri} ${left} ${response.status} ${await supports("conditionalGet")}`;
}
