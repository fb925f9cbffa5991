// What a peer can do with the bytes of the serializer 'structured': fail its own messages, and nothing else.
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';

import { createWorker } from 'isolated-workers';

import { fixture } from './fixtures/faults/support.mjs';
import { isSame } from './fixtures/carried.mjs';

async function start(t: TestContext) {
  const worker = await createWorker<any>({
    script: fixture('hostile-parts'),
    serializer: 'structured',
    logLevel: 'error',
  });
  t.after(() => worker.close());
  /** What the host makes of bytes. They are sent as short texts, which are JSON. */
  const answer = (bytes: Uint8Array): Promise<any> =>
    worker.send(
      'answer',
      Buffer.from(bytes)
        .toString('base64')
        .match(/.{1,4000}/g) ?? [],
    );
  /** The bytes that the host makes of a value. */
  const told = async (value: unknown) => Buffer.from((await worker.send('told', value)) as string, 'base64');
  return { worker, answer, told };
}

const rich = () => ({
  at: new Date(5),
  list: [new Float64Array([1, 2]), Buffer.from('abc'), new ArrayBuffer(16)],
  text: ['x'.repeat(9000), '€'.repeat(9000)],
  error: new Error('outer', { cause: Object.assign(new TypeError('inner'), { code: 'E' }) }),
  map: new Map([[{}, new Set([1n])]]),
});

/** Where the table of parts has the number of parts, and each its length and its kind. */
const COUNT = 4;
const lengthOf = (part: number) => 8 + part * 8;
const kindOf = (part: number) => lengthOf(part) + 4;

describe('A table of parts', () => {
  test('that is as it should be is read', async (t) => {
    const { answer, told } = await start(t);
    const bytes = await told(rich());
    assert.ok(isSame(await answer(bytes), rich()));
  });

  const lies: [title: string, lie: (bytes: Buffer) => Uint8Array][] = [
    ['with a length that is too large', (bytes) => change(bytes, lengthOf(1), 0xff)],
    ['with a length that is too small', (bytes) => change(bytes, lengthOf(1), 1)],
    ['with a part that is missing', (bytes) => change(bytes, COUNT, 2)],
    ['with too many parts', (bytes) => change(bytes, COUNT + 3, 0xff)],
    ['without its end', (bytes) => bytes.subarray(0, -1)],
    ['with more behind its end', (bytes) => Buffer.concat([bytes, Buffer.of(0)])],
    ['with a kind that there is not', (bytes) => change(bytes, kindOf(0), 7)],
    ['with text in place of bytes', (bytes) => change(bytes, kindOf(1), 1)],
    ['with text in place of those of V8', (bytes) => change(bytes, kindOf(0), 1)],
    ['without anything', () => new Uint8Array(0)],
    ['of nothing', () => Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0)],
    ['in front of what is no structured clone', () => parts(Buffer.from('not at all'))],
    ['in front of text that is broken', () => Buffer.from('{"a":')],
    ['in front of text that is no UTF-8', () => Uint8Array.of(0x22, 0xff, 0x22)],
  ];
  for (const [title, lie] of lies) {
    test(`${title} fails its message alone`, async (t) => {
      const { answer, told } = await start(t);
      const bytes = await told(rich());
      const [good, bad, best] = await Promise.allSettled([answer(bytes), answer(lie(bytes)), answer(bytes)]);
      assert.equal(bad.status, 'rejected');
      assert.equal(bad.reason.code, 'ERR_MALFORMED_MESSAGE');
      assert.match(bad.reason.message, /"structured" cannot read a message that came: /);
      for (const each of [good, best]) assert.ok(each.status === 'fulfilled' && isSame(each.value, rich()));
    });
  }
});

test('Arbitrary bytes fail their own message, and show no memory of others', { timeout: 60_000 }, async (t) => {
  const { answer, told } = await start(t);
  let seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 31);
  t.diagnostic(`FUZZ_SEED=${seed}`);
  console.log(`structured-hostile: FUZZ_SEED=${seed}`);
  const random = (below: number) => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  const samples = await Promise.all(
    [rich(), Object.assign(Array(3), { 1: new Date(1), name: -0 }), Object('s'), new Map([[1, /a/g]])].map(told),
  );
  const end = Date.now() + Number(process.env['FUZZ_MILLIS'] ?? 1500);
  let most = 0;
  while (Date.now() < end) {
    const all = Array.from({ length: 64 }, () => mutate(samples[random(samples.length)] as Buffer, random));
    for (const [index, outcome] of (await Promise.allSettled(all.map(answer))).entries()) {
      if (outcome.status === 'rejected') assert.equal(outcome.reason.code, 'ERR_MALFORMED_MESSAGE');
      else most = Math.max(most, memoryIn(outcome.value) - (all[index] as Buffer).length);
    }
  }
  assert.ok(most <= 0, `${most} bytes came from elsewhere`);
  assert.ok(isSame(await answer(samples[0] as Buffer), rich()));
});

function mutate(sample: Buffer, random: (below: number) => number): Buffer {
  const bytes = Buffer.from(sample);
  for (let left = 1 + random(4); left > 0; left--) {
    const at = random(random(3) === 0 ? bytes.length : Math.min(bytes.length, 400));
    bytes[at] = random(2) === 0 ? random(256) : (bytes[at] as number) ^ (1 << random(8));
  }
  return random(5) === 0 ? bytes.subarray(0, random(bytes.length)) : bytes;
}

/** The most memory that one view in a value has. */
function memoryIn(value: unknown, seen = new Set<unknown>()): number {
  if (typeof value !== 'object' || value === null || seen.has(value)) return 0;
  seen.add(value);
  if (ArrayBuffer.isView(value)) return value.buffer.byteLength;
  if (value instanceof ArrayBuffer) return value.byteLength;
  return Math.max(0, ...Object.values(value).map((member) => memoryIn(member, seen)));
}

function change(bytes: Buffer, at: number, to: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[at] = to;
  return changed;
}

function parts(...all: Buffer[]): Buffer {
  const head = Buffer.alloc(8 + all.length * 8);
  head[0] = 1;
  head.writeUInt32LE(all.length, COUNT);
  for (const [index, part] of all.entries()) head.writeUInt32LE(part.length, lengthOf(index));
  return Buffer.concat([head, ...all]);
}
