// What only needs who has a driver of the user's own: its definition, and the worker's end.
export { inferCapabilities } from './drivers/infer-capabilities.js';
export { connectBy } from './connect-by.js';
export { toDriver } from './drivers/to-driver.js';
