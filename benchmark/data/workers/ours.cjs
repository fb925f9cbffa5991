'use strict';

const { startWorkerServer } = require('isolated-workers');

startWorkerServer({ take: ({ modules }) => modules.length });
