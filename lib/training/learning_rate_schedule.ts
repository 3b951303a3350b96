import { KerasObject } from "../keras/serialization.js";

/**
 * The base class of Keras's learning-rate schedules. A schedule returns a learning rate for each step of an optimizer.
 */
export abstract class LearningRateSchedule extends KerasObject {
  static override readonly module: string = "keras.optimizers.schedules";

  /** Returns the learning rate of update number `step`, an integer from 0. It is computed in float32, as in Keras. */
  abstract at(step: number): number;
}
