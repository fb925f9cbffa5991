// The serializer 'structured' writes JSON with annotations for values with few types that JSON lacks.
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { inspect } from 'node:util';

import { startPeer } from '../../fixtures/handmade-parts.mjs';
import { fixture, start } from '../../fixtures/support.mjs';

const begin = (t: TestContext) => start<any>(t, { script: fixture('structured.mjs'), serializer: 'structured' });

/** All there is to see of it; what compares values takes no two dates without a time for the same. */
const told = (value: unknown) => inspect(value, { depth: null, maxArrayLength: null, maxStringLength: null });

/** Written out, as `JSON.parse` makes a member of it. */
const proto = (value: unknown) => Object.fromEntries([['__proto__', value]]) as object;

describe('Few things that JSON does not carry', () => {
  const values: [title: string, value: () => unknown][] = [
    ['alone: a date', () => new Date(5)],
    ['alone: no time', () => new Date(NaN)],
    ['alone: a number', () => -0],
    ['alone: a bigint', () => -(2n ** 63n)],
    ['alone: a set', () => new Set()],
    ['as members', () => ({ at: new Date(0), none: undefined, zero: -0, more: [NaN, Infinity, -Infinity, 1n] })],
    ['in each other', () => new Map([[{ at: new Date(1) }, new Set([[undefined], new Map([[1n, NaN]])])]])],
    [
      'under names that objects have',
      () => ({ ...proto(new Date(1)), constructor: undefined, toString: 1n, length: NaN }),
    ],
    ['in what has such a name', () => [proto({ at: new Date(1) }), proto(new Set([proto(undefined)]))]],
    ['under names that are none', () => ({ '': new Date(1), 0: [1n], '\0': undefined, 'é"\\': -0 })],
    ['without a prototype around them', () => Object.assign(Object.create(null), { at: new Date(1) })],
    ['beside much that JSON carries', () => [Array.from({ length: 100 }, (_, id) => ({ id })), new Date(1)]],
    ['behind 64 KiB of text', () => [new Date(1), ...Array.from({ length: 20 }, () => 'é'.repeat(5000))]],
  ];
  for (const [title, value] of values) {
    test(`${title} arrive with their types`, async (t) => {
      const worker = await begin(t);
      const back = await worker.send('echo', value());
      assert.equal(told(back), told(structuredClone(value())));
    });
  }

  test('travel as JSON while they are few', async (t) => {
    const { told: written } = await startPeer(t);
    const dates = (count: number) => Array.from({ length: count }, (_, at) => new Date(at));
    assert.equal(String(await written(dates(2))), '["\\u0000",[0,1],[["d",0],["d",1]]]');
    assert.equal((await written(dates(16)))[0], '['.charCodeAt(0));
    assert.equal((await written(dates(17)))[0], 1);
  });

  test('arrive equal whether they are few or many', async (t) => {
    const worker = await begin(t);
    const counts = [1, 15, 16, 17, 100];
    const lists = counts.map((count) =>
      Array.from({ length: count }, (_, at) => ({ at: new Date(at), none: undefined })),
    );
    assert.equal(told(await Promise.all(lists.map((list) => worker.send('echo', list)))), told(lists));
  });

  test('keep their identity, and a payload that looks like an annotation stays a payload', async (t) => {
    const worker = await begin(t);
    for (const one of [new Date(1), new Set([1]), new Map([[1, 2]])]) {
      const [first, second] = await worker.send('echo', [one, one]);
      assert.equal(first, second);
    }
    for (const value of [['\0'], ['\0', 0, [['d']]], ['\0', new Date(1), []], [['\0', 0, [['d']]], new Date(1)]]) {
      assert.equal(told(await worker.send('echo', value)), told(value));
    }
  });

  test('arrive in any mixture', { timeout: 60_000 }, async (t) => {
    const worker = await begin(t);
    const seed = Number(process.env['SEED'] ?? Date.now() % 1e6);
    t.diagnostic(`SEED=${seed}`);
    console.log(`structured-notes: SEED=${seed}`);
    let state = seed + 1;
    const below = (end: number) => (state = (state * 48_271) % 2_147_483_647) % end;
    const any = (depth: number): unknown => {
      const length = depth === 0 ? 0 : below(4);
      const members = () => Array.from({ length }, () => any(depth - 1));
      const name = () => ['a', '', '__proto__', '7', 'length', '\0', 'constructor'][below(7)];
      return [
        () => below(1000),
        () => [NaN, -0, Infinity, -Infinity, 0.5][below(5)],
        () => [undefined, null, true][below(3)],
        () => ['\0', 'text', '', '\ud800'][below(4)],
        () => BigInt(below(1000)) - 500n,
        () => 2n ** 64n,
        () => new Date(below(5) === 0 ? NaN : below(1e9)),
        () => new Set(members()),
        () => new Map(members().map((member, at) => [at % 2 === 0 ? at : { at }, member])),
        () => Object.fromEntries(members().map((member) => [name(), member])),
        members,
        members,
      ][below(12)]!();
    };
    for (let round = 0; round < 40; round++) {
      const mixtures = Array.from({ length: 50 }, () => any(4));
      const back = (await Promise.all(mixtures.map((value) => worker.send('echo', value)))) as unknown[];
      for (const [index, value] of mixtures.entries()) {
        assert.equal(told(back[index]), told(structuredClone(value)), `${round}, ${index}`);
      }
    }
  });
});

