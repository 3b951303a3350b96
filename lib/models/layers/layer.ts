import { GRUError, type GRUErrorCode } from "../../errors/gru_error.js";
import { expectedText, inPlace } from "../../errors/messages.js";
import type { DTypePolicy } from "../../keras/dtype_policy.js";
import type { LayerParts } from "../../layers/layer_parts.js";
import type { Builder } from "../compile/builder.js";
import { type Causality, needsWhole } from "../compile/streaming.js";
import type { KerasDtype, SymbolicTensor } from "../compile/symbolic.js";
import { isTensor, type Masks, shownShape, type Tensors, type Value } from "../compile/values.js";
import { type Entry, shown } from "../graph/entry.js";
import { ConfigReader } from "./config_reader.js";
import { type WeightRequest, WeightSlot } from "./weight_slot.js";

/** The arguments of a call of a layer, by the names of the parameters of its `call` in Keras. */
export type CallArguments = Readonly<Record<string, Value>>;

/** The description that a layer is made from, and how it makes the layers inside of it. */
export interface LayerSource {
  readonly entry: Entry;
  /** Makes a layer that is inside of this one. `group` is the group of its weights, such as `forward_layer`. */
  child(serialized: unknown, group: string): Layer;
}

/** A GRU of a layer, and its place in the model. */
export interface NamedGru {
  readonly name: string;
  readonly parts: LayerParts;
}

/** A Keras layer. A subclass reads its config and says which weights it needs, and compiles its calls. */
export abstract class Layer {
  readonly entry: Entry;
  readonly config: ConfigReader;
  /** The dtypes of the layer. */
  readonly policy: DTypePolicy;
  /** The weights of the layer itself, in Keras's order. */
  readonly slots: WeightSlot[] = [];
  /** The layers inside, in Keras's order. */
  readonly children: Layer[] = [];

  constructor({ entry }: LayerSource) {
    this.entry = entry;
    this.config = new ConfigReader(entry);
    this.policy = this.config.policy();
  }

  /** The names of the parameters of Keras's `call`, the inputs first. */
  get signature(): readonly string[] {
    return ["inputs"];
  }

  /** Whether Keras computes masks for the outputs (`supports_masking`). Without, they have only those that `call` sets. */
  get supportsMasking(): boolean {
    return false;
  }

  /** The dtype to which Keras casts floating-point inputs; `null` when it leaves them as they are. */
  get inputDtype(): KerasDtype | null {
    return this.config.raw("autocast") === false ? null : this.computeDtype;
  }

  /** The dtype of outputs. */
  get computeDtype(): KerasDtype {
    return this.policy.computeDtype;
  }

  /** Whether the layer takes all weights that the file has for it, whatever they are. */
  get takesAllWeights(): boolean {
    return false;
  }

  /** Whether `call` gets arguments that `signature` does not name. */
  get takesOtherArguments(): boolean {
    return false;
  }

  /** Whether the layer carries states from call to call. */
  get isStateful(): boolean {
    return false;
  }

  /** The GRUs of the layer itself, without those of the layers inside. */
  get grus(): readonly NamedGru[] {
    return [];
  }

  /** The number of calls that one call of this layer makes, this one included. */
  get calls(): number {
    return this.children.reduce((sum, child) => sum + child.calls, 1);
  }

  /** The layer's place: its name, after those of the models and wrappers around it. */
  get path(): string {
    return this.entry.place.names.join("/");
  }

  /**
   * Whether the layer can compute the sequences `inputs` in pieces. Their timesteps are the first axis after the batch.
   */
  causality(_inputs: readonly SymbolicTensor[]): Causality {
    return needsWhole();
  }

  /** Whether an output of a causal layer has timesteps. By default one with more axes than a state. */
  isSequenceOutput({ shape }: SymbolicTensor): boolean {
    return shape.length > 1;
  }

  /** Adds the instructions of a call to `builder` and returns the outputs. */
  abstract call(builder: Builder, args: CallArguments): Tensors;

  /** Returns the masks of the outputs, as Keras's `compute_mask`. By default the mask of the inputs. */
  computeMask(_builder: Builder, _inputs: Value, mask: Masks | null): Masks | null {
    return mask;
  }

  /** Says that the layer needs a weight from the file. */
  weight(request: WeightRequest): WeightSlot {
    const slot = new WeightSlot(request);
    this.slots.push(slot);
    return slot;
  }

  /** The one tensor that `call` got as its inputs. */
  protected input(args: CallArguments): SymbolicTensor {
    return this.tensor(args[this.signature[0] as string], "inputs");
  }

  /** Returns `value` if it is one tensor. */
  protected tensor(value: Value | undefined, name: string): SymbolicTensor {
    if (isTensor(value)) return value;
    throw this.failure("ERR_SHAPE", name, "one tensor", describeValue(value));
  }

  /** Returns `value` if it is a list of tensors. */
  protected tensorList(value: Value | undefined, name: string): SymbolicTensor[] {
    if (Array.isArray(value) && value.every(isTensor)) return [...(value as SymbolicTensor[])];
    throw this.failure("ERR_SHAPE", name, "a list of tensors", describeValue(value));
  }

  /** Throws unless the input has so many axes after the batch. */
  protected requireRank(x: SymbolicTensor, rank: number, axes: string): void {
    if (x.repeat !== null && x.shape.length === rank) return;
    throw this.shapeError(axes, x);
  }

  /** Makes the error about an input of another shape. */
  shapeError(expectation: string, x: SymbolicTensor, name = "inputs"): GRUError {
    return this.failure("ERR_SHAPE", name, expectation, `shape ${shownShape(x)}`);
  }

  /** Makes the error about a call, which names the layer. */
  failure(code: GRUErrorCode, name: string, expectation: string, received: string): GRUError {
    return expectedText(code, name, expectation, received, { owner: shown(this.entry) });
  }

  /** Returns this layer and all layers inside, the outer ones first. */
  all(): Layer[] {
    return [this, ...this.children.flatMap((child) => child.all())];
  }

  /** Frees native memory. */
  dispose(): void {
    for (const child of this.children) child.dispose();
  }

  /** Runs `work`, and says in its errors that they come from this layer. */
  within<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      const named = error instanceof GRUError && !error.message.includes(shown(this.entry));
      throw named ? inPlace(shown(this.entry), error) : error;
    }
  }
}

function describeValue(value: Value | undefined): string {
  if (isTensor(value)) return `one tensor of shape ${shownShape(value)}`;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return value === null || value === undefined ? "none" : typeof value === "object" ? "an object" : typeof value;
}
