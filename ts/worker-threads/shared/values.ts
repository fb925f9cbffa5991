import { memoryNotShown, memoryOfOneProcess } from '../errors.js';
import type { Body, SharedValue } from '../frames.js';
import { clone } from './core.js';
import { canTravel } from './memory.js';

type Shared = NonNullable<ReturnType<ReturnType<typeof clone>['findShared']>>;
type View = ArrayBufferView & { readonly length?: number };

/** The memory, and the views of it, that a value shares with another process. */
export class SharedValues {
  private readonly memories: (Shared | null)[] = [];
  private readonly shared: SharedValue[] = [];
  private readonly numbers = new Map<ArrayBufferLike, number>();
  private readonly standIns = new Map<object, object>();

  /** @param first - The first number of a stand-in. */
  constructor(
    private readonly first: number,
    private readonly mark: string,
  ) {}

  get isEmpty(): boolean {
    return this.shared.length === 0;
  }

  /** @throws A `DataCloneError` for memory of one process. */
  standIn(object: object): object {
    let standIn = this.standIns.get(object);
    if (standIn === undefined) {
      standIn = { [this.mark]: this.first + this.shared.push(this.describe(object)) - 1 };
      this.standIns.set(object, standIn);
    }
    return standIn;
  }

  body(): Pick<Body, 'memories' | 'shared'> {
    return this.isEmpty ? {} : { memories: this.memories, shared: this.shared };
  }

  private describe(object: object): SharedValue {
    if (!ArrayBuffer.isView(object)) return [this.numberOf(object as SharedArrayBuffer)];
    const { buffer, byteOffset, byteLength, length = byteLength } = object as View;
    return [this.numberOf(buffer as SharedArrayBuffer), object.constructor.name, byteOffset, length];
  }

  private numberOf(memory: SharedArrayBuffer): number {
    const known = this.numbers.get(memory);
    if (known !== undefined) return known;
    if (!canTravel(memory)) throw memoryOfOneProcess();
    const number = this.memories.push(memory.byteLength === 0 ? null : clone().findShared(memory)) - 1;
    this.numbers.set(memory, number);
    return number;
  }
}

/** What the stand-ins of a body stand for, in the order of their numbers. */
export function openShared({ memories = [], shared = [] }: Body): object[] {
  const shown = memories.map((memory) => show(memory as Shared | null));
  return shared.map(([number, type, offset = 0, length = 0]) => {
    const memory = shown[number] as SharedArrayBuffer;
    if (type === undefined) return memory;
    const View = views[type] ?? Uint8Array;
    return new View(memory, offset, length);
  });
}

function show(memory: Shared | null): SharedArrayBuffer {
  if (memory === null) return new globalThis.SharedArrayBuffer(0);
  const shown = typeof memory.byteLength === 'number' && 'read' in memory ? clone().showShared(memory) : null;
  if (shown === null) throw memoryNotShown();
  return shown;
}

type ViewClass = new (memory: SharedArrayBuffer, offset: number, length: number) => ArrayBufferView;

/** Those of Node's clone: it makes a `Uint8Array` of a `Buffer`, and of a class that extends one of these. */
const views: Readonly<Record<string, ViewClass>> = Object.fromEntries(
  [
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    Float32Array,
    Float64Array,
    BigInt64Array,
    BigUint64Array,
    DataView,
  ].map((each) => [each.name, each as unknown as ViewClass]),
);
