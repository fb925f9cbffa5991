import assert from 'node:assert/strict';

import { createSharedBuffer, preparePayload, type SharedBuffer } from '../../index.js';
import { assertSame, carried, refused } from '../carried.js';
import type { Definition } from '../definition.js';
import { rejectsWith, stillAnswers, upTo } from '../expect.js';
import type { Stage, StartOptions } from '../harness.js';

/** The worker names no serializer, so it adopts this one. */
const start = (stage: Stage, options: StartOptions = {}) => stage.start({ serializer: 'structured', ...options });

/** Each kind of segment: bytes of several views, large texts, errors, and small values among them. */
const rich = (seed: number) => ({
  at: new Date(seed),
  pixels: [new Float64Array([seed, 2]), Buffer.from(`buffer ${seed}`), new ArrayBuffer(seed % 7)],
  texts: ['x'.repeat(9_000 + seed), '€'.repeat(9_000), new Map([['y'.repeat(9_000), 'z'.repeat(9_000)]])],
  error: new RangeError(`outer ${seed}`, { cause: Object.assign(new Error('inner'), { code: 'E_INNER', seed }) }),
});

/** The serializer `structured`, which turns each payload into bytes or text for the driver. */
export const structured: readonly Definition[] = [
  {
    name: 'by the serializer structured each value that it carries makes a round trip',
    async test(stage) {
      const worker = await start(stage);
      for (const [expression, make, arrives = make] of carried) {
        assertSame(await worker.send('echo', make()), arrives(), expression);
      }
      const all = await Promise.all(carried.map(([, make]) => worker.send('echo', { in: [make()] })));
      for (const [index, [expression, make, arrives = make]] of carried.entries()) {
        assertSame((all[index] as { in: unknown[] }).in[0], arrives(), expression);
      }
    },
  },
  {
    name: 'by the serializer structured a value that it cannot carry fails alone',
    async test(stage) {
      const worker = await start(stage);
      for (const [, make] of refused) {
        const good = worker.send('echo', 1n);
        await rejectsWith(worker.send('echo', make()), 'ERR_NOT_SERIALIZABLE', '"structured"');
        await rejectsWith(worker.send('echo', { in: [make()] }), 'ERR_NOT_SERIALIZABLE', '"structured"');
        assert.equal(await good, 1n);
      }
      await rejectsWith(worker.send('unsendable'), 'ERR_NOT_SERIALIZABLE');
      await stillAnswers(worker);
    },
  },
  {
    name: 'by the serializer structured large parts arrive whole, with any transport and any number in flight',
    async test(stage) {
      const worker = await start(stage);
      const large = upTo(24).map((index) => {
        const size = 60_000 * (1 + (index % 12)) + index;
        return index % 2 === 0 ? Buffer.alloc(size, index) : `${index % 4 === 1 ? 'a' : '€'}`.repeat(size);
      });
      assertSame(await Promise.all(large.map((part) => worker.send('echo', part))), large, 'the parts');
      assertSame(await worker.send('echo', large), large, 'all of them');
    },
  },
  {
    name: 'by the serializer structured a shared buffer arrives as a copy where nobody has opted in to share memory',
    async test(stage) {
      const worker = await start(stage);
      let buffer: SharedBuffer;
      try {
        buffer = createSharedBuffer(100_000);
      } catch (error) {
        return assert.equal((error as { code?: unknown }).code, 'ERR_UNSUPPORTED_PLATFORM');
      }
      buffer.write(Buffer.from('copy'), 99_996);
      const [alone, member] = await Promise.all([worker.send('echo', buffer), worker.send('echo', [buffer, buffer])]);
      const [first, second] = member as [Buffer, Buffer];
      assertSame(alone, buffer.read(), 'alone');
      assertSame(first, buffer.read(), 'as a member');
      assert.equal(first, second, 'one buffer twice is two');
      (alone as Buffer)[0] = 7;
      assert.equal(buffer.read(0, 1)[0], 0);
    },
  },
  {
    name: 'by the serializer structured errors in a payload arrive in full, with stack, cause and members',
    async test(stage) {
      const worker = await start(stage);
      const inner = Object.assign(new TypeError('inner', { cause: 5 }), { code: 'E_INNER', detail: new Date(1) });
      const error = Object.assign(new AggregateError([inner, 'no error'], 'outer', { cause: inner }), { inner });
      const back = (await worker.send('echo', error)) as typeof error;
      assert.ok(back instanceof AggregateError);
      assertSame(back, error, 'the error');
      assert.equal(back.stack, error.stack);
      assert.equal(back.cause, back.inner, 'one error twice is two');
      assert.equal(back.errors[0], back.inner, 'one error twice is two');
      assert.equal(back.inner.stack, inner.stack);
      assert.equal(back.inner.code, 'E_INNER');
    },
  },
  {
    name: 'by the serializer structured views of one memory share it there, and a Buffer brings its own',
    async test(stage) {
      const worker = await start(stage);
      const memory = new Uint8Array(upTo(64)).buffer;
      const pool = Buffer.from('a small one, of the pool');
      const sent = { memory, bytes: new Uint8Array(memory, 8, 16), halves: new Uint16Array(memory, 16, 4), pool };
      const back = (await worker.send('echo', sent)) as typeof sent;
      assertSame(back, sent, 'memory');
      assert.equal(back.bytes.buffer, back.memory);
      assert.equal(back.halves.buffer, back.memory);
      assert.ok(Buffer.isBuffer(back.pool) && back.pool.buffer.byteLength === pool.length);
      assert.equal(memory.byteLength, 64, 'it was moved');
    },
  },
  {
    name: 'by the serializer structured many payloads of every kind keep their order and their attachments',
    async test(stage) {
      const worker = await start(stage);
      const values = upTo(100).map((number) => [number, rich(number), undefined, 'text', 5n][number % 5]);
      const back = await Promise.all(values.map((value) => worker.send('echo', value)));
      for (const [index, value] of values.entries()) assertSame(back[index], value, `the value ${index}`);
    },
  },
  {
    name: 'by the serializer structured a megabyte of bytes and of text arrives whole',
    async test(stage) {
      const worker = await start(stage);
      const bytes = new Uint8Array(2 ** 20).map((_, index) => index * 31);
      const text = 'ä€x'.repeat(2 ** 18);
      const back = (await worker.send('echo', { bytes, text })) as { bytes: Uint8Array; text: string };
      assert.ok(Buffer.compare(back.bytes, bytes) === 0);
      assert.ok(back.text === text);
    },
  },
  {
    name: 'by the serializer structured chunks, inputs, notifications and requests of a worker travel like payloads',
    async test(stage) {
      const { caseId } = stage;
      const said: unknown[] = [];
      const handlers = { hostEcho: (payload: unknown) => payload, said: (payload: unknown) => void said.push(payload) };
      const worker = await start(stage, { handlers });
      const values = [new Set([1n]), rich(1), { plain: true }, Buffer.from('ab')];
      const stream = worker.stream('chunks', values);
      const chunks: unknown[] = [];
      for await (const chunk of stream) chunks.push(chunk);
      assertSame(chunks, values, 'the stream');
      assert.equal(await stream.result, values.length);
      assertSame(await worker.send('collect', undefined, { input: values }), values, 'the input');
      worker.post('note', { caseId, value: rich(2) });
      assertSame(await worker.send('noted', { caseId }), [rich(2)], 'the notification');
      assertSame(await worker.send('echoByHost', rich(3)), rich(3), 'what it has asked');
      await worker.send('tell', rich(4));
      await stillAnswers(worker);
      assertSame(said, [rich(4)], 'what it has posted');
    },
  },
  {
    name: 'by the serializer structured a payload that changes after send() arrives as it was at send()',
    async test(stage) {
      const worker = await start(stage, { waitForReady: false });
      const bytes = new Uint8Array([1, 2, 3]);
      const payload = { bytes, map: new Map([[1, { deep: 'before' }]]) };
      const sent = worker.send('echo', payload);
      bytes.fill(9);
      payload.map.set(1, { deep: 'after' });
      assertSame(await sent, { bytes: new Uint8Array([1, 2, 3]), map: new Map([[1, { deep: 'before' }]]) }, 'it');
    },
  },
  {
    name: 'a prepared payload goes to several workers, in requests, streams and notifications, as it was prepared',
    async test(stage) {
      const { caseId } = stage;
      const value = rich(5);
      const serializers = ['structured', 'structured', undefined] as const;
      const workers = await Promise.all(serializers.map((serializer) => stage.start({ serializer })));
      const [whole, note, list] = [value, { caseId, value: 'noted' }, [1, 'two']].map((each) => preparePayload(each));
      value.pixels.length = 0;
      for (const worker of workers.slice(0, 2)) assertSame(await worker.send('echo', whole), rich(5), 'the payload');
      for (const worker of workers) {
        worker.post('note', note as never);
        const chunks: unknown[] = [];
        for await (const chunk of worker.stream('chunks', list as never)) chunks.push(chunk);
        assert.deepEqual(chunks, [1, 'two']);
        assert.deepEqual(await worker.send('echo', list), [1, 'two']);
        assert.ok((await worker.send('noted', { caseId })).includes('noted'));
      }
    },
  },
  {
    name: 'a worker that names no serializer uses json where its host names it',
    async test(stage) {
      const worker = await stage.start({ serializer: 'json' });
      const value = { at: new Date(0), none: undefined, list: [1, undefined, 3] };
      assert.deepEqual(await worker.send('echo', value), JSON.parse(JSON.stringify(value)));
      await rejectsWith(worker.send('echo', 1n), 'ERR_NOT_SERIALIZABLE');
    },
  },
  {
    name: 'by the serializer structured moved memory arrives as a copy, and its sender has lost it',
    appliesTo: ({ sharedMemory }) => sharedMemory,
    async test(stage) {
      const worker = await start(stage);
      const memory = new Uint8Array([1, 2, 3]).buffer;
      const sent = worker.send('echo', { memory }, { transfer: [memory] });
      assert.equal(memory.byteLength, 0);
      assertSame(await sent, { memory: new Uint8Array([1, 2, 3]).buffer }, 'the memory');
    },
  },
];
