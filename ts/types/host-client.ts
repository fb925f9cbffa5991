import type { MessageDefinitions, MessageTypes } from './message-definitions.js';
import type { RequestSender } from './request-sender.js';
import type { TransferList } from './transfer-list.js';

/**
 * Sends messages from a worker to its host. Calls before the server has started wait for it; while no host is
 * connected, they fail with `ERR_HOST_DISCONNECTED`.
 *
 * @typeParam H - The messages that the host serves, made with `DefineMessages`.
 */
export type HostClient<H extends MessageTypes<H> = MessageDefinitions> = RequestSender<H, TransferList>;

/**
 * A connected host, as `hosts` and the events of a worker server have it. Once it has left, its calls fail with
 * `ERR_HOST_DISCONNECTED`.
 *
 * @typeParam H - The messages that the host serves, made with `DefineMessages`.
 */
export type ConnectedHost<H extends MessageTypes<H> = MessageDefinitions> = HostClient<H> & {
  /** Its process id, if the kernel tells it: on Linux, of a host in another process. */
  readonly pid: number | undefined;
  /** `false` as soon as it has left. */
  readonly isConnected: boolean;
};
