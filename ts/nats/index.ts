export { NatsDriver, type NatsCapabilities, type NatsChannel, type NatsDriverOptions } from './driver.js';
export { serve, type ServeOptions, type Serving } from './serving/serve.js';
export type { HeartbeatOptions, NatsOptions } from './options.js';
