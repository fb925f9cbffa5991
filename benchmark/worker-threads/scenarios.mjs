// What is measured of each peer. `measure` resolves with the figure.
const MEBIBYTE = 1 << 20;

/** Keeps `inFlight` messages under way until `count` have come back; resolves with the milliseconds. */
function exchange({ port, post }, { count, inFlight, next, transfer = () => undefined }) {
  return new Promise((resolve) => {
    let sent = 0;
    let received = 0;
    const begun = performance.now();
    const send = (message) => {
      sent++;
      post(message, transfer(message));
    };
    port.on('message', function onMessage(message) {
      if (++received === count) {
        port.off('message', onMessage);
        resolve(performance.now() - begun);
      } else if (sent < count) {
        send(next(message, sent));
      }
    });
    while (sent < Math.min(inFlight, count)) send(next(undefined, sent));
  });
}

const text = (_, index) => ({ data: String(index).padEnd(100, '.') });

export const scenarios = [
  {
    name: 'one',
    title: '1 message in flight, µs per round trip',
    better: 'lower',
    count: 20_000,
    measure: async (peer, count) => ((await exchange(peer, { count, inFlight: 1, next: text })) * 1000) / count,
  },
  {
    name: 'many',
    title: '64 messages in flight, round trips per second',
    better: 'higher',
    count: 100_000,
    measure: async (peer, count) => (count * 1000) / (await exchange(peer, { count, inFlight: 64, next: text })),
  },
  {
    name: 'bytes',
    title: '1 MiB of bytes moved there and back, µs',
    better: 'lower',
    count: 400,
    async measure(peer, count) {
      const next = (message) => message ?? new ArrayBuffer(MEBIBYTE);
      const millis = await exchange(peer, { count, inFlight: 1, next, transfer: (message) => [message] });
      return (millis * 1000) / count;
    },
  },
  {
    name: 'start',
    title: 'start to first message, ms',
    better: 'lower',
    count: 10,
    isStart: true,
    async measure(create, count) {
      let total = 0;
      for (let index = 0; index < count; index++) {
        const begun = performance.now();
        const peer = create();
        await exchange(peer, { count: 1, inFlight: 1, next: text });
        total += performance.now() - begun;
        await peer.stop();
      }
      return total / count;
    },
  },
];
