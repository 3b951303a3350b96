#!/usr/bin/env node
// Serves the GRUs of Keras files, or their whole models, over HTTP. `node server.mjs --help` lists the options.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { configure, GRUError } from "cudnn-gru";
import { buildApp } from "./app.mjs";
import { Model } from "./model.mjs";
import { WholeModel } from "./whole_model.mjs";

const HELP = `node server.mjs [options]

  --model name=path[#layer]  a Keras file (and the GRU or Bidirectional in it, by its Keras name); several times for several models
  --whole-model name=path    a Keras file whose whole model answers; several times for several models
  --model-name, --model-dir  one model as KServe mounts it: the one Keras file of a folder
  --host 0.0.0.0             where to listen
  --port 8080
  --max-batch 32             rows of a call, gathered from concurrent requests
  --max-delay-ms 0           how long a request waits for others; 0: for those that come in at the same time
  --max-queue 1024           requests that may wait; further ones get 503 with Retry-After
  --max-elements 1048576     numbers in one tensor of a request or answer; larger ones get 400
  --max-json-bytes 2097152   JSON of a request (413 beyond) and, about, of an answer (400); binary tensors do not count
  --request-timeout-ms 30000 how long a request may take to come in
  --no-batching              a call for each request
  --shutdown-delay-ms 0      from SIGTERM to the end of listening, for balancers to notice
  --shutdown-limit-ms 10000  from then to the end: connections that are still open are then closed
  --quiet                    no log
`;

const OPTIONS = {
  model: { type: "string", multiple: true, default: [] },
  "whole-model": { type: "string", multiple: true, default: [] },
  "model-name": { type: "string" },
  "model-dir": { type: "string" },
  host: { type: "string", default: "0.0.0.0" },
  port: { type: "string", default: "8080" },
  "max-batch": { type: "string", default: "32" },
  "max-delay-ms": { type: "string", default: "0" },
  "max-queue": { type: "string", default: "1024" },
  "max-elements": { type: "string", default: String(2 ** 20) },
  "max-json-bytes": { type: "string", default: String(2 ** 21) },
  "request-timeout-ms": { type: "string", default: "30000" },
  "no-batching": { type: "boolean", default: false },
  "shutdown-delay-ms": { type: "string", default: "0" },
  "shutdown-limit-ms": { type: "string", default: "10000" },
  quiet: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
};

function fail(message) {
  console.error(message);
  process.exit(2);
}

function readOptions() {
  try {
    return parseArgs({ options: OPTIONS }).values;
  } catch (error) {
    return fail(error.message);
  }
}

const options = readOptions();

function numberOf(name) {
  const text = options[name];
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : fail(`Expected a number for --${name} but got ${text}`);
}

/** `[name, path, layer]` of every model asked for. */
function sources() {
  const found = options.model.map((text) => {
    const [, name, path, layer] =
      /^([^=]+)=([^#]+)(?:#(.+))?$/.exec(text) ?? fail(`Expected name=path but got ${text}`);
    return [name, path, layer];
  });
  const folder = options["model-dir"];
  if (folder !== undefined) {
    const files = existsSync(folder) ? readdirSync(folder).filter((name) => /\.(keras|h5|hdf5)$/.test(name)) : [];
    if (files.length !== 1) fail(`Expected one Keras file in ${folder} but found ${files.length}`);
    found.push([options["model-name"] ?? "model", join(folder, files[0]), undefined]);
  }
  return found;
}

/** `[name, path]` of every whole model asked for. */
function wholeSources() {
  return options["whole-model"].map((text) => {
    const [, name, path] = /^([^=]+)=(.+)$/.exec(text) ?? fail(`Expected name=path but got ${text}`);
    return [name, path];
  });
}

if (options.help) {
  console.log(HELP);
  process.exit(0);
}
const maxQueue = numberOf("max-queue");
const settings = {
  batching: !options["no-batching"],
  maxBatch: numberOf("max-batch"),
  maxDelayMs: numberOf("max-delay-ms"),
  maxQueue,
  maxElements: numberOf("max-elements"),
  maxJson: numberOf("max-json-bytes"),
};
const requestTimeout = numberOf("request-timeout-ms");
const shutdown = { delay: numberOf("shutdown-delay-ms"), limit: numberOf("shutdown-limit-ms") };
const models = new Map();
try {
  // Without a batcher, calls wait in the layer's own queue.
  if (!settings.batching) configure({ maxQueue });
  for (const [name, path, layer] of sources()) models.set(name, await Model.load(name, path, { ...settings, layer }));
  for (const [name, path] of wholeSources()) models.set(name, await WholeModel.load(name, path, settings));
} catch (error) {
  fail(error instanceof GRUError ? error.message : String(error));
}
if (models.size === 0) fail(HELP);
const app = buildApp(models, { requestTimeout, logger: !options.quiet });
for (const model of models.values()) app.log.info({ model: model.name, ...model.path }, "model loaded");

let stopping = false;
/** Answers the accepted requests, as long as the time limit allows, and then ends. */
async function stop(signal) {
  if (stopping) return;
  stopping = true;
  app.log.info({ signal }, "stopping");
  app.stopSoon();
  await sleep(shutdown.delay);
  // Clients that send or read slowly must not keep the service from ending.
  setTimeout(() => app.server.closeAllConnections(), shutdown.limit).unref();
  setTimeout(() => process.exit(1), shutdown.limit + 2000).unref();
  await app.close();
  app.log.info("stopped");
}
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, stop);

await app.listen({ host: options.host, port: numberOf("port") });
if (options.quiet) console.log(`listening on port ${app.server.address().port}`);
