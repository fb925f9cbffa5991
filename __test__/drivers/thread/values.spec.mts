// Random values, many in one tick: each arrives as structuredClone gives it at the time of sending, and no two
// messages share an object. ISOLATED_TEST_SEED repeats a run.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';

import { InProcessDriver, WorkerThreadsDriver } from 'isolated-workers';

import { startBy } from '../../fixtures/drivers/support.mjs';

const seed = Number(process.env['ISOLATED_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 32));
const ROUNDS = 150;

type Random = (below: number) => number;

/** mulberry32 */
function createRandom(state: number): Random {
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

class Point {
  x = 1;
}
class List extends Array {}

const containers: ((random: Random) => object)[] = [
  () => ({}),
  () => ({}),
  () => ({}),
  () => [],
  () => [],
  () => Object.create(null),
  () => new Point(),
  () => new Map(),
  () => new Set(),
  () => new List(),
  (random) => new Array(random(4)),
  (random) => Object.assign(new Array(random(3)), { member: 1 }),
  (random) => Array.from({ length: random(2) === 0 ? 70 : 3 }, (_, index) => index),
  (random) => Object.fromEntries(Array.from({ length: random(2) === 0 ? 70 : 3 }, (_, index) => [`k${index}`, index])),
  () => JSON.parse('{"__proto__":1}'),
];
const leaves: ((random: Random) => unknown)[] = [
  (random) => random(10),
  (random) => `text ${random(10)}`,
  () => undefined,
  () => null,
  () => -0,
  () => NaN,
  (random) => BigInt(random(10)),
  (random) => new Date(random(1e9)),
  () => /x/g,
  (random) => new Uint8Array([random(9)]),
  () => new RangeError('told'),
  () => Object(1),
];
const names = ['a', 'b', 'c', 'd', '0', '1', '__proto__', 'constructor', 'then', 'length'];

/** Some containers, linked at random: shared members, cycles, holes, getters. */
function createGraph(random: Random): object[] {
  const nodes = Array.from({ length: 1 + random(12) }, () => pick(containers, random)(random));
  for (let link = random(30); link > 0; link--) {
    const from = pick(nodes, random);
    put(from, random(3) === 0 ? pick(nodes, random) : createLeaf(nodes, random), random);
  }
  return nodes;
}

function createLeaf(nodes: object[], random: Random): unknown {
  if (random(4) > 0) return pick(leaves, random)(random);
  const fresh = pick(containers, random)(random);
  nodes.push(fresh);
  return fresh;
}

function put(into: object, value: unknown, random: Random): void {
  if (into instanceof Map) into.set(random(2) === 0 ? value : random(5), value);
  else if (into instanceof Set) into.add(value);
  else if (Array.isArray(into) && random(4) > 0)
    define(into, String(random(2) * into.length + random(8)), value, false);
  else define(into, pick(names, random), value, random(8) === 0);
}

function define(into: object, name: string, value: unknown, byGetter: boolean): void {
  if (Array.isArray(into) && name === 'length') return;
  const common = { enumerable: true, configurable: true };
  Object.defineProperty(into, name, byGetter ? { ...common, get: () => value } : { ...common, writable: true, value });
}

/** Changes every object. */
function spoil(nodes: object[]): void {
  for (const node of nodes) {
    if (node instanceof Map) node.clear();
    else if (node instanceof Set) node.clear();
    else for (const name of Object.keys(node)) define(node, name, 'spoilt', false);
  }
}

/** Besides being equal: one object here is one object there, and two are two. */
function haveOneShape(one: unknown, other: unknown, met = new Map<object, object>(), back = new Map()): boolean {
  if (typeof one !== 'object' || one === null) return Object.is(one, other);
  if (typeof other !== 'object' || other === null) return false;
  if (met.has(one) || back.has(other)) return met.get(one) === other && back.get(other) === one;
  met.set(one, other);
  back.set(other, one);
  if (Object.getPrototypeOf(one) !== Object.getPrototypeOf(other)) return false;
  if (one instanceof Error) return isDeepStrictEqual(one, other);
  const [mine, theirs] = [membersOf(one), membersOf(other)];
  return mine.length === theirs.length && mine.every((member, index) => haveOneShape(member, theirs[index], met, back));
}

function membersOf(value: object): unknown[] {
  const own = Object.keys(value).flatMap((key) => [key, Object.getOwnPropertyDescriptor(value, key)!.value]);
  if (value instanceof Map) return [...own, value.size, ...[...value].flat()];
  if (value instanceof Set) return [...own, value.size, ...value];
  if (Array.isArray(value)) return [...own, value.length];
  if (!isPlain(value)) return [...own, String(value)];
  return own;
}

function isPlain(value: object): boolean {
  return Object.prototype.toString.call(value) === '[object Object]';
}

function pick<T>(list: readonly T[], random: Random): T {
  return list[random(list.length)] as T;
}

for (const Driver of [WorkerThreadsDriver, InProcessDriver]) {
  test(`Random values arrive as structuredClone gives them, by ${new Driver().name} (seed ${seed})`, async (t) => {
    const worker = await startBy(t, new Driver());
    const random = createRandom(seed);
    for (let round = 0; round < ROUNDS; round++) {
      const nodes = createGraph(random);
      const values = Array.from({ length: 1 + random(100) }, () => {
        const node = pick(nodes, random);
        const wrapped = random(3);
        return wrapped === 0 ? node : wrapped === 1 ? { in: [node] } : [node, pick(nodes, random)];
      });
      const expected: unknown[] = [];
      const answers = values.map((value) => {
        expected.push(structuredClone(structuredClone(value)));
        worker.post('keep', value);
        return worker.send('echo', value);
      });
      spoil(nodes);
      const results = await Promise.all(answers);
      for (const [index, result] of results.entries()) {
        const what = `seed ${seed}, round ${round}, message ${index}`;
        assert.deepStrictEqual(result, expected[index], what);
        assert.ok(haveOneShape(result, expected[index]), what);
      }
      assert.equal(await worker.send('overlap', null), 0, `seed ${seed}, round ${round}: an object in two messages`);
      // The same values, returned from where they were kept, twice each in one tick.
      const again = await Promise.all(
        [...values.keys()].flatMap((index) => [worker.send('take', index), worker.send('take', index)]),
      );
      for (const [index, result] of again.entries()) {
        const what = `seed ${seed}, round ${round}, result ${index}`;
        assert.ok(haveOneShape(result, expected[Math.floor(index / 2)]), what);
        if (index % 2 === 1 && typeof result === 'object') assert.notEqual(result, again[index - 1], what);
      }
      await worker.send('drop', null);
    }
  });
}

test('A member of Object.prototype does not become a member of a payload', async (t) => {
  const worker = await startBy(t, new WorkerThreadsDriver());
  const { prototype } = Object;
  const inherited = { value: { a: 1 }, enumerable: true, configurable: true, writable: true };
  Reflect.defineProperty(prototype, 'inherited', inherited);
  const answer = worker.send('echo', { own: [{}] });
  Reflect.deleteProperty(prototype, 'inherited');
  assert.deepEqual(await answer, { own: [{}] });
});
