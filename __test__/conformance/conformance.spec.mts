// Runs the conformance suite on the drivers of the package and on custom drivers.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';

import {
  ChildProcessDriver,
  type Driver,
  type DriverCapabilities,
  type DriverChannel,
  type DriverMessage,
  InProcessDriver,
  WorkerThreadsDriver,
} from 'isolated-workers';
import { conformanceCases, type ConformanceCase } from 'isolated-workers/conformance';

import { failure, fixture } from '../fixtures/support.mjs';
import { forkDriver } from '../fixtures/fork-driver.mjs';
import { reconnectingDriver } from '../fixtures/reconnecting-driver/driver.mjs';
import { inTestAll } from '../fixtures/rounds.mjs';

const suites: Record<string, readonly ConformanceCase[]> = {
  ChildProcessDriver: conformanceCases({ driver: ChildProcessDriver }),
  WorkerThreadsDriver: conformanceCases({ driver: new WorkerThreadsDriver() }),
  InProcessDriver: conformanceCases({ driver: InProcessDriver, endsAlone: false }),
  'a driver over the IPC of fork': conformanceCases({ driver: forkDriver, script: fixture('fork-conformance.mjs') }),
  'a driver that can reconnect': conformanceCases({
    driver: reconnectingDriver,
    script: fixture('reconnecting-driver/conformance.mjs'),
  }),
};

/** The custom drivers, whose own specs run in `npm test`. */
const custom = ['a driver over the IPC of fork', 'a driver that can reconnect'];

for (const [driver, cases] of Object.entries(suites)) {
  // Two at a time: cases are independent of each other.
  describe(`${driver}:`, { concurrency: 2, skip: custom.includes(driver) && inTestAll }, () => {
    for (const { name, run } of cases) test(name, run);
  });
}

describe('The conformance suite', () => {
  const refusing = (capabilities: DriverCapabilities): Driver => ({
    name: 'refusing',
    capabilities,
    spawn: () => Promise.reject(new Error('not today')),
  });
  const none = { reconnect: false, detach: false, sharedMemory: false };

  test('gives each case a name of its own', () => {
    for (const cases of Object.values(suites)) {
      const names = cases.map(({ name }) => name);
      assert.equal(new Set(names).size, names.length);
      assert.ok(names.length >= 50, `${names.length} cases`);
    }
  });

  test('sends each value that the documentation lists for the serializer structured', () => {
    const cases = readFileSync('ts/conformance/carried.ts', 'utf8').replaceAll('\\\\', '\\');
    const rows = readFileSync('docs/serializers.md', 'utf8').matchAll(/^\| `(.+?)`(?:, a cycle)? \|(?:[^|]*\|){4}$/gm);
    const expressions = [...rows].map(([, expression = '']) => expression);
    assert.ok(expressions.length >= 35, `${expressions.length} rows`);
    for (const expression of expressions) assert.ok(cases.includes(expression), `${expression} is missing`);
  });

  test('names what is missing when the workers serve only the handlers', async () => {
    const cases = conformanceCases({ driver: ChildProcessDriver, script: fixture('handlers-alone.mjs') });
    const found = cases.filter(({ name }) => /make of payloads and results|an extract\(\) that throws/.test(name));
    assert.equal(found.length, 2);
    for (const { run } of found) assert.match((await failure(run())).message, /\{ \.\.\.conformanceServer, /);
  });

  test('chooses its cases by the capabilities of the driver', () => {
    const namesFor = (capabilities: DriverCapabilities, endsAlone?: boolean) =>
      conformanceCases({ driver: refusing(capabilities), endsAlone }).map(({ name }) => name);
    const all = namesFor(none);
    assert.ok(all.some((name) => name.includes('refuses disconnect()')));
    assert.ok(!namesFor({ ...none, reconnect: true }).some((name) => name.includes('refuses disconnect()')));
    assert.ok(namesFor({ ...none, reconnect: true }).some((name) => name.includes('keeps its state')));
    assert.ok(!all.some((name) => name.includes('keeps its state')));
    assert.ok(!all.some((name) => name.includes('SharedArrayBuffer')));
    assert.ok(namesFor({ ...none, sharedMemory: true }).some((name) => name.includes('SharedArrayBuffer')));
    assert.ok(all.some((name) => name.includes('ends by itself')));
    assert.ok(!namesFor(none, false).some((name) => name.includes('ends by itself')));
  });

  test('fails for a driver that cannot start workers', async () => {
    for (const { name, run } of conformanceCases({ driver: refusing(none) })) {
      // These two are over before the driver has anything to do.
      if (/does not exist fails|cannot be sent fail the start/.test(name)) continue;
      assert.ok((await failure(run())) instanceof Error, name);
    }
  });

  describe('finds out a driver that', () => {
    const script = fixture('fork-conformance.mjs');
    type Send = (message: DriverMessage) => void;
    /** The driver over the IPC of fork, with another way to send. */
    const withSend = (change: (send: Send) => Send): Driver => ({
      ...forkDriver,
      async spawn(file) {
        const channel = (await forkDriver.spawn(file, {})) as DriverChannel;
        const send = change(channel.send);
        return Object.assign(channel, { send });
      },
    });
    const faults: [string, string, (send: Send) => Send][] = [
      [
        'sends twice',
        'handlers start in the order',
        (send) => (message) => {
          send(message);
          if (message.type === 'note') send(message);
        },
      ],
      [
        'loses notifications',
        'the worker handles messages from before its start in order',
        (send) => (message) => {
          if (message.kind !== 'notification') send(message);
        },
      ],
      [
        'copies payloads too late',
        'a payload that is changed after send()',
        (send) => (message) => void setImmediate(send, message),
      ],
      [
        'loses what is undefined',
        'a payload that is left out',
        (send) => (message) => send({ payload: null, ...message }),
      ],
    ];
    for (const [title, part, change] of faults) {
      test(title, async () => {
        const cases = conformanceCases({ driver: withSend(change), script });
        const found = cases.find(({ name }) => name.includes(part)) ?? assert.fail(`no case "${part}"`);
        assert.equal((await failure(found.run())).name, 'AssertionError');
      });
    }
  });

  test('names the case that does not end', async () => {
    const never: Driver = { name: 'never', capabilities: none, spawn: () => new Promise(() => {}) };
    const [first] = conformanceCases({ driver: never, timeout: 20 });
    const { message } = await failure(first?.run() ?? assert.fail('there is no case'));
    assert.ok(message.includes(`"${first.name}"`), message);
    assert.match(message, /\b20 ms\b/);
  });
});
