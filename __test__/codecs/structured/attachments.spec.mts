// A peer in another process sends payloads of the serializer 'structured' whose parts contradict each other.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';

import { isSame } from '../../fixtures/carried.mjs';
import {
  HostObject,
  joinParts,
  mark,
  oddWhole,
  plain,
  startPeer,
  Transferred,
  view,
  View,
  whole,
} from '../../fixtures/handmade-parts.mjs';

const bytes = Buffer.from([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
const text = 'ä€'.repeat(10);
/** What a text is put into. */
const holder = () => ({ a: 0 });

/** A payload with one text, at a place of its own making. */
function placed(value: unknown, ...places: unknown[]): Buffer {
  return joinParts(whole(value, { places }), text);
}

function grown(number: number, limit: number): Buffer {
  const moved = new Transferred(0);
  return joinParts(whole(moved.memory, { growing: [number, limit] }, moved), bytes);
}

const ownProto = (value: unknown) => Object.defineProperty({}, '__proto__', { value, enumerable: true });

describe('A payload made by hand', () => {
  const moved = new Transferred(0);
  const place = holder();
  const map = new Map([['key', 0]]);
  const list = [0];
  const sly = ownProto(0);
  const good: [what: string, payload: Buffer, value: unknown][] = [
    [
      'views that share',
      joinParts(plain([view(View.Uint8Array, 0, 0, 2), view(View.Float64Array, 0, 8, 8)]), bytes),
      undefined,
    ],
    ['one ArrayBuffer twice', joinParts(plain([moved.memory, moved.memory], moved), bytes), undefined],
    ['a Buffer', joinParts(plain(view(View.Buffer, 0, 2, 3)), bytes), Buffer.from([3, 4, 5])],
    ['memory that nothing refers to', joinParts(plain(7n), bytes), 7n],
    ['a text in an object', placed(place, place, 'a', 0), { a: text }],
    ['a text in a map', placed(map, map, 'key', 0), new Map([['key', text]])],
    ['a text in a list', placed(list, list, '0', 0), [text]],
    ['a text as a member called __proto__', placed(sly, sly, '__proto__', 0), ownProto(text)],
    ['a text alone', joinParts(Buffer.of(0xff, 15, 3), '€'), '€'],
    ['numbers alone', joinParts(Buffer.of(0xff, 15, 4, 10), bytes), new Float64Array(Uint8Array.from(bytes).buffer)],
    ['JSON', joinParts(Buffer.of(0xff, 15, 2), '{"a":[1,"€"]}'), { a: [1, '€'] }],
    ['an error', joinParts(whole(mark(0), { errors: [{}] })), new Error('told')],
  ];
  for (const [what, payload, value] of good) {
    test(`has the meaning of its parts: ${what}`, async (t) => {
      const { answer } = await startPeer(t);
      const read = await answer(payload);
      if (value !== undefined) assert.ok(isSame(read, value), inspect(read));
      else assert.equal(read[0].buffer ?? read[0], read[1].buffer ?? read[1]);
    });
  }
});

/** What a message says of itself, the lie in it, and what its error says. */
type Lie = [what: string, payload: () => Buffer, says: RegExp];

const attachments: Lie[] = [
  [
    'a view without its attachment',
    () => joinParts(plain(view(View.Uint8Array, 0, 0, 1))),
    /there is no attachment 0$/,
  ],
  [
    'a view of a later attachment',
    () => joinParts(plain(view(View.Uint8Array, 1, 0, 1)), bytes),
    /there is no attachment 1$/,
  ],
  ['an ArrayBuffer without its attachment', () => unmoved(), /./],
  [
    'text in place of the memory of a view',
    () => joinParts(plain(view(View.Uint8Array, 0, 0, 1)), text),
    /0 is text where bytes/,
  ],
  ['text in place of an ArrayBuffer', () => unmoved(text), /./],
  [
    'a Buffer and a view of one memory',
    () => joined(view(View.Buffer, 0, 0, 2), view(View.Uint8Array, 0, 0, 2)),
    /is that of a Buffer/,
  ],
  [
    'a view and a Buffer of one memory',
    () => joined(view(View.Uint8Array, 0, 0, 2), view(View.Buffer, 0, 0, 2)),
    /is that of a Buffer/,
  ],
  [
    'two Buffers of one memory',
    () => joined(view(View.Buffer, 0, 0, 2), view(View.Buffer, 0, 4, 2)),
    /is that of a Buffer/,
  ],
  [
    'an offset beyond its attachment',
    () => joined(view(View.Uint8Array, 0, 17, 0)),
    /0 bytes at 17 does not lie in .* of 16/,
  ],
  [
    'a length beyond its attachment',
    () => joined(view(View.Uint8Array, 0, 8, 9)),
    /9 bytes at 8 does not lie in .* of 16/,
  ],
  [
    'the largest offset and length',
    () => joined(view(View.Uint8Array, 0, 2 ** 32 - 1, 2 ** 32 - 1)),
    /does not lie in/,
  ],
  [
    'an offset between two elements',
    () => joined(view(View.Float64Array, 0, 4, 8)),
    /Float64Array of 8 bytes at 4 has no whole/,
  ],
  [
    'a length of half an element',
    () => joined(view(View.Float64Array, 0, 0, 12)),
    /Float64Array of 12 bytes at 0 has no whole/,
  ],
  ['a view of a type that there is not', () => joined(view(14 as View, 0, 0, 1)), /there is no view of type 14/],
  ['a host object of a kind that there is not', () => joined(new HostObject(9, 3, 0, 0, 1)), /of kind 9$/],
  ['a text that nothing refers to', () => joinParts(plain(1n), text), /nothing refers to the attachment 0/],
  ['memory that grows less than it is', () => grown(0, 15), /the attachment 0 cannot grow to 15 bytes/],
  ['memory that grows by half a byte', () => grown(0, 16.5), /cannot grow to 16.5/],
  ['memory that grows without bound', () => grown(0, Infinity), /cannot grow to Infinity/],
  ['memory that grows beyond all memory', () => grown(0, 2 ** 53 - 1), /./],
  ['memory that grows, and is none', () => grown(1, 20), /there is no attachment 1$/],
  ['memory that grows, and is a fraction', () => grown(0.5, 20), /there is no attachment 0.5$/],
  ['bytes behind the value', () => joinParts(Buffer.concat([plain(1n), Buffer.of(0)])), /1 bytes belong to no value/],
];

function joined(...views: HostObject[]): Buffer {
  return joinParts(plain(views), bytes);
}

/** An `ArrayBuffer` that is said to be an attachment. */
function unmoved(...given: string[]): Buffer {
  const moved = new Transferred(0);
  return joinParts(plain(moved.memory, moved), ...given);
}

const texts: Lie[] = [
  ['a text that is not there', () => shared((at) => [at, 'a', 1]), /there is no attachment 1$/],
  ['a text whose number is none', () => shared((at) => [at, 'a', '0']), /there is no attachment 0$/],
  ['a text whose number is that of its list', () => shared((at) => [at, 'a', 'length']), /there is no attachment/],
  ['bytes where a text belongs', () => bytesForText(), /the attachment 0 is bytes where text belongs/],
  ['a place in nothing', () => placed(1n, null, 'a', 0), /a text has no place$/],
  ['a place in a text', () => placed(1n, 'abc', 'length', 0), /a text has no place$/],
  ['a place that nothing holds open', () => shared((at) => [at, 'b', 0]), /a text has no place at "b"/],
  ['a place that has a value', () => taken(), /a text has no place at "a"/],
  ['a place in the prototype', () => shared((at) => [at, '__proto__', 0]), /a text has no place at "__proto__"/],
  ['a place in the constructor', () => shared((at) => [at, 'constructor', 0]), /no place at "constructor"/],
  ['the length of a list', () => emptyList(), /a text has no place at "length"/],
  ['a place in a date', () => placed(1n, new Date(0), 'a', 0), /a text has no place$/],
  [
    'a place in memory',
    () => joinParts(whole(1n, { places: [view(View.Uint8Array, 0, 0, 4), '0', 1] }), bytes, text),
    /no place/,
  ],
  ['a place in an error', () => inError(), /a text has no place$/],
  ['a place whose name is no text', () => shared((at) => [at, { a: 1 }, 0]), /the place of a text has no name/],
  ['a key that its map does not have', () => placed(1n, new Map([['a', 0]]), 'b', 0), /no place in its map/],
  ['one place for two texts', () => twice(), /a text has no place at "a"/],
  ['a place without its end', () => shared((at) => [at, 'a']), /a text has no place$/],
  ['places that are no list', () => joinParts(whole(1n, { places: { length: 3 } }), text), /its parts are none/],
  ['no places at all', () => joinParts(oddWhole([[1n], []]), text), /its parts are none/],
  ['a map in place of its parts', () => joinParts(oddWhole(new Map([[[1], []]]))), /its parts are none/],
  ['two values', () => joinParts(oddWhole([[1, 2], [], []])), /no value, or more than one/],
  ['no value', () => joinParts(oddWhole([[], [], []])), /no value, or more than one/],
];

function shared(places: (at: object) => unknown[]): Buffer {
  const at = holder();
  return placed(at, ...places(at));
}

function bytesForText(): Buffer {
  const at = holder();
  return joinParts(whole(at, { places: [at, 'a', 0] }), bytes);
}

function taken(): Buffer {
  const at = { a: 1 };
  return placed(at, at, 'a', 0);
}

function emptyList(): Buffer {
  const at: unknown[] = [];
  return placed(at, at, 'length', 0);
}

function inError(): Buffer {
  const error = mark(0);
  return joinParts(whole(error, { errors: [{ properties: { a: 0 } }], places: [error, 'message', 0] }), text);
}

function twice(): Buffer {
  const at = holder();
  return joinParts(whole(at, { places: [at, 'a', 0, at, 'a', 1] }), text, text);
}

const errors: Lie[] = [
  ['an error without its data', () => joinParts(whole(mark(0))), /1 errors have the data of 0/],
  ['an error of another number', () => marked([mark(1)], [{}]), /the error 1 has no data/],
  ['an error whose data are nothing', () => marked([mark(0)], [null]), /the error 0 has no data/],
  ['an error that is there twice', () => marked([mark(0), mark(0)], [{}, {}]), /the error 0 is there twice/],
  ['an error where there are no data', () => joinParts(plain(mark(0))), /its errors or typed values have no data/],
  ['data that no error has', () => marked([mark(0)], [{}, {}]), /1 errors have the data of 2/],
  ['a head that is no JSON', () => marked([mark(0, '{')], [{}]), /JSON/],
  ['a head that is nothing', () => marked([mark(0, 'null')], [{}]), /no name or no message/],
  ['a name that is no text', () => marked([mark(0, { name: 1, message: '' })], [{}]), /no name or no message/],
  ['a head without a message', () => marked([mark(0, { name: 'Error' })], [{}]), /no name or no message/],
  ['a class that is no text', () => marked([mark(0, { name: 'E', message: '', class: {} })], [{}]), /"E" is none/],
  ['a code that is an object', () => marked([mark(0, { name: 'E', message: '', code: {} })], [{}]), /"E" is none/],
  ['a stack that is no text', () => marked([mark(0)], [{ stack: 1 }]), /the data of an error "Error" are none/],
  ['a cause that is none', () => marked([mark(0)], [{ cause: 'why' }]), /data of an error/],
  ['two causes', () => marked([mark(0)], [{ cause: [1, 2] }]), /data of an error/],
  ['errors that are no list', () => marked([mark(0)], [{ errors: { length: 1 } }]), /data of an error/],
  ['members that are text', () => marked([mark(0)], [{ properties: 'abc' }]), /data of an error/],
  ['a member that is the message', () => marked([mark(0)], [{ properties: { message: 1 } }]), /data of an error/],
  ['a head longer than all bytes', () => longHead(), /./],
];

function marked(marks: HostObject[], data: unknown[]): Buffer {
  return joinParts(whole(marks, { errors: data }));
}

function longHead(): Buffer {
  return joinParts(whole(new HostObject(1, 0, 2 ** 32 - 1), { errors: [{}] }));
}

/** What stands in front of a value that is alone: JSON, a text, a view and its type. */
const jsonMark = Buffer.of(0xff, 15, 2);
const textMark = Buffer.of(0xff, 15, 3);
const viewMark = (type: number) => Buffer.of(0xff, 15, 4, type);

const alone: Lie[] = [
  ['JSON without its text', () => joinParts(jsonMark), /its value is not the one part it has$/],
  ['JSON with another part', () => joinParts(jsonMark, '1', '2'), /its value is not the one part it has$/],
  ['JSON of bytes', () => joinParts(jsonMark, Buffer.from('1')), /its value is not the one part it has$/],
  ['JSON that is broken', () => joinParts(jsonMark, '{"a":'), /JSON/],
  ['JSON with more behind its mark', () => joinParts(Buffer.of(0xff, 15, 2, 0), '1'), /its bytes have no shape$/],
  ['a text without itself', () => joinParts(textMark), /its value is not the one part it has$/],
  ['a text of bytes', () => joinParts(textMark, bytes), /its value is not the one part it has$/],
  ['a shared buffer of a text', () => joinParts(Buffer.of(0xff, 15, 8), text), /is text where memory belongs$/],
  ['a view of a text', () => joinParts(viewMark(View.Uint8Array), 'a'), /its value is not the one part it has$/],
  ['a view without its type', () => joinParts(Buffer.of(0xff, 15, 4), bytes), /its bytes have no shape$/],
  ['a view of no type', () => joinParts(viewMark(200), bytes), /view/],
  ['a view of half elements', () => joinParts(viewMark(View.Float64Array), bytes.subarray(0, 12)), /element/],
  ['a shape that is none', () => joinParts(Buffer.of(0xff, 15, 5), '1'), /its bytes have no shape$/],
];

for (const [title, lies] of Object.entries({
  'An attachment': attachments,
  'A large text': texts,
  'An error': errors,
  'A value alone': alone,
})) {
  describe(`${title} of a payload that lies:`, () => {
    for (const [what, payload, says] of lies) {
      test(`${what} fails its message alone`, async (t) => {
        const { answer } = await startPeer(t);
        const fine = joinParts(plain([1n]));
        const before = Object.getOwnPropertyNames(Object.prototype);
        const [first, bad, last] = await Promise.allSettled([answer(fine), answer(payload()), answer(fine)]);
        assert.equal(bad.status, 'rejected', `it was read: ${bad.status === 'fulfilled' && String(bad.value)}`);
        assert.equal(bad.reason.code, 'ERR_MALFORMED_MESSAGE', String(bad.reason));
        assert.match(bad.reason.message, /^"structured" cannot decode an incoming message: /);
        // It ends with where it belongs.
        assert.match(bad.reason.message.replace(/ \(worker .*?\)$/, ''), says);
        for (const each of [first, last]) assert.deepEqual(each, { status: 'fulfilled', value: [1n] });
        assert.deepEqual(Object.getOwnPropertyNames(Object.prototype), before);
      });
    }
  });
}

test('An error keeps a member called __proto__ as an ordinary member', async (t) => {
  const { answer } = await startPeer(t);
  const read = await answer(marked([mark(0)], [{ properties: ownProto({ sly: true }) }]));
  assert.deepEqual(Object.getOwnPropertyDescriptor(read[0], '__proto__')?.value, { sly: true });
  assert.equal(Object.getPrototypeOf(read[0]), Error.prototype);
  assert.equal(({} as any).sly, undefined);
});
