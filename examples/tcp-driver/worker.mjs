// @ts-check
// The worker. It names the driver: a program that is no child process or thread of the library cannot find out by itself
// that it is a worker.
import { getStartupData, startWorkerServer } from 'isolated-workers';
import { tcpDriver } from './driver.mjs';

/** @import { DefineMessages, Handlers } from 'isolated-workers' */
/**
 * @typedef {DefineMessages<{
 *   greet: { payload: { name: string }; result: { text: string; pid: number } };
 *   divide: { payload: { a: number; b: number }; result: number };
 * }>} Messages
 */

/** @type {Handlers<Messages>} */
const handlers = {
  greet: ({ name }) => ({ text: `${getStartupData()}, ${name}!`, pid: process.pid }),
  divide({ a, b }) {
    if (b === 0) throw new RangeError('division by zero');
    return a / b;
  },
};

await startWorkerServer(handlers, { driver: tcpDriver });
