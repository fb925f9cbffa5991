import type { EscalateOptions } from '../types/escalate-options.js';
import type { InputOptions, MessageOptions, PostOptions, SendOptions } from '../types/request-sender.js';
import type { MessageDefinitions } from '../types/message-definitions.js';
import type { SyncOptions } from '../types/sync-sender.js';
import type { KnownOf } from './known.js';

type AnyMessageOptions = MessageOptions<MessageDefinitions, string> & InputOptions<MessageDefinitions, string>;

const escalateOptions: KnownOf<EscalateOptions> = { terminateAfter: true, killAfter: true };

/** Options of `send` and `stream`. */
export const sendOptions: KnownOf<SendOptions & AnyMessageOptions> = {
  transfer: true,
  timeout: true,
  signal: true,
  escalate: escalateOptions,
  onProgress: true,
  input: true,
};

/** Options of `post`. */
export const postOptions: KnownOf<PostOptions> = { transfer: true };

/** Options of `sendSync`. */
export const syncOptions: KnownOf<SyncOptions> = { timeout: true };
