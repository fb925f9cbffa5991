// What the entries for users hand on.
export * from './index.js';
export * from './os.js';
