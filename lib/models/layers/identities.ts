import type { Builder } from "../compile/builder.js";
import type { Causality } from "../compile/streaming.js";
import type { Tensors } from "../compile/values.js";
import { type CallArguments, Layer } from "./layer.js";

/** A layer that does nothing outside training: Dropout and its kin, noise, ActivityRegularization and Identity. */
export class IdentityLayer extends Layer {
  override get supportsMasking(): boolean {
    return true;
  }

  override causality(): Causality {
    return "pointwise";
  }

  override call(_builder: Builder, args: CallArguments): Tensors {
    return this.input(args);
  }
}
