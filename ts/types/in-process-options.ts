/** The `driverOptions` of `InProcessDriver`. */
export interface InProcessOptions {
  /**
   * Loads the worker's module in place of `import()`, for programs whose modules something else loads: a test runner that transforms
   * and mocks them, or a bundler. What it promises is awaited; the module it loads calls `startWorkerServer`. Then `script` only names
   * the worker. A loader that keeps its modules runs each once: for a second worker let the module export what starts the server, and
   * call that. Default: `import()` of the script, anew for each worker.
   *
   * @example
   * ```ts
   * driverOptions: { load: () => import('./worker.js') }
   * ```
   */
  load?: (() => unknown) | undefined;
}
