// The chunks of handled messages: incoming input, and the stream of a handler.
import type { Answers } from '../connection/answerer.js';
import { Undecodable } from '../codecs/codec.js';
import type { WorkerError } from '../errors/worker-error.js';
import { answerIsStream, notGranted } from '../errors/host-errors.js';
import type { Call } from './call.js';
import { decodeError } from '../errors/decode-remote-error.js';
import { ChunkReader } from '../streams/chunk-reader.js';
import { ChunkWriter } from '../streams/chunk-writer.js';
import { leaveUnread, type Source, sourceOf } from '../streams/source.js';
import { unwrap } from '../messages/with-transfer.js';
import { Kind } from '../protocol/generated.js';

/** The owner of the call. */
export interface CallOwner<Ref> {
  readonly answers: Answers<Ref>;
  respond(call: Call<Ref>, outcome: unknown): void;
  fail(call: Call<Ref>, error: unknown): void;
  /** Its requester no longer waits. */
  leave(call: Call<Ref>): void;
  /** Its handler has ended. */
  over(call: Call<Ref>): void;
}

/** Sends the chunks of a handler's stream, then its result. */
export function streamResult<Ref>(owner: CallOwner<Ref>, call: Call<Ref>, result: object): void {
  const { ref, type, kind } = call;
  if (ref === undefined || (kind !== Kind.Stream && kind !== Kind.Duplex)) {
    leaveUnread(result);
    owner.fail(call, answerIsStream(type));
    return owner.over(call);
  }
  let source: Source;
  try {
    source = sourceOf(result) as Source;
  } catch (error) {
    owner.fail(call, error);
    return owner.over(call);
  }
  const writer = new ChunkWriter(source, {
    write: (chunk) => owner.answers.chunk(ref, type, ...unwrap(chunk)),
    end: (value) => owner.respond(call, value),
    fail: (error) => owner.fail(call, error),
  });
  call.own.writer = writer;
  if (call.isCancelled) writer.stop();
  void writer.run().then(() => {
    if (call.reason !== undefined) owner.fail(call, call.reason);
    owner.over(call);
  });
}

/** From now on chunks of input may arrive. */
export function expectInput<Ref>(owner: CallOwner<Ref>, call: Call<Ref>): void {
  const demand = (units: number) => {
    if (call.ref !== undefined && !call.isAnswered && !call.isCancelled) owner.answers.demand(call.ref, units);
  };
  const refuse = (error: unknown) => breach(owner, call, error as WorkerError);
  call.own.reader = new ChunkReader({ grant: demand, left: () => demand(0), refuse });
}

/** @param cost - In units. */
export function takeInput<Ref>(owner: CallOwner<Ref>, call: Call<Ref>, value: unknown, cost: number): void {
  if (call.reader === undefined || call.isAnswered) return;
  if (Undecodable.is(value)) breach(owner, call, value.error);
  else if (!call.reader.push(value, cost)) breach(owner, call, notGranted(call.type));
}

/** @param error - As data, if the source has failed. */
export function endInput<Ref>(call: Call<Ref>, error: unknown): void {
  call.reader?.end(error === undefined ? undefined : { error: decodeError(error) });
}

/** The requester breaks the flow control: the call fails at once, whatever its handler does. */
function breach<Ref>(owner: CallOwner<Ref>, call: Call<Ref>, error: WorkerError): void {
  owner.fail(call, error);
  call.cancel(error);
  owner.leave(call);
}
