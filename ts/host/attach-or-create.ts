import { invalidOption, WorkerError } from '../errors/worker-error.js';
import { checkTimeout } from '../connection/options.js';
import { checkKnown } from '../options/check-known.js';
import { attachOptions, nearWorkerOptions, workerOptions } from '../options/host-options.js';
import type { AttachOptions } from '../types/attach-options.js';
import type { TimeoutConfig } from '../types/timeout-config.js';
import type { BaseWorkerOptions } from '../types/worker-options.js';
import type { ChildProcessDriver } from '../drivers/process/driver.js';
import type { MessageDefinitions } from '../types/message-definitions.js';
import { delay } from '../util/delay.js';
import { now } from '../util/primordials.js';
import { attach } from './attach.js';
import { startWorker } from './start-worker.js';
import type { Worker } from './worker.js';

/** How long to wait before the next attempt, in milliseconds. */
const AGAIN = 20;
const DEFAULT_TIMEOUT = 10_000;

type Options = BaseWorkerOptions<MessageDefinitions, ChildProcessDriver> & { takeOver?: boolean };

const known = { ...workerOptions, takeOver: true } as const;

/**
 * Implements `attachOrCreate`. The socket decides who starts the worker: its path is claimed before the start, so of several
 * hosts one starts it, and the others attach.
 */
export async function attachOrStart(options: Options): Promise<Worker> {
  if (typeof options !== 'object' || options === null) throw invalidOption('options', 'an object', options);
  checkKnown('attachOrCreate', options, known, '', { ...nearWorkerOptions, takeOver: true });
  const { takeOver: _takeOver, ...settings } = options;
  if (settings.socketPath === undefined && (typeof settings.name !== 'string' || settings.name === '')) {
    throw invalidOption('name', 'the name of a detached worker, or socketPath its path', settings.name);
  }
  if (settings.detached !== undefined && settings.detached !== true) {
    throw invalidOption('detached', 'true, which is the default here', settings.detached);
  }
  const deadline = now() + patienceOf(settings.timeout);
  for (;;) {
    try {
      return await attach(optionsOfAttach(options));
    } catch (error) {
      // Another host has it, and may leave; or the worker has just ended.
      if (!hasCode(error, 'ERR_NO_SUCH_WORKER', 'ERR_WORKER_OCCUPIED', 'ERR_WORKER_CRASHED')) throw error;
      if (!hasCode(error, 'ERR_NO_SUCH_WORKER') && now() >= deadline) throw error;
      if (hasCode(error, 'ERR_NO_SUCH_WORKER')) {
        try {
          return await startWorker({ ...settings, detached: true } as Parameters<typeof startWorker>[0]);
        } catch (failure) {
          // Another host has claimed the socket first.
          if (!hasCode(failure, 'ERR_WORKER_OCCUPIED') || now() >= deadline) throw failure;
        }
      }
      await delay(AGAIN);
    }
  }
}

function patienceOf(timeout: number | TimeoutConfig | undefined): number {
  const startup = typeof timeout === 'object' && timeout !== null ? timeout.startup : undefined;
  const millis = checkTimeout('timeout.startup', startup ?? DEFAULT_TIMEOUT);
  return millis === 0 ? Infinity : millis;
}

/** Those of the options that a host which attaches has. */
function optionsOfAttach(options: Options): AttachOptions {
  return Object.fromEntries(Object.entries(options).filter(([name]) => Object.hasOwn(attachOptions, name)));
}

function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof WorkerError && codes.includes(error.code);
}
