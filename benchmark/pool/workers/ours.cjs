'use strict';
const { startWorkerServer } = require('isolated-workers');
const { tasks } = require('./tasks.cjs');

startWorkerServer(tasks);
