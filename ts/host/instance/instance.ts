import { busyTime, SILENT } from '../../drivers/pulse.js';
import type { ConnectionSetup, HostConnection } from '../../connection/connection.js';
import type { Ending, HostChannel } from '../../drivers/host-channel.js';
import { differenceOf, fromNative } from '../../errors/from-native.js';
import type { WorkerCrashedError, WorkerError } from '../../errors/worker-error.js';
import { connectTimeout, notConnected, unnamedSerializer, workerClosed } from '../../errors/host-errors.js';
import { Attachment } from './connect.js';
import { EXIT_GRACE, InstanceState } from './state.js';
import { Failures } from './errors.js';
import type { WorkerInstanceInit } from './init.js';
import { Reconnection } from './reconnect.js';
import { Shutdown } from './close.js';
import { readKept } from '../../detached/kept-results.js';
import { logLimited } from '../../logging/limited-log.js';
import { nextTurn } from '../../util/loop-turn.js';
import { untilItCame } from '../group-signals.js';
import { Undecodable } from '../../codecs/payload-codec.js';
import { quoted } from '../../util/printable.js';
import { decodeError } from '../../errors/decode-remote-error.js';
import type { Requests } from '../../requests/requests.js';
import { illegalTransition } from '../illegal-transition.js';
import { POLL_INTERVAL, Progress } from '../start-limit.js';
import { settlesBy } from '../../util/with-timeout.js';
import { now } from '../../util/primordials.js';
import { Control } from '../../protocol/generated.js';

/** A progressing start may take its timeout times this. */
const MOST_TIMEOUTS = 10;
/** How long a worker that does not serve may take to show that it has loaded the library, in milliseconds. */
const PULSE_TIMEOUT = 100;

/** One process or thread that is the worker, from its spawn to its end. */
export class WorkerInstance {
  readonly channel: HostChannel;
  readonly requests: Requests<HostConnection>;
  readonly state: InstanceState;
  readonly failures: Failures;
  readonly attachment: Attachment;
  readonly reconnection: Reconnection;
  readonly shutdown: Shutdown;
  /** Resolves when it has ended, and its requests are settled. */
  readonly gone: Promise<Ending>;
  /** It has waited for the signal that ended its worker. */
  private hasWaited = false;
  /** How it ended, if the host had not requested that. */
  crash: WorkerCrashedError | undefined;
  /** It has ended by itself, which is no crash. */
  hasEndedByItself = false;

  constructor(private readonly init: WorkerInstanceInit) {
    const { name, channel, requests, setup, log, endsByItself } = init;
    this.channel = channel;
    this.requests = requests;
    this.state = new InstanceState((from, to) => illegalTransition(log, from, to));
    this.failures = new Failures(
      { name, startupTimeout: setup.options.startupTimeout, endsByItself },
      channel,
      this.state,
    );
    this.shutdown = new Shutdown(this, init);
    const own: ConnectionSetup = {
      ...setup,
      outcomes: requests,
      onControl: this.onControl,
      onWarning: (text) => logLimited(log, 'warn', text),
    };
    this.reconnection = new Reconnection(this, init, own);
    this.attachment = new Attachment(this, init, own);
    this.attachment.connect();
    this.gone = channel.exited.then((ending) => this.onExit(ending));
    log('debug', `started as ${channel.title}`);
  }

  /** Resolves when it serves; rejects when it ends before. */
  get ready(): Promise<void> {
    return this.attachment.ready;
  }

  /** Whether it accepts requests. */
  get isActive(): boolean {
    return this.state.isActive;
  }

  /** The error for calls to a worker that is not active; known when the reason is. */
  async refusal(operation: string, type: string): Promise<Error> {
    const { attachment, state, gone } = this;
    // Between the end of the connection and that of the process, the reason is still unknown.
    if (state.name === 'lost') await (attachment.losing ?? gone);
    return this.refusalNow(operation, type);
  }

  refusalNow(operation: string, type: string): Error {
    const { name } = this.init;
    const { isDisconnected, isClosing, failure } = this.state;
    if (isDisconnected && !isClosing) return notConnected(`${operation} "${type}"`, name);
    return failure?.(type) ?? workerClosed(`${operation} "${type}"`, name);
  }

  private readonly onControl = (what: Control, number: number, payload: unknown, detail: string): void => {
    const { log } = this.init;
    switch (what) {
      case Control.Ready:
        return this.attachment.onReady();
      case Control.Mismatch:
        return this.giveUp(this.explained(fromNative(payload)));
      case Control.Overflow:
        return this.giveUp(fromNative(payload));
      case Control.HandshakeTimedOut:
        return this.onTimeout();
      case Control.KeptResult:
        return this.onKept(payload);
      case Control.TakenOver:
        return this.attachment.onTakenOver();
      case Control.UnknownNotification:
        return logLimited(
          log,
          'warn',
          `a notification ${quoted(detail)} from the worker was dropped: the host has no handler of that name`,
        );
      case Control.Dropped:
        return logLimited(log, 'warn', `a message from the worker was dropped: ${detail}`);
      case Control.Fatal:
        return this.failures.onFatal(payload);
      case Control.End:
        return this.onEnd(number !== 0);
      case Control.Broken:
        return this.onBroken(fromNative(payload));
    }
  };

