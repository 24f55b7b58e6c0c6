import { randomBytes } from "node:crypto";
import { Sessions } from "sealed-session";

import { kinds, measure, report } from "./bench.mjs";

const work = kinds(Sessions, `1:${randomBytes(32).toString("base64")}`);
const call = (who, what, size, calls) => work[who][what](size, calls);
// Of all threads: iron-session's calls run beside the main one.
const clock = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
report("node", await measure(call, clock, { rounds: 7, calls: 1000, idle: 0 }), 4);
