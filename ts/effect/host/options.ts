import { WorkerError } from '../../index.js';

/** Options of the platform. */
export interface PlatformOptions {
  /**
   * How many milliseconds a worker has to run its finalisers when it is closed, before it is terminated. Default: 5,000; `0`
   * and `Infinity`: no limit.
   */
  readonly closeTimeout?: number | undefined;
}

const DEFAULT = 5000;

/** @throws `ERR_INVALID_OPTION`. */
export function closeTimeoutOf(options: PlatformOptions = {}): number {
  const unknown = Object.keys(options).find((name) => name !== 'closeTimeout');
  if (unknown !== undefined) {
    throw new WorkerError('ERR_INVALID_OPTION', `the platform has no option "${unknown}". It has closeTimeout.`);
  }
  const { closeTimeout = DEFAULT } = options;
  if (typeof closeTimeout !== 'number' || !(closeTimeout >= 0)) {
    const shown = typeof closeTimeout === 'number' ? closeTimeout : `a ${typeof closeTimeout}`;
    throw new WorkerError(
      'ERR_INVALID_OPTION',
      `closeTimeout must be a number of milliseconds, 0 or more, not ${shown}`,
    );
  }
  return closeTimeout;
}
