// @ts-check

import { createWorker, startWorkerServer } from 'isolated-workers';
import { WorkerThreadsDriver } from 'isolated-workers/drivers/worker-threads';

/** @typedef {import('./messages.cjs').Messages} Messages */

/** @type {import('isolated-workers').WorkerOptions<Messages>} */
const options = { script: './worker.js', timeout: { types: { load: 1_000 } } };

/** @type {import('isolated-workers').WorkerOptions<Messages>} */
// @ts-expect-error
export const aScriptIsNeeded = { name: 'worker' };

export async function thePayloadAndTheResultAreInferredFromTheType() {
  const worker = await createWorker(options);
  const result = await worker.send('compute', { values: [1] });
  /** @type {number} */
  const sum = result.sum;
  await worker.send('shutdown');
  worker.post('log', { line: `${sum}` });
  await worker.disconnect();

  // @ts-expect-error
  await worker.send('compute', { values: ['1'] });
  // @ts-expect-error
  await worker.send('compute', { values: [1], extra: true });
  // @ts-expect-error
  await worker.send('compute');
  // @ts-expect-error
  await worker.send('unload', {});
  // @ts-expect-error
  result.product;
}

/** @type {import('isolated-workers').Handlers<Messages>} */
export const payloadsAreInferredInHandlers = {
  load: async ({ config }) => ({ loaded: /** @type {true} */ (config.length > 0) }),
  compute: ({ values }) => ({ sum: values.length }),
  count: () => 1,
  log: () => {},
  shutdown: () => {},
};
await startWorkerServer(payloadsAreInferredInHandlers);

/** @type {import('isolated-workers').Handlers<Messages>} */
// @ts-expect-error One is missing.
export const everyTypeHasAHandler = { load: () => ({ loaded: true }) };

/** @type {import('isolated-workers').Handlers<Messages>} */
export const aResultMayNotHaveTheWrongType = {
  ...payloadsAreInferredInHandlers,
  // @ts-expect-error
  compute: () => ({ sum: '1' }),
};

/** @type {import('isolated-workers').Handlers<Messages>} */
export const noHandlerIsUnknown = {
  ...payloadsAreInferredInHandlers,
  // @ts-expect-error
  unload: () => {},
};

/** @type {import('isolated-workers').Middleware<Messages>} */
export const messagesAreInferredInMiddleware = (message) => {
  if (message.type === 'load') message.payload.config.trim();
  // @ts-expect-error
  if (message.type === 'load') message.payload.values;
  return message;
};

/**
 * @template {import('isolated-workers').MessageTypeOf<Messages>} K
 * @param {import('isolated-workers').WorkerClient<Messages>} worker
 * @param {K} type
 * @param {import('isolated-workers').PayloadOf<Messages, K>} payload
 * @returns {Promise<import('isolated-workers').ResultPayloadOf<Messages, K>>}
 */
export function aWrapperMayLeaveTheTypeOpen(worker, type, payload) {
  return worker.send(type, payload);
}

/**
 * @template {import('isolated-workers').Driver} D
 * @param {import('isolated-workers').WorkerOptions<Messages, D>} workerOptions
 * @returns {Promise<import('isolated-workers').WorkerClient<Messages, D>>}
 */
export function aFunctionMayLeaveTheDriverOpen(workerOptions) {
  return createWorker(workerOptions);
}

export async function theDriverIsInferred() {
  const worker = await createWorker({ script: './worker.js', driver: WorkerThreadsDriver });
  await worker.send('anything', { at: 'all' });
  // @ts-expect-error
  await worker.disconnect();
}
