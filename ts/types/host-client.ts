import type { MessageDefinitions } from './message-definitions.js';
import type { RequestSender } from './request-sender.js';
import type { TransferList } from './transfer-list.js';

/**
 * What a worker asks its host with. What is asked before the server has started waits for it; while no host is connected,
 * it fails with `ERR_HOST_DISCONNECTED`.
 *
 * @typeParam H - The messages that the host serves, made with `DefineMessages`.
 */
export type HostClient<H extends MessageDefinitions = MessageDefinitions> = RequestSender<H, TransferList>;
