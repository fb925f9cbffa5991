'use strict';

const { parentPort } = require('node:worker_threads');

// Sends each message back; bytes are moved, as they came.
parentPort.on('message', (message) => {
  const isMoved = message instanceof ArrayBuffer;
  parentPort.postMessage(message, isMoved ? [message] : []);
});
