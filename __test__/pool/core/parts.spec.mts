// The parts of a pool that keep time. Time is a parameter.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { BackOff, Breaker, Deadlines, Heap, Limits } from '../../fixtures/pool/core.mjs';
import { randomOf, seedOf } from '../../fixtures/pool/random.mjs';

test('A heap gives its items in order, whichever items it lost before', (t) => {
  const seed = seedOf();
  t.diagnostic(`POOL_SEED=${seed}`);
  const { below, oneOf } = randomOf(seed);
  for (let round = 0; round < 200; round++) {
    const heap = new Heap<{ value: number; place: number }>((one, other) => one.value < other.value);
    const items = new Set<{ value: number; place: number }>();
    for (let step = 0; step < 100; step++) {
      const act = below(5);
      if (act < 3) {
        const item = { value: below(50), place: -1 };
        items.add(item);
        heap.push(item);
      } else if (items.size > 0) {
        const item = act === 3 ? oneOf([...items]) : (heap.peek() as { value: number; place: number });
        items.delete(item);
        heap.remove(item);
        assert.equal(item.place, -1);
      }
      assert.equal(heap.size, items.size);
      assert.equal(
        heap.peek()?.value,
        items.size === 0 ? undefined : Math.min(...[...items].map(({ value }) => value)),
      );
    }
    const values: number[] = [];
    for (let item = heap.pop(); item !== undefined; item = heap.pop()) values.push(item.value);
    assert.deepEqual(
      values,
      values.toSorted((a, b) => a - b),
    );
    assert.equal(values.length, items.size);
  }
});

test('Deadlines expire in their order, and not before their time', () => {
  const deadlines = new Deadlines();
  const expired: string[] = [];
  assert.equal(deadlines.first, Infinity);
  deadlines.add(20, () => expired.push('b'));
  deadlines.add(10, () => expired.push('a'));
  const gone = deadlines.add(15, () => expired.push('gone'));
  deadlines.remove(gone);
  deadlines.remove(gone);
  deadlines.expire(9);
  assert.deepEqual([expired, deadlines.first], [[], 10]);
  deadlines.expire(20);
  assert.deepEqual([expired, deadlines.first], [['a', 'b'], Infinity]);
});

describe('The breaker', () => {
  test('allows three attempts to start, each after a longer wait, and then none for a second', () => {
    const breaker = new Breaker();
    assert.equal(breaker.failed(0, 'first', false), false);
    assert.deepEqual([breaker.mayStart(99, 0), breaker.mayStart(100, 0)], [false, true]);
    assert.equal(breaker.failed(100, 'second', false), false);
    assert.deepEqual([breaker.mayStart(299, 0), breaker.mayStart(300, 0)], [false, true]);
    assert.equal(breaker.refuses(300), false);
    assert.equal(breaker.failed(300, 'third', false), true);
    assert.deepEqual([breaker.refuses(1299), breaker.mayStart(1299, 0)], [true, false]);
    assert.deepEqual([breaker.refuses(1300), breaker.mayStart(1300, 0)], [false, true]);
    assert.equal(breaker.cause, 'third');
  });

  test('allows one start as a probe, which closes the breaker or opens it for twice as long', () => {
    const breaker = new Breaker();
    assert.equal(breaker.failed(0, 'hopeless', true), true);
    // Another that had begun before it opened changes nothing.
    assert.equal(breaker.failed(1, 'late', false), false);
    breaker.begun();
    assert.equal(breaker.mayStart(1000, 1), false);
    assert.equal(breaker.failed(1000, 'again', false), true);
    assert.deepEqual([breaker.mayStart(2999, 0), breaker.mayStart(3000, 0)], [false, true]);
    breaker.begun();
    breaker.succeeded();
    assert.equal(breaker.mayStart(3000, 5), true);
    assert.equal(breaker.failed(3000, 'one', false), false);
  });
});

test('A slot waits before its next worker only after two crashes in a row, and longer each time, up to five seconds', () => {
  const backOff = new BackOff();
  backOff.crashed(0);
  assert.equal(backOff.notBefore, -Infinity);
  const waits = Array.from({ length: 8 }, () => {
    backOff.crashed(1000);
    return backOff.notBefore - 1000;
  });
  assert.deepEqual(waits, [100, 200, 400, 800, 1600, 3200, 5000, 5000]);
  backOff.answered();
  backOff.crashed(2000);
  assert.ok(backOff.notBefore <= 6000);
});

test('Chance makes the limits of a worker shorter, and never longer', () => {
  const recycle = { afterRequests: 100, maxAge: 1000, maxRss: 500, jitter: 0.5 };
  const [whole, half] = [new Limits(recycle, 0), new Limits(recycle, 1)];
  assert.deepEqual([whole.hasRunEnough(99), whole.hasRunEnough(100)], [false, true]);
  assert.deepEqual([half.hasRunEnough(49), half.hasRunEnough(50)], [false, true]);
  assert.deepEqual([whole.isTooOld(999), half.isTooOld(500)], [false, true]);
  assert.deepEqual([whole.isTooLarge(500), whole.isTooLarge(501), whole.isTooLarge(undefined)], [false, true, false]);
  const none = new Limits({ afterRequests: Infinity, maxAge: Infinity, maxRss: Infinity, jitter: 1 }, 0.5);
  assert.deepEqual([none.hasRunEnough(1e9), none.isTooOld(1e12), none.isTooLarge(1e15)], [false, false, false]);
});
