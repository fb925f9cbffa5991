// What is measured of each pool. `measure` gets a started pool and gives a number.

/** Rounds of `compute` that take about a millisecond; measure.mjs finds them for its machine. */
export const MILLIS = [1, 10, 100];

/** How long bytes are sent at most, in milliseconds. */
const LONGEST = 2_000;

async function perSecond(pool, inFlight, count) {
  let left = count;
  const sender = async () => {
    while (left-- > 0) await pool.run('echo', { data: `${left}`.padEnd(100, 'x') });
  };
  const begun = performance.now();
  await Promise.all(Array.from({ length: inFlight }, sender));
  return (count / (performance.now() - begun)) * 1000;
}

export const echoes = [1, 64, 1024].map((inFlight) => ({
  name: `echo, ${inFlight.toLocaleString('en')} in flight`,
  unit: 'per second',
  inFlight,
  work: inFlight === 1 ? 2_000 : 20_000,
  measure: (pool, count) => perSecond(pool, inFlight, count),
}));

export const bytes = {
  name: '1 MiB of bytes',
  unit: 'µs',
  inFlight: 1,
  work: 40,
  async measure(pool, count) {
    const payload = new Uint8Array(1024 * 1024).fill(7);
    const begun = performance.now();
    let done = 0;
    // As JSON one takes long: then fewer are enough.
    while (done < count && performance.now() - begun < LONGEST) {
      const answer = await pool.run('echo', payload);
      if (answer[payload.length - 1] !== 7) throw new Error('1 MiB did not come back as it was');
      done++;
    }
    return ((performance.now() - begun) / done) * 1000;
  },
};

/** So many tasks at once, each of so many rounds: milliseconds until all are done. */
export async function computeAll(pool, count, rounds) {
  const begun = performance.now();
  await Promise.all(Array.from({ length: count }, () => pool.run('compute', rounds)));
  return performance.now() - begun;
}

/** Tasks of that length, so that all take about half a second of each processor. */
export const countOf = (millis, workers, scale) => Math.max(2, Math.round((500 * scale) / millis)) * workers;
