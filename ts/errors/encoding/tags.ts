/** The member that marks an object in a tagged value as a stand-in for a value that JSON cannot express. */
export const TAG = '$';

/** The type of a marked object; its member `of` has the content. */
export const enum Tag {
  /** A plain object that has a member `$`, or that a reference names. */
  Object = 'object',
  /** An array that a reference names. */
  Array = 'array',
  /** An error, in the form of a thrown one. */
  Error = 'error',
  /** Keys and values, alternately. */
  Map = 'map',
  Set = 'set',
  Undefined = 'undefined',
  /** As text. */
  BigInt = 'bigint',
  /** As text: NaN, an infinity or -0. */
  Number = 'number',
  /** Milliseconds since 1970; `null`: an invalid date. */
  Date = 'date',
  /** Source and flags. */
  RegExp = 'regexp',
  /** Base64; the member `as` names the class. */
  Bytes = 'bytes',
  /** The object that has this `id`. */
  Reference = 'ref',
}

/** An object that stands for another value. */
export interface Tagged {
  readonly [TAG]: Tag;
  readonly of?: unknown;
  /** The number by which references name it. */
  id?: number;
  readonly as?: string;
}

/** The numbers that JSON cannot express. */
export const oddNumbers: ReadonlyMap<unknown, number> = new Map([
  ['NaN', NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
  ['-0', -0],
]);
