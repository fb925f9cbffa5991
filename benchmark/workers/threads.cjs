'use strict';

const { parentPort } = require('node:worker_threads');

parentPort.on('message', (message) => {
  if (message === null) parentPort.close();
  else parentPort.postMessage({ id: message.id, payload: message.payload });
});
