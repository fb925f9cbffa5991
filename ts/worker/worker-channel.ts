import type { ServeSetup } from '../connection/serve-setup.js';
import type { RemoteErrorPayload } from '../types/message.js';

/** The connection of a worker to its host. */
export interface WorkerChannel {
  /** The driver that started this worker. */
  readonly driver: string;
  /** How long to wait for the host's handshake, in milliseconds, unless the worker sets it. */
  readonly connectTimeout: number;
  /**
   * The worker owns its thread: it may keep the event loop alive, and its end, or an uncaught error, affects no other
   * code.
   */
  readonly isAlone: boolean;
  /** `false`: its host has left, and may come again. Absent if `ServeSetup.onDisconnected` reports that. */
  readonly isConnected?: boolean;
  /** The host's serializer, if it is a built-in one and the start data name it. */
  readonly hostSerializer?: string | undefined;
  /** Blocks until they arrive; decodes them once. */
  startupData(): unknown;
  /** Starts to serve. Resolves when the host's handshake was read and fits; rejects with the reason if not. */
  serve(setup: ServeSetup): Promise<void>;
  /** Sends the host the error that is about to end this worker. */
  reportFatal(error: RemoteErrorPayload): void;
  /** Writes the answers so far, blocking for a bounded time; also while the worker exits. */
  flush(): void;
  /** Handles what the host has sent by now, before it returns. Absent where nothing reaches a blocked thread. */
  receiveNow?(): void;
  /** Writes the output before the tick ends, blocking for at most this many milliseconds; whether some is left. Absent as `receiveNow` is. */
  sendNow?(millis: number): boolean;
  /** Whether the connection alone keeps the worker's event loop alive; it does, unless told otherwise. */
  setRef(referenced: boolean): void;
  /** Resolves when the worker can end without a loss. */
  close(): void | Promise<void>;
  /** Ends the worker, if that ends no other code. */
  exit(): void;
}
