// A peer sends wrong bytes for the serializer 'structured': it can fail its own messages, and nothing else.
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';

import { isSame } from '../../fixtures/carried.mjs';
import { COUNT, joinParts, kindOf, lengthOf, startPeer as start } from '../../fixtures/handmade-parts.mjs';

const rich = () => ({
  at: new Date(5),
  list: [new Float64Array([1, 2]), Buffer.from('abc'), new ArrayBuffer(16)],
  text: ['x'.repeat(9000), '€'.repeat(9000)],
  error: new Error('outer', { cause: Object.assign(new TypeError('inner'), { code: 'E' }) }),
  map: new Map([[{}, new Set([1n])]]),
});

describe('A table of parts', () => {
  test('with valid entries arrives', async (t) => {
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
    ['in front of what is no structured clone', () => joinParts(Buffer.from('not at all'))],
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
      assert.match(bad.reason.message, /"structured" cannot decode an incoming message: /);
      for (const each of [good, best]) assert.ok(each.status === 'fulfilled' && isSame(each.value, rich()));
    });
  }
});

test(
  'Arbitrary bytes fail only their own message, and show no memory of other messages',
  { timeout: 60_000 },
  async (t) => {
    const { answer, told } = await start(t);
    const random = seeded(t);
    const samples = await Promise.all(
      [rich(), Object.assign(Array(3), { 1: new Date(1), name: -0 }), Object('s'), new Map([[1, /a/g]])].map(told),
    );
    const end = Date.now() + MILLIS;
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
  },
);

test(
  'Parts that the peer drops, adds, cuts or gives another kind fail only their message',
  { timeout: 60_000 },
  async (t) => {
    const { answer, told } = await start(t);
    const random = seeded(t);
    const sample = await told(rich());
    const end = Date.now() + MILLIS;
    while (Date.now() < end) {
      const lies = Array.from({ length: 16 }, () => lieAbout(partsOf(sample), random));
      const outcomes = await Promise.allSettled(lies.map(({ parts }) => answer(joinParts(...parts))));
      for (const [index, outcome] of outcomes.entries()) {
        const { what } = lies[index]!;
        assert.equal(outcome.status, 'rejected', `read all the same: ${what}`);
        assert.equal(outcome.reason.code, 'ERR_MALFORMED_MESSAGE', what);
      }
    }
    assert.ok(isSame(await answer(sample), rich()));
  },
);

const MILLIS = Number(process.env['FUZZ_MILLIS'] ?? 1500);

function seeded(t: TestContext): (below: number) => number {
  let seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 31);
  t.diagnostic(`FUZZ_SEED=${seed}`);
  console.log(`structured-hostile: FUZZ_SEED=${seed}`);
  return (below) => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
}

type Part = Buffer | string;

function partsOf(payload: Buffer): Part[] {
  let at = 8 + payload.readUInt32LE(COUNT) * 8;
  return Array.from({ length: payload.readUInt32LE(COUNT) }, (_, part) => {
    const bytes = payload.subarray(at, (at += payload.readUInt32LE(lengthOf(part))));
    return payload[kindOf(part)] === 0 ? bytes : bytes.toString(payload[kindOf(part)] === 1 ? 'latin1' : 'utf16le');
  });
}

/** Each of these leaves something out, or has something over; the table of parts fits the parts. */
function lieAbout(parts: Part[], random: (below: number) => number): { parts: Part[]; what: string } {
  const at = 1 + random(parts.length - 1);
  const part = parts[at]!;
  const lies: Record<string, () => void> = {
    dropped: () => void parts.splice(at, 1),
    'more text': () => void parts.push('more'),
    'another kind': () => (parts[at] = typeof part === 'string' ? Buffer.from(part) : part.toString('latin1')),
    'without its first part': () => void parts.splice(0, 1),
    'only its first part': () => void parts.splice(1),
    'the value cut off': () => (parts[0] = (parts[0] as Buffer).subarray(0, random(parts[0]!.length))),
    'more behind the value': () => (parts[0] = Buffer.concat([parts[0] as Buffer, Buffer.of(random(256))])),
  };
  const names = Object.keys(lies);
  const what = names[random(names.length)]!;
  lies[what]!();
  return { parts, what: `${what}, ${at}` };
}

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
