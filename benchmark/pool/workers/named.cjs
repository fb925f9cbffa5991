'use strict';
// For piscina, tinypool and jest-worker: exported functions.
Object.assign(module.exports, require('./tasks.cjs').tasks);
