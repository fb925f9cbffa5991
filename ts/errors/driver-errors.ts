import { WorkerError } from './worker-error.js';
import { reasonOf } from '../util/safely.js';

export function driverFailed(driver: string, what: string, cause: unknown): WorkerError {
  return new WorkerError('ERR_DRIVER_FAILED', `the driver "${driver}" ${what}: ${reasonOf(cause)}`, { cause });
}

/** @param able - A driver that can. */
export function unsupportedByDriver(driver: string, what: string, able: string): WorkerError {
  return new WorkerError(
    'ERR_UNSUPPORTED_BY_DRIVER',
    `the driver "${driver}" does not support ${what}. The driver "${able}" does.`,
  );
}
