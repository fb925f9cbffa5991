// The environment variables of a worker's process.

/** Names the connection to the host: `fd:` and the number of an inherited descriptor, or `pipe:`, a name and a secret. */
export const CHANNEL_VARIABLE = 'ISOLATED_WORKERS_CHANNEL';

/** Names the lifeline in this form; a `,group` suffix: the host's death ends the whole process group. */
export const LIFELINE_VARIABLE = 'ISOLATED_WORKERS_LIFELINE';

/**
 * The path at which a detached worker listens, as JSON: `path`, `keepResults`, and `fd`, the inherited listening
 * socket.
 */
export const SOCKET_VARIABLE = 'ISOLATED_WORKERS_SOCKET';

/** The limits of this process, as JSON. */
export const LIMITS_VARIABLE = 'ISOLATED_WORKERS_LIMITS';

/** `default`: signals of the terminal end this worker, as they end other programs. */
export const SIGNALS_VARIABLE = 'ISOLATED_WORKERS_SIGNALS';

/**
 * The member of a driver's options that has the name of the host's serializer, where the host has named one; empty for one of the
 * user's own. It passes through drivers of users that start processes by the library's driver.
 */
export const SERIALIZER: unique symbol = Symbol.for('isolated-workers.serializer') as never;

/** The host's serializer, if it is one of the library's own. */
export const SERIALIZER_VARIABLE = 'ISOLATED_WORKERS_SERIALIZER';

/** The host's `timeout.serverConnect`, in milliseconds: the connection would deliver it too late. */
export const CONNECT_TIMEOUT_VARIABLE = 'ISOLATED_WORKERS_CONNECT_TIMEOUT';

/** The process that the other variables are for, as JSON: an `Identity`. */
export const IDENTITY_VARIABLE = 'ISOLATED_WORKERS_IDENTITY';

/** Distinguishes the worker from other processes that have inherited its environment. */
export interface Identity {
  /** The host's process id. */
  readonly host: number;
  /** The worker's script. */
  readonly script: string;
  /** As in `Executable`. */
  readonly chain?: number | undefined;
  /** Device and inode of the socket of the connection, as `describeSocket` returns them. */
  readonly channel: string | undefined;
  readonly lifeline: string | undefined;
  /** Device and inode of the listening socket of a detached worker. */
  readonly socket?: string | undefined;
}
