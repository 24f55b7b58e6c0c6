// Each vector in Deno. Needs permission to read the vectors, and none for the package.
import * as api from "sealed-session";
import vectors from "../../../tests/vectors/v1.json" with { type: "json" };

import { report, run } from "./vectors.mjs";

report("deno", run(api, vectors));
