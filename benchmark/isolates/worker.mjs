// The worker of the benchmark of isolates, in an isolate as in a thread or a process.
import { startWorkerServer } from 'isolated-workers';

const fibonacci = (n) => (n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2));

await startWorkerServer({ add: ([a, b]) => a + b, fibonacci });
