// Reads a model file as a program would and prints, as JSON, the outcome, the most memory that the process had
// (`peak`, in MB) and the longest time for which its event loop stood still (`blocked`, in ms):
//   node test/formats/cost_probe.mjs FILE [UNITS [ARGUMENTS]]
// With UNITS (and a GRU's other arguments as JSON) the file goes to loadWeights, else to GRU.fromKeras.
import { GRU } from "cudnn-gru";

const [file, units, args = "{}"] = process.argv.slice(2);

let last = performance.now();
let blocked = 0;
const tick = () => {
  const now = performance.now();
  blocked = Math.max(blocked, now - last);
  last = now;
};
const timer = setInterval(tick, 1);

async function read() {
  if (units === undefined) return await GRU.fromKeras(file);
  const gru = new GRU(Number(units), JSON.parse(args));
  await gru.loadWeights(file);
  return gru;
}

const outcome = await read().then(
  (gru) => `${gru.countParams()} weights`,
  (error) => `${error.code}: ${error.message}`,
);
tick();
clearInterval(timer);
const peak = Math.round(process.resourceUsage().maxRSS / 1000);
console.log(JSON.stringify({ outcome, peak, blocked: Math.round(blocked) }));
