module.exports = { workerThreads: true, maxWorkers: 2, testMatch: ['**/*.test.js'], rootDir: __dirname };
