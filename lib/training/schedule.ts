import { KerasObject } from "../keras/serialization.js";

/** The base class of Keras's learning-rate schedules: a learning rate for each step of an optimizer. */
export abstract class LearningRateSchedule extends KerasObject {
  static override readonly module: string = "keras.optimizers.schedules";

  /** The learning rate of update number `step`, an integer from 0; computed in float32, as Keras's is. */
  abstract at(step: number): number;
}
