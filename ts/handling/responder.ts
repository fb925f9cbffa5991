import { carriesMore } from '../codecs/codec.js';
import type { Answers } from '../connection/answerer.js';
import { encodeError } from '../errors/encode-remote-error.js';
import { fromNative } from '../errors/from-native.js';
import { cancelled, unknownMessageType, WorkerError } from '../errors/worker-error.js';
import { logLimited } from '../logging/limited-log.js';
import type { AnyEnvelope } from '../messages/middleware-chain.js';
import { unwrap } from '../messages/with-transfer.js';
import type { RemoteErrorPayload } from '../types/message.js';
import type { TransferList } from '../types/transfer-list.js';
import { quoted } from '../util/printable.js';
import type { ActiveCalls } from './active-calls.js';
import type { Call, CallSource } from './call.js';
import type { DispatcherOptions } from './options.js';

/** Sends the outcomes of calls, through the outgoing middleware. */
export class Responder<Ref> implements CallSource<Ref> {
  constructor(
    private readonly answers: Answers<Ref>,
    private readonly options: DispatcherOptions,
    private readonly calls: ActiveCalls<Ref>,
  ) {}

  get host(): unknown {
    return this.options.host;
  }

  get worker(): unknown {
    return this.options.worker();
  }

  reportProgress({ ref, type, isAnswered, isCancelled }: Call<Ref>, value: unknown): void {
    if (ref !== undefined && !isAnswered && !isCancelled) this.answers.progress(ref, type, ...unwrap(value));
  }

  /** Answers when the call with this transaction id has ended, or at once if there is none. */
  reportEnded(question: Ref, tx: string): void {
    const call = this.calls.findById(tx);
    const answer = () => this.answers.confirmEnded(question);
    if (call === undefined) answer();
    else (call.own.onEnd ??= []).push(answer);
  }

  respond(call: Call<Ref>, outcome: unknown): void {
    const { outgoing } = this.options;
    const { ref, type } = call;
    if (ref === undefined) this.count(call);
    if (ref === undefined || call.isAnswered) return this.calls.remove(call);
    if (call.reason !== undefined) return this.fail(call, call.reason);
    this.answered(call);
    const [result, transfer] = unwrap(outcome);
    if (outgoing === undefined) return this.write(ref, type, result, transfer);
    const message: AnyEnvelope = { type: `${type}Result`, tx: this.transactionId(ref), payload: result };
    outgoing.pass(
      message,
      (passed) => this.write(ref, type, passed.payload, transfer),
      (error) => this.answers.fail(ref, type, this.encode(error)),
    );
  }

  private count({ began }: Call<Ref>): void {
    const { figures } = this.options;
    if (figures === undefined) return;
    figures.answered++;
    if (began !== undefined) figures.measure(began);
  }

  private encode(error: unknown): RemoteErrorPayload {
    return encodeError(error, carriesMore(this.answers.codec));
  }

  /** It reports nothing more. */
  private answered(call: Call<Ref>): void {
    call.isAnswered = true;
    this.count(call);
    call.reader?.fail(cancelled(call.type));
    if (!call.isRunning) this.calls.remove(call);
  }

  private write(ref: Ref, type: string, result: unknown, transfer: TransferList | undefined): void {
    try {
      this.answers.respond(ref, type, result, transfer);
    } catch (error) {
      this.answers.fail(ref, type, encodeError(fromNative(error)));
    }
  }

  fail(call: Call<Ref>, error: unknown): void {
    const { outgoing, log } = this.options;
    const { ref, type } = call;
    if (ref === undefined) {
      const isInvalid = error instanceof WorkerError && error.code === 'ERR_INVALID_MESSAGE';
      // The peer can cause invalid messages at will; the user wants to see every error of a handler.
      if (isInvalid) logLimited(log, 'error', `the notification ${quoted(type)} was dropped`, error);
      else log('error', `the handler of the notification ${quoted(type)} failed`, error);
      return this.answered(call);
    }
    if (call.isAnswered) return;
    this.answered(call);
    const data = this.encode(error);
    if (outgoing === undefined || call.isCancelled) return this.answers.fail(ref, type, data);
    const message: AnyEnvelope = { type: `${type}Error`, tx: this.transactionId(ref), payload: data };
    outgoing.pass(
      message,
      (passed) => this.answers.fail(ref, type, passed.payload as RemoteErrorPayload),
      (failure) => this.answers.fail(ref, type, this.encode(failure)),
    );
  }

  failUnknown(call: Call<Ref>): void {
    const { log, names, side } = this.options;
    const { ref, type } = call;
    this.answered(call);
    if (ref === undefined) return logLimited(log, 'warn', `there is no handler for the notification ${quoted(type)}`);
    const { name, message, code } = unknownMessageType(type, names, side);
    this.answers.fail(ref, type, { name, message, code });
  }

  transactionId(ref: Ref | undefined): string | undefined {
    return ref === undefined ? undefined : this.answers.transactionId(ref);
  }
}
