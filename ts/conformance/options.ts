import type { Driver, DriverOptionsFor, DriverValue } from '../index.js';

/** One thing that every driver must do, and the test of it. Any test framework can run it. */
export interface ConformanceCase {
  /** A sentence about behaviour. */
  readonly name: string;
  /**
   * Starts workers of its own, and closes them. Resolves when the driver does what the name says.
   *
   * @throws An `AssertionError`, or what the driver failed with; after `timeout` an error that names the case.
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
  /** What the driver's `spawn` takes. */
  driverOptions?: DriverOptionsFor<D> | undefined;
  /**
   * The workers' script. It must call `startWorkerServer({ ...conformanceServer, … })`, and name the driver where that
   * needs to be connected by its `createServer`. Default: scripts of this package, which name none.
   */
  script?: string | URL | undefined;
  /** `false`: a worker that calls `process.exit()` takes its host along, so nothing tests that. Default: `true`. */
  endsAlone?: boolean | undefined;
  /** How long each case may take, in milliseconds. Default: 20,000. */
  timeout?: number | undefined;
}
