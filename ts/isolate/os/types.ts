import type { IsolateOptions } from '../types.js';

/** The options of `new Worker()`. */
export interface WorkerOptions {
  /** A value that the worker has as `Worker.initialData`: a structured clone of it. */
  readonly initialData?: unknown;
  /** The text of the script, in place of the file's. The file need not exist; what the text imports is beside it. */
  readonly overrideCode?: string | undefined;
  /** The options of an `IsolateDriver`. */
  readonly driverOptions?: IsolateOptions | undefined;
}

/** A message of the worker. */
export interface WorkerMessageEvent {
  readonly data: unknown;
}

/** An error that nothing in the worker has caught, or that has ended it. */
export interface WorkerErrorEvent {
  /** The text of the error, or of the value that was thrown in place of one. */
  readonly message: string;
  /** The file of the script, or the name of the module that has thrown, below the root. */
  readonly filename: string;
  /** The line in that module; 0 if it is not known. */
  readonly lineno: number;
  /** `null` if the worker has thrown a value that is no error. */
  readonly error: Error | null;
}
