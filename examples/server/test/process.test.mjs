// The program itself, over HTTP.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { GRU } from "cudnn-gru";
import { afterEach, expect, it } from "vitest";
import { makeInputs, requestOf, weather } from "./service.mjs";

const program = fileURLToPath(new URL("../server.mjs", import.meta.url));
const running = new Set();

afterEach(() => {
  for (const child of running) child.kill("SIGKILL");
});

/** Starts the program on a free port; resolves when it listens. */
async function start(...args) {
  const child = spawn(process.execPath, [program, "--port", "0", "--host", "127.0.0.1", ...args]);
  running.add(child);
  child.once("exit", () => running.delete(child));
  let text = "";
  child.stderr.on("data", (data) => {
    text += data;
  });
  const port = await new Promise((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`ended with ${code}: ${text}`)));
    child.stdout.on("data", (data) => {
      text += data;
      const found = /listening on port (\d+)|127\.0\.0\.1:(\d+)/.exec(text);
      if (found) resolve(Number(found[1] ?? found[2]));
    });
  });
  return { child, url: `http://127.0.0.1:${port}`, port, log: () => text };
}

const post = (url, body) =>
  fetch(`${url}/v2/models/weather/infer`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });

it("serves, and on SIGTERM answers what it has accepted and ends with 0", async () => {
  const { child, url, log } = await start("--model", `weather=${weather}`, "--max-delay-ms", "300");
  expect(await (await fetch(`${url}/v2/health/ready`)).json()).toEqual({ ready: true });
  const inputs = makeInputs(1, 4);
  const answers = [1, 2, 3].map(() => post(url, requestOf(inputs)));
  await sleep(100);
  child.kill("SIGTERM");
  const exited = once(child, "exit");
  const expected = Array.from((await GRU.fromKeras(weather)).call(inputs).data);
  for (const answer of await Promise.all(answers)) {
    expect(answer.status).toBe(200);
    expect((await answer.json()).outputs[0].data).toEqual(expected);
  }
  expect(await exited).toEqual([0, null]);
  expect(log()).toContain("stopped");
  await expect(fetch(url)).rejects.toThrow();
});

it("slow clients do not keep it from ending: after the limit their connections are closed", async () => {
  const limits = ["--shutdown-limit-ms", "500", "--request-timeout-ms", "3600000"];
  const { child, url, port, log } = await start("--model", `weather=${weather}`, ...limits);
  const infer = "POST /v2/models/weather/infer HTTP/1.1\r\nHost: a\r\n";
  const slow = [
    "",
    "GET /v2 HTTP/1.1\r\nHost: a",
    "GET /v2 HTTP/1.1\r\nHost: a\r\n\r\n",
    `${infer}Content-Length: 10000\r\n\r\n`,
  ];
  const sockets = slow.map((text) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => {});
    socket.write(text);
    return socket;
  });
  const trickle = setInterval(() => {
    for (const socket of sockets) if (socket.writable) socket.write("a");
  }, 50);
  expect((await post(url, requestOf(makeInputs(1, 4)))).status).toBe(200);
  child.kill("SIGTERM");
  expect(await once(child, "exit")).toEqual([0, null]);
  clearInterval(trickle);
  expect(log()).toContain("stopped");
});

it("a client that goes away takes its request back; others do not notice", async () => {
  const { url, port } = await start("--model", `weather=${weather}`, "--max-delay-ms", "400", "--quiet");
  const body = JSON.stringify(requestOf(makeInputs(1, 4)));
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  socket.write(`POST /v2/models/weather/infer HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  await sleep(100);
  const other = post(url, requestOf(makeInputs(1, 4)));
  const waiting = async () => /gru_waiting_requests\{.*\} (\d+)/.exec(await (await fetch(`${url}/metrics`)).text())[1];
  await sleep(50);
  expect(await waiting()).toBe("2");
  socket.destroy();
  await sleep(50);
  expect(await waiting()).toBe("1");
  expect((await other).status).toBe(200);
  const text = await (await fetch(`${url}/metrics`)).text();
  expect(text).toMatch(/gru_call_rows_sum\{.*\} 1$/m);
});

it("takes a folder as KServe mounts it, and says what is wrong with other ones", async () => {
  const { url } = await start("--model-name", "mine", "--model-dir", join(weather, ".."), "--quiet");
  expect((await (await fetch(`${url}/v2/models/mine`)).json()).name).toBe("mine");
  const folder = mkdtempSync(join(tmpdir(), "cudnn-gru-server-"));
  const end = (...args) => spawnSync(process.execPath, [program, ...args], { encoding: "utf8" });
  const empty = end("--model-dir", folder);
  rmSync(folder, { recursive: true });
  expect([empty.status, empty.stderr]).toEqual([2, expect.stringContaining("found 0")]);
  const missing = end("--model", "a=/nonexistent.keras");
  expect([missing.status, missing.stderr]).toEqual([2, expect.stringContaining("/nonexistent.keras")]);
  expect(end().status).toBe(2);
  expect(end("--model", "a").status).toBe(2);
  expect(end("--help").stdout).toContain("--max-batch");
  const unknown = end("--models", "a");
  expect([unknown.status, unknown.stderr.split("\n").length]).toEqual([2, 2]);
  const text = end("--model", `a=${weather}`, "--shutdown-limit-ms", "soon");
  expect([text.status, text.stderr]).toEqual([2, expect.stringContaining("--shutdown-limit-ms")]);
  const bad = end("--model", `a=${weather}`, "--max-batch", "0");
  expect([bad.status, bad.stderr]).toEqual([2, expect.stringContaining("maxBatch")]);
});
