// Cloudflare's runtime compiles no WebAssembly by itself: a module is imported compiled.
import module from "../pkg/core_bg.wasm";
import * as core from "../pkg/core_bg.js";

const { exports } = new WebAssembly.Instance(module, { "./core_bg.js": core });
core.__wbg_set_wasm(exports);
exports.__wbindgen_start?.();

export * from "./api.js";
