const { performance } = globalThis;

/** Milliseconds of a clock that programs cannot set. */
export const clock: () => number = performance.now.bind(performance);
