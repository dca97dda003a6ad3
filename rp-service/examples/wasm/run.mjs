// Runs the program with time, randomness and output of Node.js.
import { readFile } from "node:fs/promises";
import { argv, exit } from "node:process";

let memory;
const bytes = (start, length) => new Uint8Array(memory.buffer, start, length);
const host = {
  seconds: () => Date.now() / 1000,
  random: (start, length) => {
    // Node.js fills at most 65,536 bytes at a time.
    for (let at = 0; at < length; at += 65536) {
      crypto.getRandomValues(bytes(start + at, Math.min(65536, length - at)));
    }
  },
  print: (start, length) => console.log(new TextDecoder().decode(bytes(start, length))),
};

const { instance } = await WebAssembly.instantiate(await readFile(argv[2]), { host });
memory = instance.exports.memory;
try {
  instance.exports.main(0, 0);
} catch (error) {
  console.error(error);
  exit(1);
}
