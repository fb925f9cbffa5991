// Compares the order in which a pool assigns requests with an oracle. `POOL_SEED=<seed>` repeats a run.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { leastBusy, roundRobin, Scheduler, slotOfKey } from '../../fixtures/pool/core.mjs';
import { Oracle, type Request, type Worker } from '../../fixtures/pool/oracle.mjs';
import { randomOf, seedOf } from '../../fixtures/pool/random.mjs';
import { rounds } from '../../fixtures/rounds.mjs';

type Random = ReturnType<typeof randomOf>;

const RUNS = rounds(300, 5_000);
const STEPS = 150;
const KEYS = ['a', 'b', 'c', 'd', 'e'];

/** A request and a worker as the scheduler has them, with what the oracle has of them. */
const requestOf = (model: Request) => ({ ...model, model, place: -1, keyQueue: undefined });
const seatOf = (model: Worker) => ({ model, slot: -1, inFlight: 0, isPaused: false, isAlone: false });
type Seat = ReturnType<typeof seatOf>;
type Queued = ReturnType<typeof requestOf>;

/** Does the same to both, and compares each decision. */
class Model {
  private readonly concurrency: number;
  private size: number;
  private readonly oracle: Oracle;
  private readonly scheduler: Scheduler<Queued, Seat>;
  private readonly waiting = new Set<Queued>();
  private readonly running: { request: Queued; seat: Seat }[] = [];
  private sequence = 0;
  private workers = 0;
  readonly done = { begun: 0, suspects: 0, keyed: 0 };

  constructor(private readonly random: Random) {
    this.concurrency = random.oneOf([1, 1, 2, 3]);
    this.size = 1 + random.below(4);
    this.oracle = new Oracle(this.size, this.concurrency, slotOfKey);
    this.scheduler = new Scheduler<Queued, Seat>(this.size, this.concurrency, leastBusy);
  }

  step(): void {
    const { random } = this;
    const act = random.oneOf([
      'add',
      'add',
      'add',
      'finish',
      'finish',
      'remove',
      'start',
      'start',
      'crash',
      'pause',
      'resize',
    ]);
    this[act as 'add']();
    this.settle();
    this.checkLimits();
  }

  private add(): void {
    const { random } = this;
    const key = random.below(2) === 0 ? undefined : random.oneOf(KEYS);
    const model: Request = {
      sequence: ++this.sequence,
      priority: random.oneOf([0, 0, 0, 1, -1]),
      key,
      isSuspect: false,
    };
    this.enter(requestOf(model));
  }

  private enter(request: Queued): void {
    this.scheduler.add(request);
    this.oracle.add(request.model);
    this.waiting.add(request);
  }

  protected remove(): void {
    if (this.waiting.size === 0) return;
    const request = this.random.oneOf([...this.waiting]);
    assert.equal(this.scheduler.remove(request), true);
    assert.equal(this.scheduler.remove(request), false);
    this.oracle.remove(request.model);
    this.waiting.delete(request);
  }

  protected finish(): void {
    if (this.running.length === 0) return;
    const [{ request, seat }] = this.running.splice(this.random.below(this.running.length), 1) as [
      { request: Queued; seat: Seat },
    ];
    this.scheduler.finish(request, seat);
    this.oracle.finish(request.model, seat.model);
  }

  /** In an empty slot, or in place of another worker, which goes on with what it runs. */
  protected start(): void {
    const slot = this.random.below(this.size);
    const model: Worker = { id: ++this.workers, slot: -1, isPaused: false, runs: [] };
    this.scheduler.seat(slot, seatOf(model));
    this.oracle.seat(model, slot);
  }

  protected crash(): void {
    const { seats } = this.scheduler;
    if (seats.length === 0) return;
    const seat = this.random.oneOf(seats);
    this.scheduler.unseat(seat);
    seat.model.slot = -1;
    const lost = this.running.filter((each) => each.seat === seat);
    for (const each of lost) {
      this.running.splice(this.running.indexOf(each), 1);
      this.scheduler.finish(each.request, seat);
      this.oracle.finish(each.request.model, seat.model);
      if (this.random.below(3) === 0) continue;
      each.request.isSuspect = each.request.model.isSuspect = true;
      this.enter(each.request);
    }
  }

  protected pause(): void {
    const { seats } = this.scheduler;
    if (seats.length === 0) return;
    const seat = this.random.oneOf(seats);
    seat.isPaused = seat.model.isPaused = !seat.isPaused;
  }

  protected resize(): void {
    if (this.random.below(3) > 0) return;
    this.size = 1 + this.random.below(4);
    this.scheduler.resize(this.size);
    this.oracle.resize(this.size);
  }

  private settle(): void {
    for (;;) {
      const expected = this.oracle.next();
      const found = this.scheduler.next();
      const shown = found?.seat && { request: found.request.sequence, worker: found.seat.model.id };
      assert.deepEqual(shown, expected && { request: expected.request.sequence, worker: expected.worker.id });
      if (found?.seat === undefined) break;
      this.waiting.delete(found.request);
      this.running.push({ request: found.request, seat: found.seat });
      this.done.begun++;
      if (found.request.isSuspect) this.done.suspects++;
      if (found.request.key !== undefined) this.done.keyed++;
    }
    assert.equal(this.scheduler.queued, this.waiting.size);
    const sequences = (all: Iterable<Queued>) => [...all].map(({ sequence }) => sequence).toSorted((a, b) => a - b);
    assert.deepEqual(sequences(this.scheduler.waiting()), sequences(this.waiting));
  }

