// Without the durations of an earlier run: Jest runs tests that were fast in its own process.
const cacheDirectory = require('node:path').join(__dirname, `.cache-${process.pid}`);
module.exports = {
  workerThreads: true,
  maxWorkers: 2,
  testMatch: ['**/*.test.js'],
  rootDir: __dirname,
  cacheDirectory,
};
