// What is measured of each peer.
export const BARE = 'bare request and reply';

export const scenarios = [
  {
    name: 'one',
    title: '1 in flight, µs per request',
    inFlight: 1,
    requests: 3000,
    figure: (millis, requests) => (millis * 1000) / requests,
    better: 'lower',
    target: 'at most 1.3',
  },
  {
    name: 'many',
    title: '64 in flight, requests per second',
    inFlight: 64,
    requests: 20_000,
    figure: (millis, requests) => (requests * 1000) / millis,
    better: 'higher',
    target: 'at least 0.7',
  },
];
