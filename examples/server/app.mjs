import { createRequire } from "node:module";
import { GRUError } from "cudnn-gru";
import Fastify from "fastify";
import { Metrics } from "./metrics.mjs";
import { HttpError, writeResponse } from "./protocol.mjs";

const { version } = createRequire(import.meta.url)("cudnn-gru/package.json");

/**
 * The accepted types of a body. A body without a type is accepted too, and so is the type that curl sends with `-d`.
 */
const MEDIA_TYPES = ["", "application/json", "application/octet-stream", "application/x-www-form-urlencoded"];

/** The HTTP status for each error of the layer. */
const STATUS = {
  ERR_ARGUMENT: 400,
  ERR_SHAPE: 400,
  ERR_DTYPE: 400,
  ERR_BUSY: 503,
  ERR_DISPOSED: 503,
  ERR_OUT_OF_MEMORY: 503,
  ERR_CUDNN_NOT_ELIGIBLE: 400,
  // The client has gone and does not see this status.
  ERR_ABORTED: 499,
};

/**
 * The service: the protocol's routes, and /metrics.
 *
 * @param {Map<string, import("./model.mjs").Model>} models by name; the service closes them when it closes
 * @param options `bodyLimit`: bytes of a request; `requestTimeout`: milliseconds for a request to come in, and for a client
 *   that does not read to take its answer; `logger`: Fastify's
 */
export function buildApp(models, { bodyLimit = 16 * 2 ** 20, requestTimeout = 30_000, logger = false } = {}) {
  const app = Fastify({
    bodyLimit,
    requestTimeout,
    logger,
    forceCloseConnections: "idle",
    return503OnClosing: false,
    // Node.js looks for late requests once in an interval, every 30 seconds unless told otherwise.
    http: {
      headersTimeout: requestTimeout,
      requestTimeout,
      connectionsCheckingInterval: Math.min(1000, requestTimeout),
      requireHostHeader: false,
    },
    frameworkErrors: (error, _request, reply) => reply.code(error.statusCode).send({ error: error.message }),
    clientErrorHandler: refuseClient,
  });
  app.server.on("checkExpectation", ({ socket }) =>
    answerRaw(socket, "417 Expectation Failed", "Expected 100-continue"),
  );
  app.server.on("connect", (_request, socket) => answerRaw(socket, "405 Method Not Allowed", "This is no proxy"));
  const metrics = new Metrics(models);
  let stopping = false;

  /**
   * From now on the service reports that it is not ready, so that load balancers send requests elsewhere. It still
   * answers the requests that arrive.
   */
  app.decorate("stopSoon", () => {
    stopping = true;
  });

  // A connection kept for further requests would keep the service from ending.
  app.addHook("onSend", async (_request, reply) => {
    if (stopping) reply.header("connection", "close");
    // Closes the connection of a client that does not read its answer. Answers of `inject` have no real socket.
    reply.raw.socket?.setTimeout?.(requestTimeout);
  });
  app.addHook("onRequest", async ({ headers, raw }) => {
    if (headers.host === undefined && raw.httpVersion === "1.1") throw new HttpError(400, "Expected a header Host");
  });

  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));

  app.setErrorHandler((error, request, reply) => {
    const status = (error instanceof GRUError ? STATUS[error.code] : error.statusCode) ?? 500;
    if (status >= 500 && status !== 503) request.log.error(error);
    if (status === 503) reply.header("retry-after", "1");
    if (error instanceof HttpError) reply.headers(error.headers);
    return reply.code(status).send({ error: status === 500 ? "Internal error" : error.message });
  });
  app.setNotFoundHandler((request, reply) =>
    reply.code(404).send({ error: `There is no ${request.method} ${request.url.slice(0, 200)}` }),
  );

  /** Adds a route, and the answer 405 for other methods on its path. */
  const route = (method, url, options, handler) => {
    const allowed = method === "GET" ? ["GET", "HEAD"] : [method];
    app.route({ method, url, ...options, handler });
    app.route({
      method: app.supportedMethods.filter((other) => !allowed.includes(other)),
      url,
      handler: async (request) => {
        const message = `Expected ${allowed.join(" or ")} for ${request.routeOptions.url} but received ${request.method}`;
        throw new HttpError(405, message, { allow: allowed.join(", ") });
      },
    });
  };

  const modelOf = ({ params: { model, version: wanted } }) => {
    const found = models.get(model);
    if (found === undefined) throw new HttpError(404, `There is no model "${model}"`);
    if (wanted !== undefined) throw new HttpError(404, `Model "${model}" has no versions`);
    return found;
  };
  const answerReadiness = (reply, body) => reply.code(stopping ? 503 : 200).send({ ...body, ready: !stopping });

  route("GET", "/v2", {}, () => ({ name: "cudnn-gru", version, extensions: ["binary_tensor_data"] }));
  route("GET", "/v2/health/live", {}, () => ({ live: true }));
  route("GET", "/v2/health/ready", {}, (_request, reply) => answerReadiness(reply, {}));
  route("GET", "/metrics", {}, async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()));

  for (const prefix of ["/v2/models/:model", "/v2/models/:model/versions/:version"]) {
    route("GET", prefix, {}, (request) => modelOf(request).metadata());
    route("GET", `${prefix}/ready`, {}, (request, reply) => answerReadiness(reply, { name: modelOf(request).name }));
    route(
      "POST",
      `${prefix}/infer`,
      { onResponse: count, preParsing: async ({ headers }) => checkBodyHeaders(headers) },
      async (request, reply) => {
        const model = modelOf(request);
        const asked = model.readRequest(
          request.body ?? Buffer.alloc(0),
          request.headers["inference-header-content-length"],
        );
        const gone = new AbortController();
        reply.raw.once("close", () => gone.abort());
        const outputs = await model.infer(asked.tensors, gone.signal);
        const about = { model_name: model.name, ...(asked.id !== undefined && { id: asked.id }) };
        const { body, headers } = writeResponse(about, outputs, asked.outputs, model.maxJson);
        return reply.headers(headers).send(body);
      },
    );
  }

  /** Requests for models that do not exist are not counted, because clients could then create any number of labels. */
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

