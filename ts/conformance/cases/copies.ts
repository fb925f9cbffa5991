import assert from 'node:assert/strict';

import type { Definition } from '../definition.js';

/** Each side has its own objects. */
export const copies: readonly Definition[] = [
  {
    name: 'one object sent by several requests of a tick arrives as an object of its own each time',
    async test(stage) {
      const worker = await stage.start();
      const payload = { number: 1, inner: { list: ['a', 2] } };
      const sent = JSON.stringify(payload);
      const seen = await Promise.all([
        worker.send('spoil', payload),
        worker.send('spoil', payload),
        worker.send('spoil', payload),
      ]);
      assert.deepEqual(seen, [sent, sent, sent], 'a handler sees what another did to its payload');
      assert.equal(JSON.stringify(payload), sent, 'the host sees what a handler did to its payload');
    },
  },
  {
    name: 'an object inside of several payloads of a tick arrives as an object of its own each time',
    async test(stage) {
      const worker = await stage.start();
      const shared = { list: [1, 2] };
      const results = (await Promise.all([
        worker.send('echo', { shared }),
        worker.send('echo', { shared }),
        worker.send('echo', shared),
      ])) as [{ shared: object }, { shared: object }, object];
      assert.deepEqual(results, [{ shared }, { shared }, shared]);
      assert.equal(new Set([shared, results[0].shared, results[1].shared, results[2]]).size, 4);
    },
  },
  {
    name: 'a payload that is changed after send() arrives as it was at send()',
    async test(stage) {
      const worker = await stage.start();
      const payload: Record<string, unknown> = { number: 1, list: [{ deep: 'before' }] };
      const list = payload['list'] as { deep: string }[];
      const echoed = worker.send('echo', payload);
      const [first] = list;
      if (first !== undefined) first.deep = 'after';
      list.push({ deep: 'after' });
      payload['number'] = 2;
      payload['more'] = true;
      assert.deepEqual(await echoed, { number: 1, list: [{ deep: 'before' }] });
    },
  },
  {
    name: 'a notification that is changed after post() arrives as it was at post()',
    async test(stage) {
      const worker = await stage.start();
      const payload = { caseId: stage.caseId, value: { step: 1 } };
      for (const step of [1, 2, 3]) {
        payload.value.step = step;
        worker.post('note', payload);
      }
      payload.value.step = 4;
      assert.deepEqual(await worker.send('noted', { caseId: stage.caseId }), [{ step: 1 }, { step: 2 }, { step: 3 }]);
    },
  },
  {
    name: 'a result that is changed after the handler has returned arrives as it was returned',
    async test(stage) {
      const worker = await stage.start();
      const calls = [1, 2, 3].map(() => worker.send('count', { caseId: stage.caseId }));
      const results = await Promise.all(calls);
      assert.deepEqual(results, [{ calls: 1 }, { calls: 2 }, { calls: 3 }]);
      assert.equal(new Set(results).size, 3);
    },
  },
];
