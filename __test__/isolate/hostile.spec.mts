// Hostile scripts end within their limits, and their neighbours hear nothing of it.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { IsolateDriver } from 'isolated-workers/drivers/isolate';

import { Hostile, interruptible, large, scriptsOf, uninterruptible } from '../fixtures/isolate/hostile.mjs';
import { ways } from '../fixtures/isolate/support.mjs';

for (const [way, options] of Object.entries(ways)) {
  describe(`In the way '${way}' a hostile script ends within its limit while a neighbour answers`, () => {
    test('where the engine interrupts it', async (t) => {
      const hostile = await Hostile.start(t, new IsolateDriver(), options);
      for (const script of interruptible) await hostile.check(script, { isLarge: true, limits: { memoryMb: 8 } });
      assert.deepEqual(hostile.problems, []);
    });

    test('where the engine itself would not interrupt it', async (t) => {
      const hostile = await Hostile.start(t, new IsolateDriver(), options);
      for (const script of uninterruptible) await hostile.check(script, { mayEnd: true });
      for (const script of large)
        await hostile.check(script, { mayEnd: true, isLarge: true, limits: { memoryMb: 32 } });
      assert.deepEqual(hostile.problems, []);
    });

    test('whatever function of the language it calls', async (t) => {
      const hostile = await Hostile.start(t, new IsolateDriver(), options);
      for (const script of scriptsOf('hostile.txt')) await hostile.check(script, { mayEnd: true, isLarge: true });
      assert.deepEqual(hostile.problems, []);
    });
  });
}

describe('A jail ends', () => {
  test('single steps of the engine that nothing interrupts', async (t) => {
    const hostile = await Hostile.start(t, new IsolateDriver(), { jail: true });
    for (const script of scriptsOf('jailed.txt')) await hostile.check(script, { mayEnd: true, isKilled: true });
    assert.deepEqual(hostile.problems, []);
  });
});
