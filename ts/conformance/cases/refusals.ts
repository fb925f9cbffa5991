import assert from 'node:assert/strict';

import type { Definition } from '../definition.js';
import { rejectsWith, stillAnswers, untyped } from '../expect.js';

/** Messages that cannot be sent, or have no handler. */
export const refusals: readonly Definition[] = [
  {
    name: 'the worker refuses an unknown type, and the error names that type and the known types',
    async test(stage) {
      const worker = await stage.start();
      const sent = untyped(worker).send('no such type', { any: 'payload' });
      await rejectsWith(sent, 'ERR_UNKNOWN_MESSAGE_TYPE', '"no such type"', '"echo"', '"kindOf"');
      await stillAnswers(worker);
    },
  },
  {
    name: 'inherited names are no handlers',
    async test(stage) {
      const worker = await stage.start();
      for (const type of ['constructor', 'toString', 'hasOwnProperty', 'valueOf', '__proto__', '']) {
        await rejectsWith(untyped(worker).send(type, 'x'), 'ERR_UNKNOWN_MESSAGE_TYPE', `"${type}"`);
      }
      await stillAnswers(worker);
    },
  },
  {
    name: 'a payload that cannot be sent fails its own request alone',
    async test(stage) {
      const worker = await stage.start();
      const [before, plain, nested, after] = await Promise.allSettled([
        worker.send('echo', 'before'),
        rejectsWith(
          worker.send('echo', () => {}),
          'ERR_NOT_SERIALIZABLE',
          'echo',
        ),
        rejectsWith(worker.send('echo', { list: [{ callback() {} }] }), 'ERR_NOT_SERIALIZABLE'),
        worker.send('echo', 'after'),
      ]);
      if (plain.status === 'rejected') throw plain.reason;
      if (nested.status === 'rejected') throw nested.reason;
      assert.deepEqual(before, { status: 'fulfilled', value: 'before' });
      assert.deepEqual(after, { status: 'fulfilled', value: 'after' });
      await stillAnswers(worker);
    },
  },
  {
    name: 'a result that cannot be sent fails its own request alone',
    async test(stage) {
      const worker = await stage.start();
      const [before, refused, after] = await Promise.allSettled([
        worker.send('echo', 'before'),
        rejectsWith(worker.send('unsendable'), 'ERR_NOT_SERIALIZABLE', 'unsendable'),
        worker.send('echo', 'after'),
      ]);
      if (refused.status === 'rejected') throw refused.reason;
      assert.deepEqual(before, { status: 'fulfilled', value: 'before' });
      assert.deepEqual(after, { status: 'fulfilled', value: 'after' });
      await stillAnswers(worker);
    },
  },
];
