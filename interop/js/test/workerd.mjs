// Starts workerd with test/worker.mjs: each vector, and with `bench` the figures beside iron-session 9.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import workerdPackage from "workerd";

import { measure, report as reportBench } from "./bench.mjs";
import { report } from "./vectors.mjs";

export async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

/** Runs `work` beside a workerd that has these modules, the first of which is the worker. */
export async function withWorkerd({ folder, modules, bindings = "", date = "2025-09-01" }, work) {
  const port = await freePort();
  const config = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = (
    modules = [${modules.map(([name, kind]) => `(name = "${name}", ${kind} = embed "${name}")`).join(", ")}],
    bindings = [${bindings}], compatibilityDate = "${date}", compatibilityFlags = ["nodejs_compat"],
  ))],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);`;
  writeFileSync(join(folder, "config.capnp"), config);
  // Not the package's command, which starts another process and does not end it.
  const workerd = spawn(workerdPackage.default, ["serve", join(folder, "config.capnp")], { stdio: ["ignore", "inherit", "inherit"] });
  const ended = new Promise((done) => workerd.once("exit", done));
  try {
    const base = `http://127.0.0.1:${port}`;
    for (let tries = 0; ; tries += 1) {
      try {
        await fetch(`${base}/early`);
        break;
      } catch (error) {
        if (tries > 100 || workerd.exitCode !== null) throw error;
        await new Promise((done) => setTimeout(done, 100));
      }
    }
    return await work(base, workerd.pid);
  } finally {
    workerd.kill("SIGKILL");
    await ended;
  }
}

/** Milliseconds that the main thread of a process has run: other work on the machine counts less than on a clock. */
function clockOf(pid) {
  const file = `/proc/${pid}/schedstat`;
  return existsSync(file) ? () => Number(readFileSync(file, "utf8").split(" ")[0]) / 1e6 : () => performance.now();
}

async function main(arguments_) {
  const folder = mkdtempSync(join(tmpdir(), "workerd-"));
  try {
    const here = (path) => fileURLToPath(new URL(path, import.meta.url));
    await build({
      entryPoints: [here("worker.mjs")],
      outfile: join(folder, "worker.js"),
      bundle: true,
      format: "esm",
      conditions: ["workerd"],
      external: ["*.wasm", "node:*"],
      define: { KEYS: JSON.stringify(`1:${randomBytes(32).toString("base64")}`) },
      plugins: [
        { name: "beside", setup: (build) => build.onResolve({ filter: /\.wasm$/ }, () => ({ path: "./core.wasm", external: true })) },
      ],
    });
    copyFileSync(here("../pkg/core_bg.wasm"), join(folder, "core.wasm"));
    await withWorkerd({ folder, modules: [["worker.js", "esModule"], ["core.wasm", "wasm"]] }, async (base, pid) => {
      const early = await (await fetch(`${base}/early`)).json();
      assert.deepEqual(early, { sealedEarly: "random_source", opened: 7 });
      report("workerd", await (await fetch(`${base}/vectors`)).json());
      if (!arguments_.includes("bench")) return;
      const call = async (who, work, size, calls) => {
        const response = await fetch(`${base}/bench?who=${who}&work=${work}&size=${size}&calls=${calls}`);
        if (!response.ok) throw new Error(await response.text());
        await response.arrayBuffer();
      };
      // What a request costs that does nothing.
      const clock = clockOf(pid);
      const began = clock();
      for (let times = 0; times < 50; times += 1) await call("ours", "seal", 100, 0);
      const idle = (clock() - began) / 50;
      reportBench("workerd", await measure(call, clock, { rounds: 9, calls: 2000, idle }), 4);
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.slice(2));
