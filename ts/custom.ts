// What only needs who has a driver of the user's own: its definition, and the worker's end.
export { inferCapabilities } from './drivers/infer-capabilities.js';
export { checkEnd, toDriver } from './drivers/to-driver.js';
export { DriverWorkerChannel } from './values/driver-worker-channel.js';
