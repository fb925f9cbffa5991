'use strict';

const { startWorkerServer } = require('isolated-workers');

startWorkerServer({ echo: (payload) => payload });
