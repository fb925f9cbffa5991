import assert from 'node:assert/strict';

import type { Definition } from '../definition.js';
import { rejectsWith, stillAnswers, upTo } from '../expect.js';
import type { Stage } from '../harness.js';

const SHORT = 50;
const text = `${SHORT} ms`;

/** Asserts that a request is answered after the short timeout of a later request. */
async function outlives(stage: Stage, none: number): Promise<void> {
  const byCall = await stage.start({ timeout: SHORT });
  const byType = await stage.start({ timeout: { message: SHORT, types: { hold: none } } });
  const patient = [
    stage.hold(byCall, 'by call', { timeout: none }),
    stage.hold(byType, 'by type'),
    stage.hold(byType, 'by both', { timeout: none }),
  ];
  await rejectsWith(stage.hold(byCall, 'late'), 'ERR_MESSAGE_TIMEOUT');
  await rejectsWith(stage.hold(byType, 'late', { timeout: SHORT }), 'ERR_MESSAGE_TIMEOUT');
  assert.equal(await stage.release(byCall, 'by call', 'late'), 2);
  assert.equal(await stage.release(byType, 'by type', 'by both', 'late'), 3);
  assert.deepEqual(await Promise.all(patient), ['by call', 'by type', 'by both']);
}

/** Requests that time out. */
export const timeouts: readonly Definition[] = [
  {
    name: 'a request rejects at the timeout of its call, and the error names the type and the time',
    async test(stage) {
      const worker = await stage.start();
      await rejectsWith(stage.hold(worker, 1, { timeout: SHORT }), 'ERR_MESSAGE_TIMEOUT', '"hold"', text);
      await stage.release(worker, 1);
    },
  },
  {
    name: 'a request rejects at the timeout of its type',
    async test(stage) {
      const worker = await stage.start({ timeout: { message: 0, types: { hold: SHORT } } });
      await rejectsWith(stage.hold(worker, 1), 'ERR_MESSAGE_TIMEOUT', '"hold"', text);
      await stage.release(worker, 1);
    },
  },
  {
    name: 'a request rejects at the timeout of the worker',
    async test(stage) {
      const byNumber = await stage.start({ timeout: SHORT });
      await rejectsWith(stage.hold(byNumber, 1), 'ERR_MESSAGE_TIMEOUT', text);
      await stage.release(byNumber, 1);
      const byConfig = await stage.start({ timeout: { message: SHORT } });
      await rejectsWith(stage.hold(byConfig, 2), 'ERR_MESSAGE_TIMEOUT', text);
      await stage.release(byConfig, 2);
    },
  },
  {
    name: 'a timeout of 0 never expires, for a call and for a type',
    test: (stage) => outlives(stage, 0),
  },
  {
    name: 'a timeout of Infinity never expires, for a call and for a type',
    test: (stage) => outlives(stage, Infinity),
  },
  {
    name: 'a timeout leaves the other requests in flight alone',
    async test(stage) {
      const worker = await stage.start();
      const held = stage.hold(worker, 'patient');
      const late = upTo(10).map((key) =>
        rejectsWith(stage.hold(worker, key, { timeout: SHORT }), 'ERR_MESSAGE_TIMEOUT'),
      );
      await Promise.all(late);
      assert.equal(await stage.release(worker, ...upTo(10), 'patient'), 11);
      assert.equal(await held, 'patient');
    },
  },
  {
    name: 'the host drops an answer after the timeout, and the next requests get their own',
    async test(stage) {
      const worker = await stage.start();
      const keys = upTo(20);
      await Promise.all(
        keys.map((key) => rejectsWith(stage.hold(worker, key, { timeout: SHORT }), 'ERR_MESSAGE_TIMEOUT')),
      );
      const next = keys.map((key) => stage.hold(worker, `next ${key}`));
      assert.equal(await stage.release(worker, ...keys), 20);
      assert.equal(await stage.release(worker, ...keys.map((key) => `next ${key}`)), 20);
      assert.deepEqual(
        await Promise.all(next),
        keys.map((key) => `next ${key}`),
      );
      assert.equal(worker.isActive, true);
      await stillAnswers(worker);
    },
  },
];
