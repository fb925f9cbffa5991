// Runs the conformance suite on isolates. Its worker is one module, with small forms of what its handlers use of Node.
import { describe, test } from 'node:test';

import { conformanceCases } from 'isolated-workers/conformance';
import { IsolateDriver } from 'isolated-workers/drivers/isolate';

import { conformanceScript } from '../fixtures/isolate/conformance-script.mjs';
import { ways } from '../fixtures/isolate/support.mjs';

const source = await conformanceScript();

/** Their handlers keep the context of a caller over a pause, by `AsyncLocalStorage`: the engine of isolates has nothing like it. */
const needContexts = [
  "a handler runs in its caller's context, for as long as it runs, and in none where its message had none",
  'requests that run at the same time keep their contexts apart',
  "a stream is made, and an input is read, in the caller's context",
  'a message carries the context of its call, however long it waits',
  'the sender refuses a context that is too long or no text',
];

/** Another process has no memory of its host. */
const needMemory = ['a SharedArrayBuffer is the same memory on both sides'];

/** Why a case does not apply to a way. */
function absent(way: string, name: string): string | false {
  if (needContexts.includes(name)) return 'the engine has no asynchronous contexts';
  return way === 'jail' && needMemory.includes(name) && 'processes share no memory of the runtime';
}

for (const [way, options] of Object.entries(ways)) {
  describe(`IsolateDriver, ${way}:`, { concurrency: 2 }, () => {
    const cases = conformanceCases({
      driver: new IsolateDriver(),
      script: 'conformance.js',
      // Cases with megabytes of text take an interpreter seconds.
      timeout: 60_000,
      driverOptions: {
        ...options,
        sharedMemory: way !== 'jail',
        sources: { 'conformance.js': source },
        limits: { memoryMb: 256, cpuMsPerMessage: 20_000 },
      },
    });
    for (const { name, run } of cases) {
      test(name, { skip: absent(way, name) }, run);
    }
  });
}
