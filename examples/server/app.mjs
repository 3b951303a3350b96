import { createRequire } from "node:module";
import { GRUError } from "cudnn-gru";
import Fastify from "fastify";
import { Metrics } from "./metrics.mjs";
import { HttpError, readRequest, writeResponse } from "./protocol.mjs";

const { version } = createRequire(import.meta.url)("cudnn-gru/package.json");

/** HTTP status of the layer's errors. */
const STATUS = {
  ERR_ARGUMENT: 400,
  ERR_SHAPE: 400,
  ERR_DTYPE: 400,
  ERR_BUSY: 503,
  ERR_DISPOSED: 503,
  ERR_OUT_OF_MEMORY: 503,
  ERR_CUDNN_NOT_ELIGIBLE: 400,
  // The client is gone, and sees none.
  ERR_ABORTED: 499,
};

/**
 * The service: the protocol's routes, and /metrics.
 *
 * @param {Map<string, import("./model.mjs").Model>} models by name; the service closes them when it closes
 * @param options `bodyLimit`: bytes of a request; `logger`: Fastify's
 */
export function buildApp(models, { bodyLimit = 16 * 2 ** 20, logger = false } = {}) {
  const app = Fastify({ bodyLimit, logger, forceCloseConnections: "idle" });
  const metrics = new Metrics(models);
  let stopping = false;

  /** From now on the service is not ready, so that balancers send requests elsewhere; it still answers those that come. */
  app.decorate("stopSoon", () => {
    stopping = true;
  });

  // A connection kept for further requests would keep the service from ending.
  app.addHook("onSend", async (_request, reply) => {
    if (stopping) reply.header("connection", "close");
  });

  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));

  app.setErrorHandler((error, request, reply) => {
    const status = (error instanceof GRUError ? STATUS[error.code] : error.statusCode) ?? 500;
    if (status >= 500 && status !== 503) request.log.error(error);
    if (status === 503) reply.header("retry-after", "1");
    return reply.code(status).send({ error: status === 500 ? "Internal error" : error.message });
  });
  app.setNotFoundHandler((request, reply) =>
    reply.code(404).send({ error: `There is no ${request.method} ${request.url}` }),
  );

  const modelOf = ({ params: { model, version: wanted } }) => {
    const found = models.get(model);
    if (found === undefined) throw new HttpError(404, `There is no model "${model}"`);
    if (wanted !== undefined) throw new HttpError(404, `Model "${model}" has no versions`);
    return found;
  };
  const answerReadiness = (reply, body) => reply.code(stopping ? 503 : 200).send({ ...body, ready: !stopping });

  app.get("/v2", () => ({ name: "cudnn-gru", version, extensions: ["binary_tensor_data"] }));
  app.get("/v2/health/live", () => ({ live: true }));
  app.get("/v2/health/ready", (_request, reply) => answerReadiness(reply, {}));
  app.get("/metrics", async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()));

  for (const prefix of ["/v2/models/:model", "/v2/models/:model/versions/:version"]) {
    app.get(prefix, (request) => modelOf(request).metadata());
    app.get(`${prefix}/ready`, (request, reply) => answerReadiness(reply, { name: modelOf(request).name }));
    app.post(`${prefix}/infer`, { onResponse: count }, async (request, reply) => {
      const model = modelOf(request);
      const asked = readRequest(request.body ?? Buffer.alloc(0), request.headers["inference-header-content-length"]);
      const gone = new AbortController();
      reply.raw.once("close", () => gone.abort());
      const outputs = await model.infer(asked.tensors, gone.signal);
      const about = { model_name: model.name, ...(asked.id !== undefined && { id: asked.id }) };
      const { body, headers } = writeResponse(about, outputs, asked);
      return reply.headers(headers).send(body);
    });
  }

  /** Models that do not exist are not counted: clients could make up labels without end. */
  async function count(request, reply) {
    const { model } = request.params;
    if (!models.has(model)) return;
    metrics.requests.inc({ model, status: reply.statusCode });
    metrics.seconds.observe({ model }, reply.elapsedTime / 1000);
  }

  app.addHook("onClose", async () => {
    metrics.close();
    await Promise.all([...models.values()].map((model) => model.close()));
  });
  return app;
}
