// Random programs run on the addon's table of requests and on the plain one, and compare the two.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { describe, test } from 'node:test';

import { platform } from '../../scripts/build/native.mjs';
import { rounds } from '../fixtures/rounds.mjs';

/** What both tables have. */
interface Table {
  readonly idBase: string;
  readonly inFlight: number;
  readonly exchange: () => void;
  begin(type: string, tx: string | undefined, timeout: number): number;
  finishById(tx: string): number | null;
  slotById(tx: string): number | null;
  extend(slot: number): void;
  pause(slot: number): void;
  transactionId(slot: number): string | null;
  cancel(slot: number): boolean;
  failAll(): number[];
  hold(): void;
  expire(): number[];
  nextDeadline(): number | null;
}

const require = createRequire(import.meta.url);
const addon = require(`../../isolated-workers.${platform()}.node`);
const { PlainRequests, plainNumbers, plainRecords } = require('../../dist/plain.cjs');

/** As ts/protocol/generated.ts has it. */
const HEAD = 6;
const memory = new SharedArrayBuffer(1 << 16);
const records = new Int32Array(memory);
const numbers = new Float64Array(memory, HEAD * 4);
const environment = new addon.NativeEnvironment(Buffer.from(memory), 'tokio', false);

const options = {
  serializer: '',
  json: false,
  context: false,
  sharedMemory: false,
  sharedBuffers: false,
  busyPoll: true,
  handlers: [],
  maxMessageSize: 1,
  maxPendingBytes: 1,
  maxConcurrency: 1,
  startupTimeout: 0,
  serverConnectTimeout: 0,
  messageTimeout: 300_000,
  timeoutTypes: ['none', 'long'],
  timeoutMillis: [0, 900_000],
};
const BASE = '01234567-89ab-4cde-8f01-';

function tables(base: string): { table: Table; exchange: (finished: number[], begun: number) => number[] }[] {
  const both = [
    { table: new addon.NativeRequests(environment, options, base) as Table, records, numbers },
    { table: new PlainRequests(options, base) as Table, records: plainRecords, numbers: plainNumbers },
  ];
  return both.map(({ table, records: head, numbers: tickets }) => ({
    table,
    exchange(finished, begun) {
      finished.forEach((ticket, index) => (tickets[index] = ticket));
      head[1] = finished.length;
      head[2] = begun;
      table.exchange();
      return [...tickets.subarray(0, begun)];
    },
  }));
}

/** A deterministic stream of numbers below a limit. */
function numbersFrom(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

function attempt(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    return code === 'ERR_INVALID_OPTION' ? code : { code, message };
  }
}

const TYPES = ['none', 'long', 'other'];
/** Due at once, in minutes, never, and as configured. */
const TIMEOUTS = [1e-6, 1e-6, 600_000, 700_000, 0, Infinity, -1, Number.NaN];

describe('The two tables of requests', () => {
  const count = rounds(50, 500);
  test(`give the same answers in ${count} random programs`, () => {
    for (let seed = 1; seed <= count; seed++) {
      const next = numbersFrom(seed);
      const both = tables(BASE);
      const tickets: number[] = [];
      const ids = ['', 'é'.repeat(129), ...Array.from({ length: 8 }, (_, index) => `${BASE}80000000000${index}`)];
      for (let step = 0; step < 200; step++) {
        const slot = next(12);
        const id = ids[next(ids.length)] as string;
        const type = TYPES[next(TYPES.length)] as string;
        const timeout = TIMEOUTS[next(TIMEOUTS.length)] as number;
        const tx = next(3) === 0 ? (next(2) === 0 ? id : `id ${next(20)}`) : undefined;
        const finished =
          tickets.length === 0 ? [] : Array.from({ length: next(4) }, () => tickets[next(tickets.length)] ?? 0);
        const begun = next(4);
        const actions: ((one: (typeof both)[number]) => unknown)[] = [
          ({ table }) => attempt(() => table.begin(type, tx, timeout)),
          ({ table }) => attempt(() => table.begin(type, tx, timeout)),
          ({ exchange }) => exchange(finished, begun),
          ({ table }) => table.finishById(id),
          ({ table }) => table.slotById(id),
          ({ table }) => table.cancel(slot),
          ({ table }) => table.extend(slot),
          ({ table }) => table.pause(slot),
          ({ table }) => table.transactionId(slot),
          ({ table }) => table.expire().map((value) => Math.round(value * 1e6)),
          ({ table }) => table.hold(),
          ({ table }) => Math.round((table.nextDeadline() ?? Infinity) / 10_000),
          ({ table }) => table.inFlight,
        ];
        const action = actions[next(next(20) === 0 ? actions.length : 9)] as (typeof actions)[number];
        const [expected, actual] = both.map(action);
        assert.deepEqual(actual, expected, `seed ${seed}, step ${step}: ${action}`);
        if (typeof actual === 'number') tickets.push(actual);
        if (Array.isArray(actual)) tickets.push(...actual);
      }
      const [expected, actual] = both.map(({ table }) => table.failAll());
      assert.deepEqual(actual, expected, `seed ${seed}: failAll()`);
    }
  });

  test('begin their ids alike, each with a prefix of its own where the other side gives none', () => {
    for (const { table } of tables(BASE)) assert.equal(table.idBase, BASE);
    const [theirs, plain] = tables('no uuid');
    const pattern = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-$/;
    for (const each of [theirs, plain]) {
      const { table } = each ?? assert.fail('there are two');
      assert.match(table.idBase, pattern);
      table.begin('type', undefined, -1);
      table.begin('type', undefined, -1);
      assert.equal(table.transactionId(1), `${table.idBase}000000000001`);
    }
    assert.notEqual(theirs?.table.idBase, plain?.table.idBase);
  });
});
