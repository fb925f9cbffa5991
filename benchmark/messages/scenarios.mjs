// What is measured, each as a function from a worker to one number: per second, or microseconds where one is in flight.
// `work` is how much of it one round does; `beside` is the plain request that it is compared with, `limit` the target for
// this one divided by that.
const text = 'x'.repeat(100);
const chunk = 'x'.repeat(1024);

export const scenarios = [
  { name: 'send-64', title: 'send, 64 in flight', unit: 'per s', work: 20_000, measure: flight(() => undefined) },
  {
    name: 'signal',
    title: 'the same with one AbortSignal for all',
    unit: 'per s',
    beside: 'send-64',
    limit: 0.95,
    work: 20_000,
    measure: (worker, count) => {
      const { signal } = new AbortController();
      return flight(() => ({ signal }))(worker, count);
    },
  },
  {
    name: 'signals',
    title: 'the same with an AbortController each',
    unit: 'per s',
    beside: 'send-64',
    work: 20_000,
    measure: flight(() => ({ signal: new AbortController().signal })),
  },
  {
    name: 'stream',
    title: 'chunks of 1 KiB of a stream',
    unit: 'per s',
    beside: 'send-64',
    limit: 0.5,
    work: 10_000,
    measure: stream,
  },
  {
    name: 'calls',
    title: 'worker to host, 64 in flight',
    unit: 'per s',
    beside: 'send-64',
    // Its cost is at most 1.1 times that of a send.
    limit: 1 / 1.1,
    work: 20_000,
    measure: async (worker, count) => (await worker.send('callHost', { count, width: 64 })).perSecond,
  },
  { name: 'send-1', title: 'send, 1 in flight', unit: 'µs', work: 5_000, measure: latency },
  {
    name: 'sync',
    title: 'sendSync',
    unit: 'µs',
    beside: 'send-1',
    limit: 1,
    work: 5_000,
    measure: async (worker, count) => {
      const started = performance.now();
      for (let i = 0; i < count; i++) check(worker.sendSync('echo', { data: text }));
      return ((performance.now() - started) * 1000) / count;
    },
  },
];

function flight(options) {
  return async (worker, count) => {
    let left = count;
    async function lane() {
      while (left-- > 0) check(await worker.send('echo', { data: text }, options()));
    }
    const started = performance.now();
    await Promise.all(Array.from({ length: 64 }, lane));
    return (count * 1000) / (performance.now() - started);
  };
}

async function stream(worker, count) {
  const started = performance.now();
  let seen = 0;
  for await (const each of worker.stream('chunks', { count, chunk })) {
    if (each.length !== chunk.length) throw new Error('a chunk is not what was sent');
    seen++;
  }
  if (seen !== count) throw new Error(`${seen} chunks came of ${count}`);
  return (count * 1000) / (performance.now() - started);
}

async function latency(worker, count) {
  const started = performance.now();
  for (let i = 0; i < count; i++) check(await worker.send('echo', { data: text }));
  return ((performance.now() - started) * 1000) / count;
}

function check(reply) {
  if (reply.data !== text) throw new Error('the echo is not what was sent');
}
