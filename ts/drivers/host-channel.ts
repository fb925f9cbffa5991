import type { Readable } from 'node:stream';

import type { ConnectedHost, ConnectionSetup } from '../connection.js';
import type { CoreChannel } from '../types/driver.js';
import type { ShutdownReason } from '../types/shutdown-reason.js';

/** How a worker ended. */
export interface Ending {
  readonly reason: ShutdownReason;
  /** The error that ended it, where it is known. */
  readonly cause?: Error | undefined;
}

/** A running worker as the host has it, whatever its driver. */
export interface HostChannel extends CoreChannel {
  /** What it is, for the log. */
  readonly title: string;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  /** Resolves when the worker is gone and its output has been read. */
  readonly exited: Promise<Ending>;
  /** Its output is told by lines: then the streams alone do not keep the host alive. */
  outputIsTold?: boolean;
  /** The last lines of standard error, where it is piped. */
  readonly lastWords: string[] | undefined;
  /** Messages travel as values, without a serializer unless the user gives one. */
  readonly movesValues: boolean;
  /** Connects; called once, before any `reconnect`. */
  connect(setup: ConnectionSetup): ConnectedHost;
  /** The worker outlives its connection, and its host. */
  readonly isDetached?: boolean | undefined;
  /**
   * Lets go of a worker that lives on, and was there before this host: what is held besides the connection. Absent where
   * the host has started the worker.
   */
  release?(): void;
  /** Where a detached worker listens. */
  readonly socketPath?: string | undefined;
  /** Connects again, after the connection was closed without ending the worker. */
  reconnect?(setup: ConnectionSetup): ConnectedHost | Promise<ConnectedHost>;
  /**
   * For how many milliseconds its JavaScript has been running without a pause; 0: it waits; -1: it lives, more is not
   * known; -2: it did not answer in time; -3: it is gone. What is not `referenced` does not keep the host alive.
   */
  pulse(timeout: number, referenced?: boolean): Promise<number>;
  /** The worker has told that a debugger may stop it. Absent where it does not tell. */
  readonly isDebugged?: boolean | undefined;
  /**
   * How it has ended, while this thread is blocked and cannot be told; waits for that so many milliseconds. Absent where it
   * cannot be known.
   */
  peekEnd?(timeout: number): ShutdownReason | undefined;
  /** Besides the message that asks the worker to stop: what the driver itself does to end it in good order. */
  askToEnd(): void;
  /** Ends the worker, unless it is gone. */
  kill(signal: 'SIGTERM' | 'SIGKILL'): void;
  /** Whether the worker keeps the host alive. */
  setRef(referenced: boolean): void;
}
