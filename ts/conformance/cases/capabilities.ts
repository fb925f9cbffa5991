import assert from 'node:assert/strict';

import type { Definition, Traits } from '../definition.js';
import { rejectsWith, stillAnswers, throwsWith, untyped } from '../expect.js';

const shares = ({ sharedMemory }: Traits) => sharedMemory;
const sharesNothing = ({ sharedMemory }: Traits) => !sharedMemory;

function filled(length: number, value: number): ArrayBuffer {
  return new Uint8Array(length).fill(value).buffer;
}

/** Features of some drivers, and their refusal by the others. */
export const capabilities: readonly Definition[] = [
  {
    name: 'a driver without shared memory refuses to move memory, and the host keeps it',
    appliesTo: sharesNothing,
    async test(stage) {
      const worker = await stage.start();
      const memory = filled(8, 1);
      const options = { transfer: [memory] };
      const { name } = stage.driver;
      await rejectsWith(worker.send('echo', memory, options), 'ERR_UNSUPPORTED_BY_DRIVER', `"${name}"`);
      throwsWith(() => worker.post('echo', memory, options), 'ERR_UNSUPPORTED_BY_DRIVER', `"${name}"`);
      assert.equal(memory.byteLength, 8);
      assert.equal(await worker.send('echo', 'nothing to move', { transfer: [] }), 'nothing to move');
    },
  },
  {
    name: 'memory that the host moves to the worker arrives, and the host has lost it',
    appliesTo: shares,
    async test(stage) {
      const worker = await stage.start();
      const memory = filled(100_000, 2);
      const sum = worker.send('sum', memory, { transfer: [memory] });
      assert.equal(memory.byteLength, 0);
      assert.deepEqual(await sum, { length: 100_000, sum: 200_000 });
      const copied = filled(10, 3);
      assert.deepEqual(await worker.send('sum', copied), { length: 10, sum: 30 });
      assert.equal(copied.byteLength, 10);
    },
  },
  {
    name: 'memory that a handler moves to the host arrives',
    appliesTo: shares,
    async test(stage) {
      const worker = await stage.start();
      const memory = await worker.send('fill', { length: 100_000, value: 7 });
      assert.ok(memory instanceof ArrayBuffer);
      assert.deepEqual(new Uint8Array(memory), new Uint8Array(100_000).fill(7));
    },
  },
  {
    name: 'a SharedArrayBuffer is the same memory on both sides',
    appliesTo: shares,
    async test(stage) {
      const worker = await stage.start();
      const memory = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
      const integers = new Int32Array(memory);
      integers[0] = 40;
      await worker.send('add', { memory, number: 1 });
      assert.equal(integers[0], 41);
      integers[0] = 50;
      await worker.send('add', { memory, number: 2 });
      assert.equal(integers[0], 52);
    },
  },
  {
    name: 'a driver that cannot reconnect refuses disconnect() and reconnect()',
    appliesTo: ({ reconnect }) => !reconnect,
    async test(stage) {
      const worker = await stage.start();
      const { name } = stage.driver;
      await rejectsWith(untyped(worker).disconnect(), 'ERR_UNSUPPORTED_BY_DRIVER', `"${name}"`, 'disconnect');
      await rejectsWith(untyped(worker).reconnect(), 'ERR_UNSUPPORTED_BY_DRIVER', `"${name}"`, 'reconnect');
      await stillAnswers(worker);
    },
  },
];
