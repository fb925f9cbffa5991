// The chunks of messages that are handled: those that come, and those of a handler's stream.
import type { Answers } from './answers.js';
import { Undecodable } from './codecs/codec.js';
import { RequestKind } from './connection.js';
import type { WorkerError } from './errors.js';
import { answerIsStream, notGranted } from './host-errors.js';
import type { Job } from './job.js';
import { decodeError } from './rebuilt-error.js';
import { ChunkReader } from './streams/chunk-reader.js';
import { ChunkWriter } from './streams/chunk-writer.js';
import { type Source, sourceOf } from './streams/source.js';
import { unwrap } from './transferred.js';

/** Whose job it is. */
export interface JobOwner<Call> {
  readonly answers: Answers<Call>;
  respond(job: Job<Call>, outcome: unknown): void;
  fail(job: Job<Call>, error: unknown): void;
  /** Its handler has come to its end. */
  over(job: Job<Call>): void;
}

/** Sends the chunks of a handler's stream, then what it returns. */
export function streamResult<Call>(owner: JobOwner<Call>, job: Job<Call>, result: object): void {
  const { call, type, kind } = job;
  const source = sourceOf(result) as Source;
  if (call === undefined || (kind !== RequestKind.Stream && kind !== RequestKind.Duplex)) {
    void source.stop();
    owner.fail(job, answerIsStream(type));
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

/** From now on chunks of input may come. */
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
  if (value instanceof Undecodable) breach(owner, job, value.error);
  else if (!job.reader.push(value, cost)) breach(owner, job, notGranted(job.type));
}

/** @param error - As data, where the source has failed. */
export function endInput<Call>(job: Job<Call>, error: unknown): void {
  job.reader?.end(error === undefined ? undefined : { error: decodeError(error) });
}

/** The requester does not keep to the rules: the call fails at once, whatever its handler does. */
function breach<Call>(owner: JobOwner<Call>, job: Job<Call>, error: WorkerError): void {
  owner.fail(job, error);
  job.cancel(error);
}
