// Seals or unseals one value a line with the real package: the passwords come
// in the first line, a payload or a value in each line that follows.
//   node values.mjs iron-session8 seal < payloads > values
import { createInterface } from "node:readline";

const [, , name, direction] = process.argv;
const { sealData, unsealData } = await import(name);

const steps = {
  seal: async ({ data, ttl }, password) => sealData(data, { password, ttl }),
  unseal: async ({ value }, password) => unsealData(value, { password }),
};

let password;
for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line);
  if (password === undefined) {
    password = message;
    continue;
  }
  console.log(JSON.stringify(await steps[direction](message, password)));
}
