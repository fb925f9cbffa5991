'use strict';

const { startWorkerServer } = require('isolated-workers');

const text = 'x'.repeat(100);

startWorkerServer({
  echo: (payload) => payload,
  async *chunks({ count, chunk }) {
    for (let i = 0; i < count; i++) yield chunk;
  },
  async callHost({ count, width }, { host }) {
    let left = count;
    async function lane() {
      while (left-- > 0) {
        const reply = await host.send('echo', { data: text });
        if (reply.data !== text) throw new Error('the host did not echo the payload');
      }
    }
    const started = performance.now();
    await Promise.all(Array.from({ length: width }, lane));
    return { perSecond: (count * 1000) / (performance.now() - started) };
  },
});
