// The tasks for piscina and tinypool.
import { isMainThread, workerData } from 'node:worker_threads';

export default async function run(task) {
  switch (task.do) {
    case 'add':
      return task.a + task.b;
    case 'pid':
      return [process.pid, isMainThread, typeof workerData];
    case 'atomics':
      return process.env.PISCINA_DISABLE_ATOMICS === undefined;
    case 'fail':
      throw Object.assign(new RangeError('failed'), { code: 'ERR_MINE' });
    case 'size':
      return task.bytes.byteLength;
    case 'exit':
      return process.exit(3);
    case 'kill':
      process.kill(process.pid, 'SIGKILL');
      return new Promise(() => setInterval(() => {}, 1000));
    case 'spin':
      for (;;);
    default:
      return new Promise((resolve) => setTimeout(resolve, task.millis, 'waited'));
  }
}
