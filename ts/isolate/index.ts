export { IsolateDriver, type IsolateCapabilities, type IsolateChannel } from './driver.js';
export { notifyIsolates } from './notify-isolates.js';
export type { HostFunction, IsolateLimits, IsolateOptions } from './types.js';
