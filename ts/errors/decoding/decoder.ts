import { define } from '../encoding/define.js';
import { TAG, Tag } from '../encoding/tags.js';
import { createError, hide, markRemote } from './create-error.js';
import { isRecord } from '../../util/is-record.js';
import { Budget, kindOf, Malformed } from './limits.js';
import { elementsOf, membersOf, readLeaf } from './tagged.js';

export { Malformed };

/** The longest name or code. */
const LONGEST_NAME = 1024;
/** Members of the head of an error, which properties must not replace. */
const reserved = new Set(['name', 'message', 'stack', 'cause', 'isRemote']);

/** One member of an object under construction: passes its value to its owner. */
interface Step {
  readonly data: unknown;
  /** Whether the data have the form of an error's members; otherwise they are tagged. */
  readonly isMember: boolean;
  give(value: unknown): void;
}

/** An object under construction: its members follow one another. */
interface Frame {
  readonly steps: readonly Step[];
  next: number;
  /** Runs when all members are complete. */
  readonly end?: () => void;
}

/** Builds one error from data of a peer. It checks each value before it uses it, and never recurses. */
export class ErrorDecoder {
  private readonly budget = new Budget();
  private readonly frames: Frame[] = [];
  private readonly known = new Map<number, unknown>();

  /** Throws `Malformed`. */
  decode(data: unknown): Error {
    const error = this.error(data);
    for (let frame = this.frames.at(-1); frame !== undefined; frame = this.frames.at(-1)) {
      const step = frame.steps[frame.next++];
      if (step !== undefined) step.give(step.isMember ? this.member(step.data) : this.tagged(step.data));
      else {
        frame.end?.();
        this.frames.pop();
      }
    }
    return error;
  }

  private begin(steps: readonly Step[], end?: () => void): void {
    this.frames.push({ steps, next: 0, ...(end !== undefined && { end }) });
  }

  private remember(id: unknown, value: unknown): void {
    if (typeof id === 'number') this.known.set(id, value);
  }

  /** A member of an error: an error, plain JSON, or tagged JSON. */
  private member(data: unknown): unknown {
    if (data === null || data === undefined) return undefined;
    if (!isRecord(data)) throw new Malformed(`a value in it is ${kindOf(data)}, not an object`);
    const { error, value, tagged } = data;
    if (error !== undefined && error !== null) return this.error(error);
    if (tagged !== undefined) return this.tagged(tagged);
    this.budget.takeAll(value, this.frames.length);
    return value;
  }

  private error(data: unknown): Error {
    this.budget.take(this.frames.length);
    if (!isRecord(data)) throw new Malformed(`it is ${kindOf(data)}, not an object`);
    const name = this.text(data, 'name', LONGEST_NAME);
    const message = this.text(data, 'message') ?? '';
    const code = typeof data['code'] === 'number' ? data['code'] : this.text(data, 'code', LONGEST_NAME);
    const error = createError({ name, class: this.text(data, 'class', LONGEST_NAME), code }, message);
    this.remember(data['id'], error);
    if (name !== undefined && error.name !== name) hide(error, 'name', name);
    const stack = this.text(data, 'stack');
    if (stack !== undefined) hide(error, 'stack', stack);
    if (code !== undefined && (error as { code?: unknown }).code !== code) define(error, 'code', code);
    this.begin(this.stepsOf(error, data), () => markRemote(error));
    return error;
  }

  private stepsOf(error: Error, data: Record<string, unknown>): Step[] {
    const steps: Step[] = [];
    const { cause, thrown, errors, properties } = data;
    for (const value of [cause, thrown]) {
      if (value !== undefined && value !== null) {
        steps.push({ data: value, isMember: true, give: (built) => hide(error, 'cause', built) });
      }
    }
    if (errors !== undefined && errors !== null) {
      if (!Array.isArray(errors)) throw new Malformed(`its "errors" are ${kindOf(errors)}, not an array`);
      this.budget.expect(errors.length);
      const list: unknown[] = [];
      hide(error, 'errors', list);
      for (const each of errors) steps.push({ data: each, isMember: true, give: (built) => void list.push(built) });
    }
    if (properties !== undefined && properties !== null) {
      if (!isRecord(properties)) throw new Malformed(`its "properties" are ${kindOf(properties)}, not an object`);
      const entries = Object.entries(properties);
      this.budget.expect(entries.length);
      for (const [key, value] of entries) {
        if (!reserved.has(key)) {
          steps.push({ data: value, isMember: true, give: (built) => define(error, key, built) });
        }
      }
    }
    return steps;
  }

  /** A member of an error's data that is text, or absent. */
  private text(data: Record<string, unknown>, key: string, most = Infinity): string | undefined {
    const value = data[key];
    // JSON of other languages has `null` for absent members.
    if (value === undefined || value === null) return undefined;
    if (typeof value !== 'string') throw new Malformed(`its "${key}" is ${kindOf(value)}, not text`);
    if (value.length > most) throw new Malformed(`its "${key}" has ${value.length} characters, the limit is ${most}`);
    return value;
  }

  private tagged(data: unknown): unknown {
    this.budget.take(this.frames.length);
    if (typeof data !== 'object' || data === null) return data;
    if (Array.isArray(data)) return this.array(data, undefined);
    if (!Object.hasOwn(data, TAG)) return this.object(data as Record<string, unknown>, undefined);
    const { [TAG]: tag, of, id, as } = data as Record<string, unknown>;
    switch (tag) {
      case Tag.Error:
        return this.error(of);
      case Tag.Object:
        return this.object(membersOf(of), id);
      case Tag.Array:
        return this.array(elementsOf(of, tag), id);
      case Tag.Map:
        return this.map(elementsOf(of, tag), id);
      case Tag.Set:
        return this.set(elementsOf(of, tag), id);
      case Tag.Reference:
        if (!this.known.has(of as number)) throw new Malformed('it refers to a value that it does not have');
        return this.known.get(of as number);
      default: {
        const leaf = readLeaf(tag, of, as);
        this.remember(id, leaf);
        return leaf;
      }
    }
  }

  private array(elements: readonly unknown[], id: unknown): unknown[] {
    this.budget.expect(elements.length);
    const built: unknown[] = [];
    this.remember(id, built);
    this.begin(elements.map((data) => ({ data, isMember: false, give: (value) => void built.push(value) })));
    return built;
  }

  private object(members: Record<string, unknown>, id: unknown): object {
    const built = {};
    this.remember(id, built);
    const give = (key: string) => (value: unknown) => define(built, key, value);
    this.begin(Object.entries(members).map(([key, data]) => ({ data, isMember: false, give: give(key) })));
    return built;
  }

  private map(elements: readonly unknown[], id: unknown): Map<unknown, unknown> {
    this.budget.expect(elements.length);
    const built = new Map<unknown, unknown>();
    this.remember(id, built);
    let key: unknown;
    const give = (value: unknown, index: number) => void (index % 2 === 0 ? (key = value) : built.set(key, value));
    this.begin(elements.map((data, index) => ({ data, isMember: false, give: (value) => give(value, index) })));
    return built;
  }

  private set(elements: readonly unknown[], id: unknown): Set<unknown> {
    this.budget.expect(elements.length);
    const built = new Set<unknown>();
    this.remember(id, built);
    this.begin(elements.map((data) => ({ data, isMember: false, give: (value) => void built.add(value) })));
    return built;
  }
}
