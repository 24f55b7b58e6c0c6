// What `worker-build` makes: hands requests to the WebAssembly. The runtime answers a request that panicked
// with 500. What a panic leaves in memory is not to be trusted, so the next request starts anew.
import * as worker from "./worker.js";

const state = worker.__worker_init_state();

export default {
  fetch(request, env, context) {
    if (state.criticalError) {
      state.criticalError = false;
      worker.__wbg_reset_state();
      console.error("started anew after a panic");
    }
    return worker.fetch(request, env, context);
  },
};
