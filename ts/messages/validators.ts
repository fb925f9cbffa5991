import { invalidOption, WorkerError } from '../errors/worker-error.js';
import type { KnownOf } from '../options/known.js';
import { checkKnown } from '../options/check-known.js';
import type { AnyEnvelope } from './middleware-chain.js';
import { reasonOf } from '../util/safely.js';
import { isThenable } from '../util/thenable.js';
import type { MessageIssue, MessageSchema } from '../types/message-schemas.js';
import type { SchemaIssue, SchemaResult, StandardSchema } from '../types/standard-schema.js';

export type Member = keyof MessageSchema;
export type Side = 'worker' | 'host';
/** Returns the output of the validator of a value, or a promise of it. */
export type Check = (value: unknown) => unknown;

const definitionMembers: KnownOf<MessageSchema> = {
  payload: true,
  result: true,
  stream: true,
  input: true,
  progress: true,
};

const HANDLED: readonly Member[] = ['payload', 'input'];
const ANSWERED: readonly Member[] = ['result', 'stream', 'progress'];

/** The validators of incoming messages of one side. */
export class Checks {
  private readonly checks = new Map<string, Check>();

  private constructor(messages: object, members: readonly Member[], side: Side, option: string) {
    for (const [type, definition] of Object.entries(messages)) {
      const schemas = readDefinition(definition, `${option}.${type}`);
      for (const member of members) {
        const schema = schemas[member] as StandardSchema | undefined;
        if (schema !== undefined) this.checks.set(`${member} ${type}`, checkBy(schema, member, type, side));
      }
    }
  }

  /** For handlers; `undefined`: no check. */
  static ofHandled(messages: unknown, side: Side, option: string): Checks | undefined {
    return Checks.from(messages, HANDLED, side, option);
  }

  /** For answers. */
  static ofAnswered(messages: unknown, side: Side, option: string): Checks | undefined {
    return Checks.from(messages, ANSWERED, side, option);
  }

  private static from(messages: unknown, members: readonly Member[], side: Side, option: string): Checks | undefined {
    if (messages === undefined) return undefined;
    if (typeof messages !== 'object' || messages === null) throw invalidOption(option, 'an object', messages);
    const checks = new Checks(messages, members, side, option);
    return checks.checks.size === 0 ? undefined : checks;
  }

  find(member: Member, type: string): Check | undefined {
    return this.checks.get(`${member} ${type}`);
  }

  /** The last step of a message before its handler. */
  readonly onPayload = (message: AnyEnvelope): AnyEnvelope | Promise<AnyEnvelope> =>
    this.apply('payload', message.type, message);

  /** Replaces the payload of a message by the output of the validator. */
  apply(member: Member, type: string, message: AnyEnvelope): AnyEnvelope | Promise<AnyEnvelope> {
    const check = this.find(member, type);
    if (check === undefined) return message;
    const value = check(message.payload);
    return value instanceof Promise
      ? value.then((payload) => withPayload(message, payload))
      : withPayload(message, value);
  }
}

function withPayload(message: AnyEnvelope, payload: unknown): AnyEnvelope {
  message.payload = payload;
  return message;
}

function readDefinition(definition: unknown, name: string): MessageSchema {
  if (typeof definition !== 'object' || definition === null) throw invalidOption(name, 'an object', definition);
  checkKnown('a message definition', definition, definitionMembers, name);
  for (const [member, schema] of Object.entries(definition)) {
    if (schema === undefined) continue;
    const standard = (schema as Partial<StandardSchema> | null)?.['~standard'];
    if (standard?.version !== 1 || typeof standard.validate !== 'function') {
      throw invalidOption(`${name}.${member}`, 'a validator of Standard Schema 1, or unchecked()', schema);
    }
  }
  return definition;
}

function checkBy(schema: StandardSchema, member: Member, type: string, side: Side): Check {
  const standard = schema['~standard'];
  const accept = (result: SchemaResult<unknown>) => {
    if (result.issues === undefined) return result.value;
    throw invalidMessage(
      type,
      side,
      result.issues.map((issue) => toIssue(issue, member)),
    );
  };
  const failed = (cause: unknown): never => {
    if (cause instanceof WorkerError && cause.code === 'ERR_INVALID_MESSAGE') throw cause;
    const message = `its validator (${standard.vendor}) has failed: ${reasonOf(cause)}`;
    throw invalidMessage(type, side, [{ message, path: [member] }], cause);
  };
  return (value) => {
    try {
      const result = standard.validate(value);
      return isThenable(result) ? Promise.resolve(result).then(accept).catch(failed) : accept(result);
    } catch (error) {
      return failed(error);
    }
  };
}

/** As data, because it travels to the other side. */
function toIssue({ message, path = [] }: SchemaIssue, member: Member): MessageIssue {
  // Paths of some libraries are arrays of a custom class.
  const keys = Array.from(path, (part) => (typeof part === 'object' ? part.key : part));
  return { message, path: [member, ...keys.map((key) => (typeof key === 'number' ? key : String(key)))] };
}

/** @param side - The side that found it. */
function invalidMessage(type: string, side: Side, issues: readonly MessageIssue[], cause?: unknown): WorkerError {
  const [first] = issues;
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : '';
  const what = first === undefined ? '' : `: ${describePath(first.path)}: ${first.message}${more}`;
  const text = `a message of the type "${type}" that came to the ${side} is not valid${what}`;
  const error = new WorkerError('ERR_INVALID_MESSAGE', text, cause === undefined ? undefined : { cause });
  return Object.assign(error, { messageType: type, side, issues });
}

function describePath(path: MessageIssue['path']): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    return /^[A-Za-z_$][\w$]*$/.test(key)
      ? `${text}${text === '' ? '' : '.'}${key}`
      : `${text}[${JSON.stringify(key)}]`;
  }, '');
}
