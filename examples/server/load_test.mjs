#!/usr/bin/env node
// Requests a second and latencies of the service, with and without batching: node load_test.mjs [options]
//   --connections 64  --seconds 5  --rounds 3  --timesteps 96  --binary  --model weather=../weather/model.keras  --max-batch 32
//   --max-delay-ms 0
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import autocannon from "autocannon";

const { values: options } = parseArgs({
  options: {
    connections: { type: "string", default: "64" },
    seconds: { type: "string", default: "5" },
    rounds: { type: "string", default: "3" },
    timesteps: { type: "string", default: "96" },
    binary: { type: "boolean", default: false },
    model: { type: "string", default: `weather=${fileURLToPath(new URL("../weather/model.keras", import.meta.url))}` },
    "max-batch": { type: "string", default: "32" },
    "max-delay-ms": { type: "string", default: "0" },
  },
});
const name = options.model.split("=")[0];

/** Starts the service on a free port. */
async function start(...args) {
  const program = fileURLToPath(new URL("server.mjs", import.meta.url));
  const child = spawn(process.execPath, [program, "--host", "127.0.0.1", "--port", "0", "--quiet", ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const port = await new Promise((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`server.mjs ended with ${code}`)));
    child.stdout.once("data", (data) => resolve(/\d+/.exec(data)[0]));
  });
  return { child, url: `http://127.0.0.1:${port}` };
}

/** A request for one sequence of the model's features. */
async function requestFor(url) {
  const { inputs } = await (await fetch(`${url}/v2/models/${name}`)).json();
  const { datatype, shape } = inputs[0];
  const sizes = [1, Number(options.timesteps), shape[2]];
  const ArrayType = datatype === "FP64" ? Float64Array : Float32Array;
  const data = ArrayType.from({ length: sizes[1] * sizes[2] }, (_, i) => Math.sin(i));
  const input = { name: "inputs", datatype, shape: sizes };
  if (!options.binary) {
    const body = JSON.stringify({ inputs: [{ ...input, data: Array.from(data, (x) => Number(x.toPrecision(6))) }] });
    return { body, headers: { "content-type": "application/json" } };
  }
  const bytes = Buffer.from(data.buffer);
  const header = Buffer.from(
    JSON.stringify({
      parameters: { binary_data_output: true },
      inputs: [{ ...input, parameters: { binary_data_size: bytes.length } }],
    }),
  );
  return {
    body: Buffer.concat([header, bytes]),
    headers: { "content-type": "application/octet-stream", "inference-header-content-length": String(header.length) },
  };
}

const services = {
  "a call for each request": await start("--model", options.model, "--no-batching", "--max-queue", "100000"),
  batching: await start(
    ...["--model", options.model, "--max-batch", options["max-batch"], "--max-delay-ms", options["max-delay-ms"]],
  ),
};
const results = Object.fromEntries(Object.keys(services).map((key) => [key, []]));
try {
  const about = `${options.connections} connections, sequences of ${options.timesteps} steps, ${options.binary ? "binary" : "JSON"}`;
  console.log(
    `${about}; ${availableParallelism()} CPUs for service and load together; median of ${options.rounds} rounds\n`,
  );
  // The two services take turns in rounds, so that other work of the machine affects both. The first round is not
  // counted.
  for (let round = 0; round <= Number(options.rounds); round++) {
    for (const [key, { url }] of Object.entries(services)) {
      const result = await autocannon({
        url: `${url}/v2/models/${name}/infer`,
        method: "POST",
        connections: Number(options.connections),
        duration: round === 0 ? 1 : Number(options.seconds),
        ...(await requestFor(url)),
      });
      if (round > 0) results[key].push(result);
    }
  }
  const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];
  console.log(
    "|  | requests a second | p50 ms | p90 | p99 | max | failed |\n| :-- | --: | --: | --: | --: | --: | --: |",
  );
  for (const [key, runs] of Object.entries(results)) {
    const latency = (which) => median(runs.map((run) => run.latency[which]));
    const failed = runs.reduce((sum, { non2xx, errors }) => sum + non2xx + errors, 0);
    const cells = [
      median(runs.map(({ requests }) => Math.round(requests.average))),
      ...["p50", "p90", "p99", "max"].map(latency),
    ];
    console.log(`| ${key} | ${cells.join(" | ")} | ${failed} |`);
  }
  const metrics = await (await fetch(`${services.batching.url}/metrics`)).text();
  const metric = (key) => Number(new RegExp(`^${key}\\{.*\\} (.+)$`, "m").exec(metrics)?.[1]);
  console.log(
    `\nrows of a call, on average: ${(metric("gru_call_rows_sum") / metric("gru_call_rows_count")).toFixed(1)}`,
  );
} finally {
  for (const { child } of Object.values(services)) child.kill("SIGTERM");
}
