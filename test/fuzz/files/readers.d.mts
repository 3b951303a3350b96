/** See readers.mjs. */
export const readers: {
  /** Seconds of CPU time spent in what would be another thread, since this was last set. */
  elsewhere: number;
  /** Loads the HDF5 library. */
  prepare(): Promise<void>;
};
