// @ts-check

const { createWorker, startWorkerServer } = require('isolated-workers');
const { ChildProcessDriver } = require('isolated-workers/drivers');

/** @typedef {import('./messages.cjs').Messages} Messages */

/** @param {import('isolated-workers').WorkerOptions<Messages>} options */
exports.requiredFunctionsAreTyped = async (options) => {
  const worker = await createWorker({ ...options, driver: new ChildProcessDriver() });
  worker.post('log', { line: (await worker.send('count')).toFixed() });
  // @ts-expect-error
  worker.post('log', { line: 1 });
};

/** @param {import('isolated-workers').Handlers<Messages>} handlers */
exports.handlersAreTyped = async (handlers) => {
  await startWorkerServer({ handlers });
  // @ts-expect-error
  await startWorkerServer({ handlers }).stop();
};
