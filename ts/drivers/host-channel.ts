import type { Readable, Writable } from 'node:stream';

import type { ConnectedHost, ConnectionSetup } from '../connection/connection.js';
import type { CoreChannel } from '../types/driver.js';
import type { Pulse } from './pulse.js';
import type { ShutdownReason } from '../types/shutdown-reason.js';

/** What a process has used of the processor so far. */
export interface ProcessorUse {
  /** In milliseconds. */
  readonly millis: number;
  /** It is using it, waits for its turn to, or for a disk. */
  readonly isBusy: boolean;
}

/** How a worker ended. */
export interface Ending {
  readonly reason: ShutdownReason;
  /** The error that ended it, if known. */
  readonly cause?: Error | undefined;
}

/** A running worker in the host, whatever its driver. */
export interface HostChannel extends CoreChannel {
  /** Its description, for the log. */
  readonly title: string;
  /** Absent: the worker's standard input is not piped. */
  readonly stdin?: Writable | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  /** Resolves when the worker has ended and its output has been read. */
  readonly exited: Promise<Ending>;
  /** The host reads its output by lines: then the streams alone do not keep the host alive. */
  isOutputReported?: boolean;
  /** The last lines of standard error, if it is piped. */
  readonly stderrTail: string[] | undefined;
  /** Messages travel as values, without a serializer unless the user names one. */
  readonly movesValues: boolean;
  /** Connects; called once, before any `reconnect`. */
  connect(setup: ConnectionSetup): ConnectedHost;
  /** The worker outlives its connection, and its host. */
  readonly isDetached?: boolean | undefined;
  /**
   * Releases a worker that lives on and that another host had started, and all resources besides the connection. Absent
   * if this host has started the worker.
   */
  release?(): void;
  /** The path at which a detached worker listens. */
  readonly socketPath?: string | undefined;
  /** Connects again, after the connection was closed without ending the worker. */
  reconnect?(setup: ConnectionSetup): ConnectedHost | Promise<ConnectedHost>;
  /** Its state. A call that is not `referenced` does not keep the host alive. */
  pulse(timeout: number, referenced?: boolean): Promise<Pulse>;
  /** The worker has reported that a debugger may stop it. Absent if it does not report that. */
  readonly isDebugged?: boolean | undefined;
  /**
   * How it has ended, while this thread is blocked and receives no event; waits at most this many milliseconds. Absent
   * if this cannot be known.
   */
  probeExit?(timeout: number): ShutdownReason | undefined;
  /** The processor time of the worker's process; absent, or `undefined`, if unknown. */
  used?(): ProcessorUse | undefined;
  /** The step of the driver itself for an orderly end, besides the message that asks the worker to stop. */
  askToEnd(): void;
  /** Ends the worker, unless it has ended. */
  kill(signal: 'SIGTERM' | 'SIGKILL'): void;
  /** Whether the worker keeps the host alive. */
  setRef(referenced: boolean): void;
}
