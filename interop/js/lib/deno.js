// Deno imports WebAssembly started, and asks for no permission to read it.
import * as exports from "../pkg/core_bg.wasm";
import * as core from "../pkg/core_bg.js";

core.__wbg_set_wasm(exports);
exports.__wbindgen_start?.();

export * from "./api.js";
