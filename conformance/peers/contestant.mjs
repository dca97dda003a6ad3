// A contestant on Node.js: what src/contestant.rs is in Rust. A library brings three functions.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

export const inputs = JSON.parse(readFileSync(process.argv[2], "utf8"));
const WARM_UP = 3;

const measured = (input) => (input.authentication ?? input.registration).json;

// The function that verifies a response: what it needs besides the response is made here.
async function prepared({ register, authenticate }, input) {
  if (!input.authentication) return (json) => register(input, json);
  const credential = await register(input, input.registration.json);
  return (json) => authenticate(input, json, credential);
}

async function verdict(library, input, json) {
  try {
    await (await prepared(library, input))(json);
    return "accepted";
  } catch (error) {
    return `rejected ${error.message.replaceAll("\n", " ")}`;
  }
}

async function measure(library, input, rounds) {
  const verify = await prepared(library, input);
  const json = measured(input);
  const times = [];
  for (let round = 0; round < rounds + WARM_UP; round++) {
    const began = process.hrtime.bigint();
    await verify(json);
    times.push(process.hrtime.bigint() - began);
  }
  return times.slice(WARM_UP).join(" ");
}

export async function run(library) {
  console.log(`Node.js ${process.version}`);
  for await (const line of createInterface({ input: process.stdin })) {
    const [request, name, number] = line.split(" ");
    const input = inputs.ceremonies.find((one) => one.name === name);
    if (request === "accept") console.log(await verdict(library, input, measured(input)));
    if (request === "reject") console.log(await verdict(library, input, input.wrong[Number(number)].json));
    if (request === "measure") console.log(await measure(library, input, Number(number)));
  }
}
