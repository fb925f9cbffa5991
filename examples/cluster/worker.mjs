// @ts-check
// The worker. It knows neither NATS nor the machine of its host.
import { startWorkerServer } from 'isolated-workers';

/** @import { Handlers } from 'isolated-workers' */
/** @import { Messages } from './messages.mjs' */

/** @type {Handlers<Messages>} */
const handlers = {
  countPrimes({ from, to }) {
    let count = 0;
    for (let number = Math.max(2, from); number < to; number++) if (isPrime(number)) count++;
    return { count, pid: process.pid };
  },
};

/** @param {number} number */
function isPrime(number) {
  for (let divisor = 2; divisor * divisor <= number; divisor++) if (number % divisor === 0) return false;
  return true;
}

await startWorkerServer(handlers);