  /** What holds whatever the order is. */
  private checkLimits(): void {
    const { seats } = this.scheduler;
    for (const seat of seats) {
      const own = this.running.filter((each) => each.seat === seat);
      assert.equal(seat.inFlight, own.length);
      assert.ok(own.length <= this.concurrency, 'a worker has more requests than it may');
      if (own.some(({ request }) => request.isSuspect)) assert.equal(own.length, 1, 'a suspect has company');
    }
    for (const key of KEYS) {
      const runners = new Set(this.running.filter(({ request }) => request.key === key).map(({ seat }) => seat));
      assert.ok(runners.size <= 1, `two workers run requests of the key ${key}`);
    }
    const isWorkerFree = seats.some(({ inFlight, isPaused }) => inFlight === 0 && !isPaused);
    const isRequestFree = [...this.waiting].some(({ key }) => key === undefined);
    assert.ok(!isWorkerFree || !isRequestFree, 'a request waits although a worker has nothing to do');
    for (const index of this.scheduler.wanted(0)) assert.equal(this.scheduler.slots[index]?.seat, undefined);
  }
}

describe('The scheduler of a pool', () => {
  test('decides like an oracle that searches lists', (t) => {
    const seed = seedOf();
    t.diagnostic(`POOL_SEED=${seed}`);
    const random = randomOf(seed);
    const sum = { begun: 0, suspects: 0, keyed: 0 };
    for (let run = 0; run < RUNS; run++) {
      const model = new Model(random);
      for (let step = 0; step < STEPS; step++) model.step();
      for (const name of ['begun', 'suspects', 'keyed'] as const) sum[name] += model.done[name];
    }
    t.diagnostic(JSON.stringify(sum));
    for (const [name, count] of Object.entries(sum)) assert.ok(count > RUNS, `too few were ${name}: ${count}`);
  });

  test('requests as many workers as there are waiting requests, with those of keys first', () => {
    const scheduler = new Scheduler<Queued, Seat>(4, 2, leastBusy);
    let sequence = 0;
    const add = (key?: string) =>
      scheduler.add(requestOf({ sequence: ++sequence, priority: 0, key, isSuspect: false }));
    assert.deepEqual(scheduler.wanted(0), []);
    assert.deepEqual(scheduler.wanted(2), [0, 1]);
    const slot = slotOfKey('k', 4);
    add('k');
    assert.deepEqual(scheduler.wanted(0), [slot]);
    add();
    add();
    add();
    assert.equal(scheduler.wanted(0)[0], slot);
    assert.equal(scheduler.wanted(0).length, 3);
    scheduler.slots[slot]!.isStarting = true;
    // It has a place left for one of the three.
    assert.equal(scheduler.wanted(0).length, 1);
  });

  test('finds the requests that no worker could run', () => {
    const scheduler = new Scheduler<Queued, Seat>(3, 1, leastBusy);
    const requests = ['x', 'y', 'z', undefined].map((key, sequence) =>
      requestOf({ sequence, priority: 0, key, isSuspect: false }),
    );
    for (const request of requests) scheduler.add(request);
    assert.equal(scheduler.stranded().length, 4);
    const slot = slotOfKey('x', 3);
    scheduler.seat(slot, seatOf({ id: 1, slot, isPaused: false, runs: [] }));
    const expected = requests.filter(({ key }) => key !== undefined && slotOfKey(key, 3) !== slot);
    assert.deepEqual(new Set(scheduler.stranded()), new Set(expected));
  });
});

describe('A key', () => {
  const keys = Array.from({ length: 10_000 }, (_, index) => `user ${index}`);

  test('moves to another slot only where slots come or go', () => {
    for (const [before, after] of [
      [3, 4],
      [7, 8],
      [8, 5],
    ] as const) {
      for (const key of keys) {
        const [one, other] = [slotOfKey(key, before), slotOfKey(key, after)];
        if (one !== other) assert.ok(other >= before || one >= after, `${key} moved from ${one} to ${other}`);
      }
    }
  });

  test('falls into each slot with equal probability', () => {
    const counts = new Array<number>(8).fill(0);
    for (const key of keys) counts[slotOfKey(key, 8)]!++;
    for (const count of counts) assert.ok(count > 1_000 && count < 1_500, counts.join(' '));
  });
});

test('Round robin proceeds from slot to slot, and skips full slots', () => {
  const seats = [0, 1, 2].map((slot) => ({ slot, inFlight: 0, isPaused: false, isAlone: false }));
  const next = roundRobin<{ slot: number }>();
  const [a, b, c] = seats;
  assert.deepEqual(
    [next(seats), next(seats), next([a!, c!]), next(seats), next([b!])].map(({ slot }) => slot),
    [0, 1, 2, 0, 1],
  );
});
