// @ts-check
// A server with a pool for each kind of job: passwords that are hashed do not delay pages that are rendered.
//
//     node examples/http-server/host.mjs [port]
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';

import { createPool, WorkerError } from 'isolated-workers';

import { metricsOf } from './metrics.mjs';

/** @import { IncomingMessage } from 'node:http' */
/** @import { AddressInfo } from 'node:net' */
/** @import { WorkerPool } from 'isolated-workers' */
/** @import { HashMessages, RenderMessages } from './messages.mjs' */

const limits = { maxWorkers: 2, maxQueue: 100, whenFull: /** @type {const} */ ('reject'), queueTimeout: 2_000 };

/** @type {WorkerPool<HashMessages>} */
const hashing = await createPool({ ...limits, script: new URL('./hash-worker.mjs', import.meta.url) });

/** @type {WorkerPool<RenderMessages>} */
const rendering = await createPool({ ...limits, script: new URL('./render-worker.mjs', import.meta.url) });

const server = createServer(async (request, response) => {
  const { status, body } = await answer(request).catch(failure);
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(body);
});
server.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () => {
  const { port } = /** @type {AddressInfo} */ (server.address());
  console.log(`http://127.0.0.1:${port}`);
});

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    // Requests that are here get their answers.
    await new Promise((resolve) => server.close(resolve));
    await Promise.all([hashing.close(), rendering.close()]);
    console.log('closed');
  });
}

/** @param {IncomingMessage} request */
async function answer(request) {
  // A client that leaves takes its job out of the queue.
  const left = new AbortController();
  request.socket.once('close', () => left.abort());
  const { signal } = left;
  switch (`${request.method} ${request.url}`) {
    case 'POST /hash':
      return { status: 200, body: await hashing.send('hash', { password: await text(request) }, { signal }) };
    case 'POST /render':
      return { status: 200, body: await rendering.send('render', { markdown: await text(request) }, { signal }) };
    case 'GET /metrics':
      return { status: 200, body: metricsOf({ hashing: hashing.stats(), rendering: rendering.stats() }) };
    default:
      return { status: 404, body: 'POST /hash, POST /render, GET /metrics' };
  }
}

/** @param {unknown} error */
function failure(error) {
  const isBusy = error instanceof WorkerError && /^ERR_(BACKPRESSURE|QUEUE_TIMEOUT|POOL_UNAVAILABLE)$/.test(error.code);
  if (!isBusy) console.error(error);
  return isBusy ? { status: 503, body: 'busy' } : { status: 500, body: 'failed' };
}
