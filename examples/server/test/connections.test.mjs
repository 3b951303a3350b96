// Behaviour that only real connections show: broken HTTP, slow clients, and the end of the service.
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { makeInputs, makeService, requestOf } from "./service.mjs";

let app;
let port;
const sockets = new Set();

async function serve() {
  ({ app } = await makeService({ requestTimeout: 2000, bodyLimit: 2 ** 20, maxJson: 2 ** 26 }));
  await app.listen({ host: "127.0.0.1", port: 0 });
  port = app.server.address().port;
}

beforeAll(serve);

afterAll(() => app.close());

afterEach(() => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
});

/** A connection. `text()` returns everything that arrived before it ended. */
function open(text = "") {
  const socket = connect(port, "127.0.0.1");
  sockets.add(socket);
  socket.on("error", () => {});
  let received = "";
  socket.on("data", (data) => {
    received += data;
  });
  const ended = once(socket, "close").then(() => received);
  socket.write(text);
  return { socket, text: () => ended };
}

/** Sends these bytes, and returns the status and the body of the answer. The connection must end. */
async function answerTo(bytes) {
  const text = await open(bytes).text();
  const [head, body] = text.split("\r\n\r\n");
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]), body: JSON.parse(body) };
}

const form = { error: expect.stringMatching(/./) };
const post = (body, headers = "") =>
  `POST /v2/models/weather/infer HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n${headers}\r\n${body}`;
const good = JSON.stringify(requestOf(makeInputs(1, 2)));

describe("broken HTTP is answered in the protocol's form", () => {
  it.each([
    ["text", "hello\r\n\r\n", 400],
    ["an unknown method", "FOO / HTTP/1.1\r\nHost: a\r\n\r\n", 400],
    ["a bad version", "GET /v2 HTTP/9.9\r\nHost: a\r\n\r\n", 400],
    ["no host", "GET /v2 HTTP/1.1\r\nConnection: close\r\n\r\n", 400],
    ["a bad header", "GET /v2 HTTP/1.1\r\nHost: a\r\nBad Header: 1\r\n\r\n", 400],
    ["a length that is none", "POST /v2 HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", 400],
    ["two lengths", "POST /v2 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400],
    [
      "length and chunks",
      "POST /v2 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      400,
    ],
    [
      "a bad chunk",
      "POST /v2/models/weather/infer HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
      400,
    ],
    ["huge headers", `GET /v2 HTTP/1.1\r\nHost: a\r\nA: ${"a".repeat(20_000)}\r\n\r\n`, 431],
    ["a bad URL", "GET /v2/models/%zz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 400],
    ["another expectation", "POST /v2 HTTP/1.1\r\nHost: a\r\nExpect: tea\r\nConnection: close\r\n\r\n", 417],
    [
      "a body that is announced as too large",
      "POST /v2/models/weather/infer HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\nConnection: close\r\n\r\n",
      413,
    ],
    ["a tunnel", "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 405],
  ])("%s", async (_, bytes, status) => {
    expect(await answerTo(bytes)).toEqual({ status, body: form });
  });

  it("chunks that are too large together", async () => {
    const chunk = `${(2 ** 19).toString(16)}\r\n${" ".repeat(2 ** 19)}\r\n`;
    const head =
      "POST /v2/models/weather/infer HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
    expect(await answerTo(head + chunk + chunk + chunk)).toEqual({ status: 413, body: form });
  });

  it("and the service goes on", async () => {
    await open("hello\r\n\r\n").text();
    expect((await answerTo(post(good, "Connection: close\r\n"))).status).toBe(200);
  });
});

/** Sends a byte at a time until the connection ends. */
async function trickle({ socket }, text) {
  for (const byte of text) {
    if (socket.destroyed) return;
    socket.write(byte);
    await sleep(50);
  }
}

describe("slow clients", () => {
  it.each([
    ["headers", `GET /v2 HTTP/1.1\r\nHost: a\r\nA: ${"a".repeat(1e4)}`, ""],
    ["a body", "a".repeat(1e4), "POST /v2/models/weather/infer HTTP/1.1\r\nHost: a\r\nContent-Length: 10000\r\n\r\n"],
  ])("%s of a byte now and then are 408", async (_, slow, first) => {
    const connection = open(first);
    const [text] = await Promise.all([connection.text(), trickle(connection, slow)]);
    expect(text).toMatch(/^HTTP\/1\.1 408 /);
    expect(JSON.parse(text.split("\r\n\r\n")[1])).toEqual(form);
  });

  it("a connection that says nothing is closed", async () => {
    expect(await open().text()).toMatch(/^(HTTP\/1\.1 408 .*)?/);
  });

  it("a client that does not read its answer is let go", async () => {
    const rows = 20_000;
    const header = {
      ...requestOf(makeInputs(1, 1)).inputs[0],
      shape: [rows, 1, 3],
      data: new Array(rows * 3).fill(0.5),
    };
    const connection = open();
    connection.socket.pause();
    connection.socket.write(post(JSON.stringify({ inputs: [header] })));
    const [server] = await once(app.server, "connection");
    await once(server, "close");
  });
});

describe("the end", () => {
  const start = (body) => `POST /v2/models/weather/infer HTTP/1.1\r\nHost: a\r\nContent-Length: ${body}\r\n\r\n`;

  it("a request that is coming in is answered, and idle connections do not count", async () => {
    const idle = open("GET /v2 HTTP/1.1\r\nHost: a\r\n\r\n");
    await once(idle.socket, "data");
    const connection = open(start(good.length) + good.slice(0, 10));
    await once(app.server, "request");
    app.stopSoon();
    const closed = app.close();
    connection.socket.write(good.slice(10));
    expect(await connection.text()).toMatch(/^HTTP\/1\.1 200 /);
    expect(await idle.text()).toMatch(/^HTTP\/1\.1 200 /);
    await closed;
    await serve();
  });
});
