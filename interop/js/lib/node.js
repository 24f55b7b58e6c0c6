import { readFileSync } from "node:fs";
import * as core from "../pkg/core_bg.js";

const bytes = readFileSync(new URL("../pkg/core_bg.wasm", import.meta.url));
const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { "./core_bg.js": core });
core.__wbg_set_wasm(exports);
exports.__wbindgen_start?.();

export * from "./api.js";
