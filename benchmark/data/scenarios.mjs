// What is measured, each as a function from a peer to one number. `work` is how much of it one round does.
const small = { data: 'x'.repeat(100) };
const rich = { at: new Date(0), tags: new Set(['a', 'b']), data: 'x'.repeat(100) };
// Made when they are needed: their memory is measured, too.
const text = () => 'x'.repeat(2 ** 20);
const bytes = () => new Uint8Array(64 * 2 ** 20).fill(7);

export const scenarios = [
  {
    name: 'small',
    title: 'small, 64 in flight',
    unit: 'per s',
    better: 'higher',
    work: 80_000,
    measure: flight(small),
  },
  {
    name: 'rich',
    title: 'a `Date` and a `Set`, 64 in flight',
    unit: 'per s',
    better: 'higher',
    work: 40_000,
    measure: flight(rich),
  },
  {
    name: 'text',
    title: '1 MiB string',
    unit: 'µs',
    better: 'lower',
    work: 30,
    measure: alone(text, (reply) => reply.length),
  },
  {
    name: 'bytes',
    title: '64 MiB `Uint8Array`',
    unit: 'µs',
    better: 'lower',
    // The first after a pause find no memory that is ready.
    work: 6,
    measure: alone(bytes, (reply) => reply.length),
  },
];

function flight(payload) {
  return async (peer, count) => {
    let left = count;
    async function lane() {
      while (left-- > 0) {
        const reply = await peer.echo(payload);
        if (reply.data !== payload.data) throw new Error(`${peer.name} did not echo what was sent`);
      }
    }
    const started = performance.now();
    await Promise.all(Array.from({ length: 64 }, lane));
    return (count * 1000) / (performance.now() - started);
  };
}

function alone(create, sizeOf) {
  let payload;
  return async (peer, count) => {
    payload ??= create();
    const started = performance.now();
    for (let i = 0; i < count; i++) {
      if (sizeOf(await peer.echo(payload)) !== sizeOf(payload)) throw new Error(`${peer.name} did not echo all of it`);
    }
    return ((performance.now() - started) * 1000) / count;
  };
}