/** Refuses bodies that are not the protocol's. */
function checkBodyHeaders(headers) {
  const [type, ...rest] = (headers["content-type"] ?? "").toLowerCase().split(";");
  if (!MEDIA_TYPES.includes(type.trim())) {
    throw new HttpError(415, `Expected a Content-Type of ${MEDIA_TYPES[1]} or ${MEDIA_TYPES[2]}`);
  }
  const charset = rest.find((parameter) => parameter.trim().startsWith("charset="));
  if (charset !== undefined && !/=\s*"?(utf-?8|us-ascii)"?\s*$/.test(charset))
    throw new HttpError(415, "Expected JSON in UTF-8");
  if ((headers["content-encoding"] ?? "identity").toLowerCase() !== "identity") {
    throw new HttpError(415, "Expected a body without Content-Encoding", { "accept-encoding": "identity" });
  }
}

/** Refuses input that is not HTTP or arrives too slowly. */
function refuseClient({ code }, socket) {
  if (code === "ERR_HTTP_REQUEST_TIMEOUT")
    answerRaw(socket, "408 Request Timeout", "The request took too long to come in");
  else if (code === "HPE_HEADER_OVERFLOW")
    answerRaw(socket, "431 Request Header Fields Too Large", "The headers are too large");
  else answerRaw(socket, "400 Bad Request", "Expected an HTTP request");
}

/** Answers on the socket itself, because there is no reply object here, and closes the connection. */
function answerRaw(socket, status, message) {
  // If an answer has begun, a second one must not be written into it.
  if (socket.writable && !socket._httpMessage?.headersSent) {
    const body = JSON.stringify({ error: message });
    const headers = `Connection: close\r\nContent-Type: application/json\r\nContent-Length: ${body.length}`;
    socket.write(`HTTP/1.1 ${status}\r\n${headers}\r\n\r\n${body}`);
  }
  socket.destroySoon();
}
