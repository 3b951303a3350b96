import { channel } from "node:diagnostics_channel";
import { memoryUsage } from "cudnn-gru";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

/** The metrics that /metrics reports for these models. Each service in a process has its own. */
export class Metrics {
  #registry = new Registry();
  #calls = channel("cudnn-gru:call");
  #listener;

  constructor(models) {
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry });
    this.requests = new Counter({
      name: "gru_requests_total",
      help: "Inference requests, by HTTP status",
      labelNames: ["model", "status"],
      registers,
    });
    this.seconds = new Histogram({
      name: "gru_request_duration_seconds",
      help: "From a request's arrival to its answer",
      labelNames: ["model"],
      buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
      registers,
    });
    const rows = new Histogram({
      name: "gru_call_rows",
      help: "Rows of each call of the layer: how well requests gather",
      labelNames: ["model", "path"],
      buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256],
      registers,
    });
    const computed = new Histogram({
      name: "gru_call_duration_seconds",
      help: "Computation of each call of the layer",
      labelNames: ["model", "path"],
      buckets: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
      registers,
    });
    new Gauge({
      name: "gru_waiting_requests",
      help: "Requests that wait for a call to start",
      labelNames: ["model"],
      registers,
      collect() {
        for (const model of models.values()) this.set({ model: model.name }, model.waiting);
      },
    });
    new Gauge({
      name: "gru_native_memory_bytes",
      help: "Memory that the native side holds",
      labelNames: ["kind"],
      registers,
      collect() {
        for (const [kind, bytes] of Object.entries(memoryUsage())) this.set({ kind }, bytes);
      },
    });
    // The name of a layer is the name of its model.
    this.#listener = ({ layer: model, path, batch, computed: milliseconds }) => {
      if (!models.has(model) || milliseconds === null) return;
      rows.observe({ model, path }, batch);
      computed.observe({ model, path }, milliseconds / 1000);
    };
    this.#calls.subscribe(this.#listener);
  }

  get contentType() {
    return this.#registry.contentType;
  }

  text() {
    return this.#registry.metrics();
  }

  close() {
    this.#calls.unsubscribe(this.#listener);
    this.#registry.clear();
  }
}
