// Values that JSON does not carry, and what is made for several messages or processes.
export { cut, join } from '../segment-layout.js';
export { preparePayload } from '../prepare-payload.js';
export { createSharedBuffer } from './shared-buffer.js';
export { findShared, keepMoving, newSharedArrayBuffer, showShared } from './shared-array-buffers.js';
export { sharedNotify, sharedWait, sharedWaitLater } from './shared-waiting.js';
export { read } from './v8-reader.js';
export { writeFound, writeLongText } from './v8-writer.js';
