import { BroadcastChannel } from './broadcast/broadcast-channel.js';
import { getEnvironmentData, setEnvironmentData } from './environment-data.js';
import { Worker } from './host/worker.js';
import { original } from './originals.js';
import { markAsUncloneable } from './values/uncloneable.js';

/** What this library has in place of Node's. All other exports are Node's own, which work in one process. */
export const names = {
  Worker,
  BroadcastChannel,
  getEnvironmentData,
  setEnvironmentData,
  ...('markAsUncloneable' in original && { markAsUncloneable }),
};
