import { BroadcastChannel } from './broadcast/broadcast-channel.js';
import { getEnvironmentData, setEnvironmentData } from './environment-data.js';
import { Worker } from './host/worker.js';
import { postMessageToThread } from './mail/post-message-to-thread.js';
import { original } from './originals.js';
import { receiveMessageOnPort } from './values/receive.js';
import { markAsUncloneable } from './values/uncloneable.js';

/** What this library has in place of Node's. All other exports are Node's own, which work in one process. */
export const names = {
  Worker,
  BroadcastChannel,
  getEnvironmentData,
  setEnvironmentData,
  receiveMessageOnPort,
  ...('postMessageToThread' in original && { postMessageToThread }),
  ...('markAsUncloneable' in original && { markAsUncloneable }),
};
