// Workers start on a busy machine.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { test } from 'node:test';

import { createWorker, WorkerThreadsDriver } from 'isolated-workers';

import { failure } from '../fixtures/faults/support.mjs';
import { scratch } from '../fixtures/lives/support.mjs';
import { inTestAll } from '../fixtures/rounds.mjs';

const library = JSON.stringify(import.meta.resolve('isolated-workers'));
const serve = `import { startWorkerServer } from ${library};\nawait startWorkerServer({ ping: () => 'pong' });\n`;
/** Uses the processor for so many milliseconds of its own time, however long that takes. */
const work = (millis: number) => `
  const begun = process.cpuUsage();
  for (let used = begun; used.user + used.system < ${millis} * 1000; used = process.cpuUsage(begun));
`;
/** The same for a thread: as much work as one alone does in so many milliseconds. */
const rounds = (count: number) =>
  `let sum = 0;\nfor (let round = 0; round < ${count}; round++) sum += Math.sqrt(round);\n`;
const drivers = [
  ['processes', undefined],
  ['threads', WorkerThreadsDriver],
] as const;

test('Many workers that compute while they start all start within the time limit of a single worker', async (t) => {
  const { file } = scratch(t);
  // Written so that the work comes first, and the library is not there to tell of it.
  await writeFile(file('works.mjs'), `${work(200)}\nawait import('./serves.mjs');\n`);
  await writeFile(file('serves.mjs'), serve);
  const options = { script: file('works.mjs'), timeout: { startup: 1000 }, logLevel: 'silent' } as const;
  const workers = await Promise.all(Array.from({ length: 24 }, () => createWorker(options)));
  assert.equal(workers.length, 24);
  await Promise.all(workers.map((worker) => worker.close()));
});

test('Many threads that compute while they start all start', async (t) => {
  const { file } = scratch(t);
  await writeFile(file('works.mjs'), `${rounds(2e7)}\nawait import('./serves.mjs');\n`);
  await writeFile(file('serves.mjs'), serve);
  const driver = new WorkerThreadsDriver();
  const options = { script: file('works.mjs'), driver, timeout: { startup: 1000 }, logLevel: 'silent' } as const;
  const workers = await Promise.all(Array.from({ length: 24 }, () => createWorker(options)));
  assert.equal(workers.length, 24);
  await Promise.all(workers.map((worker) => worker.close()));
});

for (const [name, driver] of drivers) {
  test(`64 ${name} that import typescript all start`, { timeout: 240_000, skip: inTestAll }, async (t) => {
    const { file } = scratch(t);
    const typescript = JSON.stringify(import.meta.resolve('typescript'));
    await writeFile(
      file('compiles.mjs'),
      `import ts from ${typescript};\nimport { startWorkerServer } from ${library};\nawait startWorkerServer({ version: () => ts.version });\n`,
    );
    const options = { script: file('compiles.mjs'), driver, logLevel: 'silent' };
    const workers = await Promise.all(Array.from({ length: 64 }, () => createWorker(options as never)));
    const versions = await Promise.all(workers.map((worker) => worker.send('version')));
    assert.equal(new Set(versions).size, 1);
    await Promise.all(workers.map((worker) => worker.close({ timeout: 30_000 })));
  });
}

for (const [name, driver] of drivers) {
  test(`A start that waits for the turn of other workers does not block them (${name})`, async (t) => {
    const { file } = scratch(t);
    const COUNT = 12;
    // Each serves once all of them are there.
    await writeFile(
      file('meets.mjs'),
      `import { appendFileSync, readFileSync } from 'node:fs';
    const list = ${JSON.stringify(file('list'))};
    appendFileSync(list, '.');
    while (readFileSync(list, 'utf8').length < ${COUNT}) await new Promise((resolve) => setTimeout(resolve, 50));
    await import('./serves.mjs');`,
    );
    await writeFile(file('serves.mjs'), serve);
    const options = { script: file('meets.mjs'), driver, timeout: { startup: 60_000 }, logLevel: 'silent' };
    const workers = await Promise.all(Array.from({ length: COUNT }, () => createWorker(options as never)));
    await Promise.all(workers.map((worker) => worker.close()));
  });
}

for (const [name, driver] of drivers) {
  test(`A start that only waits fails at its timeout (${name})`, async (t) => {
    const { file } = scratch(t);
    await writeFile(file('waits.mjs'), 'setInterval(() => {}, 1000);\n');
    const error = await failure(
      createWorker({ script: file('waits.mjs'), driver, timeout: { startup: 500 } } as never),
    );
    assert.equal(error.code, 'ERR_START_TIMEOUT');
  });

  test(`A start without an end fails when it has used its timeout in processor time (${name})`, async (t) => {
    const { file } = scratch(t);
    await writeFile(file('spins.mjs'), 'for (;;);\n');
    const error = await failure(
      createWorker({ script: file('spins.mjs'), driver, timeout: { startup: 300 } } as never),
    );
    assert.equal(error.code, 'ERR_START_TIMEOUT');
  });
}
