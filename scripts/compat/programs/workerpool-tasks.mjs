import workerpool from 'workerpool';

workerpool.worker({
  add: (one, other) => one + other,
  pid: () => process.pid,
  fail() {
    throw new Error('failed');
  },
  spin() {
    for (;;);
  },
  tell: () => workerpool.workerEmit({ step: 1 }),
  kill: () => process.kill(process.pid, 'SIGKILL'),
});
