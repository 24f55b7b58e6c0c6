// Seal and unseal of this package and of iron-session 9, in turn: `run` does so many of one kind, and
// whoever calls it has the clock, since that of workerd stands still while code runs.
import { sealData, unsealData } from "iron-session9";

const password = "measured side by side, and no secret";

export function kinds(Sessions, keys) {
  const sessions = new Sessions({ keys, initial: null });
  const made = new Map();
  const data = (size) => ({ user: 42, roles: ["admin", "editor"], text: "x".repeat(size - 49) });
  return {
    ours: {
      seal: async (size, calls) => {
        const each = data(size);
        for (let call = 0; call < calls; call += 1) made.set(`ours ${size}`, sessions.seal(each));
      },
      unseal: async (size, calls) => {
        const value = made.get(`ours ${size}`);
        for (let call = 0; call < calls; call += 1) if (sessions.unseal(value).data.user !== 42) throw new Error("wrong");
      },
    },
    iron: {
      seal: async (size, calls) => {
        const each = data(size);
        for (let call = 0; call < calls; call += 1) made.set(`iron ${size}`, await sealData(each, { password }));
      },
      unseal: async (size, calls) => {
        const value = made.get(`iron ${size}`);
        for (let call = 0; call < calls; call += 1) if ((await unsealData(value, { password })).user !== 42) throw new Error("wrong");
      },
    },
  };
}

/** Microseconds of processor time for a call: the medians of rounds in which both take turns. */
export async function measure(call, clock, { rounds, calls, idle }) {
  const table = [];
  const median = (times) => times.sort((a, b) => a - b)[Math.floor(times.length / 2)];
  for (const size of [100, 300, 1000]) {
    for (const work of ["seal", "unseal"]) {
      const times = { ours: [], iron: [] };
      for (let round = 0; round <= rounds; round += 1) {
        for (const who of ["ours", "iron"]) {
          const before = clock();
          await call(who, work, size, calls);
          // The first round is for the compiler.
          if (round > 0) times[who].push(((clock() - before - idle) * 1000) / calls);
        }
      }
      const [ours, iron] = [median(times.ours), median(times.iron)];
      table.push({ work, size, ours, iron, ratio: iron / ours });
    }
  }
  return table;
}

export function report(runtime, table, bar) {
  for (const { work, size, ours, iron, ratio } of table) {
    console.log(
      `${runtime} ${work.padEnd(6)} ${String(size).padStart(4)} B: ${ours.toFixed(1)} µs, iron-session 9 ${iron.toFixed(1)} µs, ${ratio.toFixed(1)} ×`,
    );
  }
  const slow = table.filter(({ ratio }) => ratio < bar);
  if (slow.length > 0) throw new Error(`less than ${bar} × as fast as iron-session 9 in ${slow.length} cases`);
}
