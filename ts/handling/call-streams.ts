// The chunks of handled messages: incoming input, and the stream of a handler.
import type { Answers } from '../connection/answerer.js';
import { Undecodable } from '../codecs/codec.js';
import type { WorkerError } from '../errors/worker-error.js';
import { answerIsStream, notGranted } from '../errors/host-errors.js';
import type { Job } from './call.js';
import { decodeError } from '../errors/decode-remote-error.js';
import { ChunkReader } from '../streams/chunk-reader.js';
import { ChunkWriter } from '../streams/chunk-writer.js';
import { leaveUnread, type Source, sourceOf } from '../streams/source.js';
import { unwrap } from '../messages/with-transfer.js';
import { Kind } from '../protocol/generated.js';

/** The owner of the call. */
export interface JobOwner<Call> {
  readonly answers: Answers<Call>;
  respond(job: Job<Call>, outcome: unknown): void;
  fail(job: Job<Call>, error: unknown): void;
  /** Its requester no longer waits. */
  leave(job: Job<Call>): void;
  /** Its handler has ended. */
  over(job: Job<Call>): void;
}

/** Sends the chunks of a handler's stream, then its result. */
export function streamResult<Call>(owner: JobOwner<Call>, job: Job<Call>, result: object): void {
  const { call, type, kind } = job;
  if (call === undefined || (kind !== Kind.Stream && kind !== Kind.Duplex)) {
    leaveUnread(result);
    owner.fail(job, answerIsStream(type));
    return owner.over(job);
  }
  let source: Source;
  try {
    source = sourceOf(result) as Source;
  } catch (error) {
    owner.fail(job, error);
    return owner.over(job);
  }
  const writer = new ChunkWriter(source, {
    write: (chunk) => owner.answers.chunk(call, type, ...unwrap(chunk)),
    end: (value) => owner.respond(job, value),
    fail: (error) => owner.fail(job, error),
  });
  job.own.writer = writer;
  if (job.isCancelled) writer.stop();
  void writer.run().then(() => {
    if (job.reason !== undefined) owner.fail(job, job.reason);
    owner.over(job);
  });
}

/** From now on chunks of input may arrive. */
export function expectInput<Call>(owner: JobOwner<Call>, job: Job<Call>): void {
  const demand = (units: number) => {
    if (job.call !== undefined && !job.isAnswered && !job.isCancelled) owner.answers.demand(job.call, units);
  };
  const refuse = (error: unknown) => breach(owner, job, error as WorkerError);
  job.own.reader = new ChunkReader({ grant: demand, left: () => demand(0), refuse });
}

/** @param cost - In units. */
export function takeInput<Call>(owner: JobOwner<Call>, job: Job<Call>, value: unknown, cost: number): void {
  if (job.reader === undefined || job.isAnswered) return;
  if (Undecodable.is(value)) breach(owner, job, value.error);
  else if (!job.reader.push(value, cost)) breach(owner, job, notGranted(job.type));
}

/** @param error - As data, if the source has failed. */
export function endInput<Call>(job: Job<Call>, error: unknown): void {
  job.reader?.end(error === undefined ? undefined : { error: decodeError(error) });
}

/** The requester breaks the flow control: the call fails at once, whatever its handler does. */
function breach<Call>(owner: JobOwner<Call>, job: Job<Call>, error: WorkerError): void {
  owner.fail(job, error);
  job.cancel(error);
  owner.leave(job);
}
