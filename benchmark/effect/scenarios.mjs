// What is measured of each peer. `concurrency` and `discard` are options of `Effect.forEach`.
export const scenarios = [
  {
    name: 'one',
    title: '1 call in flight, µs per call',
    calls: 2000,
    concurrency: 1,
    discard: true,
    figure: (millis, calls) => (millis * 1000) / calls,
    better: 'lower',
  },
  {
    name: 'many',
    title: '64 calls in flight, calls per second',
    calls: 6400,
    concurrency: 64,
    discard: true,
    figure: (millis, calls) => (calls * 1000) / millis,
    better: 'higher',
  },
];
