// What `worker-build` makes: starts the WebAssembly, and hands requests to it.
import module from "./worker.wasm";
import * as core from "./worker_bg.js";

const start = () => {
  const instance = new WebAssembly.Instance(module, { "./worker_bg.js": core });
  core.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
};
start();

export default {
  async fetch(request, env, context) {
    try {
      return await core.fetch(request, env, context);
    } catch (error) {
      // After a panic the instance's memory is not to be trusted: the next request has a new one.
      if (error instanceof WebAssembly.RuntimeError) start();
      console.error(String(error));
      return new Response("", { status: 500 });
    }
  },
};