  /** An error of two handshakes that do not fit together, which names the option that this host was not given. */
  private explained(error: WorkerError): WorkerError {
    const difference = differenceOf(error);
    return difference === undefined || this.init.namesSerializer ? error : unnamedSerializer(difference);
  }

  /** The worker's handshake has not come in time. */
  private onTimeout(): void {
    if (this.state.connection !== 'reconnecting') return void this.onLateStart();
    // A worker that has served before is only busy.
    const { name, setup, log } = this.init;
    const closing = this.attachment.detach(() => connectTimeout(name, setup.options.startupTimeout));
    void closing?.catch((error: Error) => log('warn', error.message));
  }

  /** On a busy machine a progressing start is not late before it has used as much processor time as its timeout. */
  private async onLateStart(): Promise<void> {
    const { attachment, channel, state, gone } = this;
    const { startupTimeout } = this.init.setup.options;
    const over = Promise.race([attachment.ready, gone]).catch(() => {});
    const latest = now() + startupTimeout * MOST_TIMEOUTS;
    const progress = new Progress(channel);
    while ((progress.millis ?? Infinity) < startupTimeout) {
      if (await settlesBy(Math.min(latest, now() + POLL_INTERVAL), over)) return;
      if (progress.look() !== true || now() >= latest) break;
    }
    // Its lifeline shows whether it has loaded the library, while its script still runs.
    const pulse = state.isActive ? await channel.pulse(PULSE_TIMEOUT) : SILENT;
    if (state.name !== 'starting') return;
    this.giveUp(this.failures.unready(busyTime(pulse)));
  }

  /**
   * The worker is useless: fails everything with `error`, and ends the process. A detached worker that has served a
   * host before lives on, for other hosts.
   */
  private giveUp(error: Error): void {
    const { attachment, channel, state, requests } = this;
    // It may fail in more than one way.
    if (state.connection === 'failed' || state.isOver) return;
    const livesOn = channel.isDetached === true && (state.hasServed || channel.release !== undefined);
    if (livesOn) state.move('disconnected');
    else state.fail(() => error);
    attachment.fail(error);
    requests.failAll(() => error);
    if (!livesOn) return channel.kill('SIGKILL');
    attachment.leaveAlone();
    channel.release?.();
  }

  /** The addon has failed: there is no connection any more, and requests in flight have no outcome. */
  private onBroken(error: WorkerError): void {
    this.init.log('error', error.message);
    this.giveUp(error);
  }

  /** The connection has ended. The process is ending too, or must not stay without one. */
  private onEnd(midFrame: boolean): void {
    const { attachment, channel } = this;
    if (channel.isDetached === true) return attachment.onLost();
    attachment.onEnd();
    if (midFrame) this.init.log('warn', 'the connection ended in the middle of a message');
    channel.setRef(true);
    void settlesBy(now() + EXIT_GRACE, this.gone).then((gone) => {
      if (!gone) channel.kill('SIGKILL');
    });
  }

  /** The outcome of an earlier host's request. */
  private onKept(payload: unknown): void {
    const { channel, setup, onKept, log } = this.init;
    const dropped = (reason: string) => logLimited(log, 'warn', `a kept result from the worker was dropped: ${reason}`);
    if (channel.isDetached !== true) return dropped('only a detached worker keeps any');
    const outcome = setup.codec.decode(payload);
    if (Undecodable.is(outcome)) return dropped(outcome.error.message);
    const kept = readKept(outcome);
    if (kept === undefined) return dropped('it has not the type and the transaction id of a request');
    const { type, tx, result, error } = kept;
    onKept(error === undefined || error === null ? { type, tx, result } : { type, tx, error: decodeError(error) });
  }

  private onExit(ending: Ending): Ending | Promise<Ending> {
    const { state, requests } = this;
    const { name, log } = this.init;
    // Its earlier messages precede the report of its end, however many turns of the loop that takes.
    if (!state.isDisconnected && !requests.connection.drainSome()) {
      return nextTurn().then(() => this.onExit(ending));
    }
    const { reason } = ending;
    const arriving = state.isClosing || reason.type !== 'exit' ? undefined : untilItCame(reason.signal);
    if (arriving !== undefined && !this.hasWaited) {
      this.hasWaited = true;
      return arriving.then(() => this.onExit(ending));
    }
    const crashed = this.failures.crashed(ending);
    this.hasEndedByItself = !state.isClosing && this.failures.isOwnEnd(reason);
    if (this.hasEndedByItself) state.close(false);
    if (!state.isClosing) this.crash = crashed();
    state.end(crashed);
    // A caller may send again as soon as its request has failed.
    if (this.crash !== undefined && state.hasServed && reason.type === 'error' && reason.restart === true) {
      this.init.onMishap();
    }
    const closed = (messageType?: string) =>
      workerClosed(messageType === undefined ? 'start' : `finish "${messageType}"`, name);
    const failure = state.failure ?? closed;
    this.attachment.fail(failure());
    requests.failAll(failure);
    requests.connection.close();
    log('debug', 'gone', ending.reason);
    return ending;
  }
}