describe('Notes', () => {
  const lies: [title: string, json: unknown][] = [
    ['that are missing', ['\0', 1]],
    ['with something behind them', ['\0', 1, [], 1]],
    ['that are no list', ['\0', 1, {}]],
    ['that are none', ['\0', 1, [1]]],
    ['of no kind', ['\0', 1, [[]]]],
    ['of a kind that there is not', ['\0', 1, [['x']]]],
    ['for a member that there is not', ['\0', {}, [['u', 'a']]]],
    ['for what is inherited', ['\0', {}, [['u', '__proto__', 'toString']]]],
    ['for a prototype', ['\0', {}, [['s', '__proto__']]]],
    ['for the length of an array', ['\0', [1], [['d', 'length']]]],
    ['for a place in a text', ['\0', 'text', [['u', 0]]]],
    ['for a place in nothing', ['\0', null, [['u', 0]]]],
    ['for a place that is none', ['\0', [1], [['u', [0]]]]],
    [
      'for what was put there before',
      [
        '\0',
        [[1]],
        [
          ['s', 0],
          ['u', 0, 0],
        ],
      ],
    ],
    ['of a date that is a text', ['\0', 'now', [['d']]]],
    ['of a number that is one', ['\0', 1, [['n']]]],
    ['of a bigint that is a number', ['\0', 1, [['i']]]],
    ['of a bigint that is too long', ['\0', '1'.repeat(21), [['i']]]],
    ['of a bigint that is none', ['\0', '0x1', [['i']]]],
    ['of a set that is an object', ['\0', {}, [['s']]]],
    ['of a map with half an entry', ['\0', [1], [['m']]]],
  ];
  for (const [title, json] of lies) {
    test(`${title} fail their message alone`, async (t) => {
      const { answer } = await startPeer(t);
      const good = Buffer.from(JSON.stringify(['\0', [0], [['d', 0]]]));
      const outcomes = await Promise.allSettled([good, Buffer.from(JSON.stringify(json)), good].map(answer));
      assert.deepEqual(outcomes[0], { status: 'fulfilled', value: [new Date(0)] });
      assert.deepEqual(outcomes[2], outcomes[0]);
      assert.ok(outcomes[1]?.status === 'rejected');
      assert.equal(outcomes[1].reason.code, 'ERR_MALFORMED_MESSAGE');
      assert.match(outcomes[1].reason.message, /"structured" cannot decode an incoming message: .*annotation/);
      assert.deepEqual(Object.keys(Object.prototype), []);
    });
  }
});
