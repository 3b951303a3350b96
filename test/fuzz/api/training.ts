import { optimizers } from "cudnn-gru";

export { optimizers };
export const { schedules } = optimizers;
