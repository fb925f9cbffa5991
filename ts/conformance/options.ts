import type { Driver, DriverOptionsFor, DriverValue } from '../index.js';

/** A requirement of every driver, and its test. Any test framework can run it. */
export interface ConformanceCase {
  /** A sentence about behaviour. */
  readonly name: string;
  /**
   * Starts and closes its own workers. Resolves if the driver does what the name says.
   *
   * @throws An `AssertionError`, or the error of the driver; after `timeout` an error that names the case.
   */
  run(): Promise<void>;
}

/**
 * Options of `conformanceCases`.
 *
 * @typeParam D - The driver.
 */
export interface ConformanceOptions<D extends Driver = Driver> {
  /** The driver to test: an instance, or its class. */
  driver: DriverValue<D>;
  /** Options for the driver's `spawn`. */
  driverOptions?: DriverOptionsFor<D> | undefined;
  /**
   * The workers' script. It must call `startWorkerServer({ ...conformanceServer, … })`, and name the driver if its
   * `createServer` connects the worker. Default: scripts of this package, which name none.
   */
  script?: string | URL | undefined;
  /** `false`: `process.exit()` in a worker ends the host too, so the suite does not test it. Default: `true`. */
  endsAlone?: boolean | undefined;
  /** The limit of each case, in milliseconds. Default: 20,000. */
  timeout?: number | undefined;
}
