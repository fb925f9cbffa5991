import { unsupportedByDriver } from '../driver-errors.js';
import { invalidOption } from '../errors.js';

const known: Readonly<Record<string, readonly string[]>> = {
  child_process: [
    'execPath',
    'execArgv',
    'argv',
    'env',
    'cwd',
    'stdio',
    'resourceLimits',
    'killTree',
    'detached',
    'socketPath',
    'keepResults',
  ],
  worker_threads: ['workerData', 'resourceLimits', 'eval', 'execArgv', 'argv', 'env', 'stdout', 'stderr', 'name'],
};

/** Refuses options that this driver does not know: they would be ignored without a word. */
export function refuseOptions(driver: string, options: object): void {
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || known[driver]?.includes(name)) continue;
    const able = Object.keys(known).find((other) => known[other]?.includes(name));
    if (able !== undefined) throw unsupportedByDriver(driver, `the option \`${name}\``, able);
    throw invalidOption('driverOptions', `options of the driver "${driver}"`, name);
  }
}
