// Batching, back-pressure, metrics and the end of the service.
import { configure } from "cudnn-gru";
import { expect, it } from "vitest";
import { makeInputs, makeService, requestOf } from "./service.mjs";

it("concurrent requests of different lengths share calls, and each gets its own numbers", async () => {
  const { app, gru, infer } = await makeService();
  const inputs = Array.from({ length: 40 }, (_, i) => makeInputs(1, 1 + (i % 9), i + 1));
  const responses = await Promise.all(inputs.map((each) => infer(requestOf(each))));
  for (const [i, response] of responses.entries()) {
    expect(response.json().outputs[0].data).toEqual(Array.from(gru.call(inputs[i]).data));
  }
  const text = (await app.inject({ url: "/metrics" })).body;
  const metric = (name) => Number(new RegExp(`^${name}\\{[^}]*\\} (.+)$`, "m").exec(text)?.[1]);
  expect(metric("gru_requests_total")).toBe(40);
  expect(metric("gru_request_duration_seconds_count")).toBe(40);
  expect(metric("gru_call_rows_sum")).toBe(40);
  expect(metric("gru_call_rows_count")).toBeLessThan(20);
  expect(metric("gru_call_duration_seconds_sum")).toBeGreaterThan(0);
  expect(metric("gru_waiting_requests")).toBe(0);
  expect(text).toMatch(/^gru_native_memory_bytes\{kind="weights"\} \d+$/m);
  expect(text).toMatch(/^process_cpu_seconds_total/m);
  await app.close();
});

it.each([true, false])("a full queue is 503 with Retry-After, and ends (batching: %s)", async (batching) => {
  const { app, infer } = await makeService({ batching, maxQueue: 2, maxBatch: 4, maxDelayMs: 50 });
  if (!batching) configure({ maxQueue: 2 });
  const long = () => infer(requestOf(makeInputs(1, 3)));
  const responses = await Promise.all(Array.from({ length: 5 }, long));
  configure({ maxQueue: Number.POSITIVE_INFINITY });
  const refused = responses.filter(({ statusCode }) => statusCode === 503);
  expect(responses.filter(({ statusCode }) => statusCode === 200).length + refused.length).toBe(5);
  expect(refused.length).toBeGreaterThan(0);
  for (const response of refused) {
    expect(response.headers["retry-after"]).toBe("1");
    expect(response.json().error).toMatch(/maxQueue/);
  }
  expect((await long()).statusCode).toBe(200);
  const { body } = await app.inject({ url: "/metrics" });
  expect(body).toMatch(/gru_requests_total\{model="weather",status="503"\} \d/);
  await app.close();
});

it("a service that stops is not ready but alive, answers what it has, and frees the layer", async () => {
  const { app, infer, model } = await makeService({ maxDelayMs: 30 });
  const waiting = infer(requestOf(makeInputs(1, 2)));
  app.stopSoon();
  const ready = await app.inject({ url: "/v2/health/ready" });
  expect([ready.statusCode, ready.json()]).toEqual([503, { ready: false }]);
  expect((await app.inject({ url: "/v2/models/weather/ready" })).statusCode).toBe(503);
  expect((await app.inject({ url: "/v2/health/live" })).statusCode).toBe(200);
  expect((await waiting).statusCode).toBe(200);
  await app.close();
  await expect(model.infer(new Map([["inputs", { ...makeInputs(1, 1), datatype: "FP32" }]]))).rejects.toMatchObject({
    code: "ERR_DISPOSED",
  });
});
