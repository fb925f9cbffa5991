export { IsolateDriver, type IsolateCapabilities, type IsolateChannel } from './driver.js';
export type { HostFunction, IsolateLimits, IsolateOptions } from './types.js';
