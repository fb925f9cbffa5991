import { tellOutcome, tellSend } from './diagnostics.js';
import { invalidOption } from './errors.js';
import { hostGone, unsupportedByPeer } from './host-errors.js';
import type { HostSettings } from './host-client.js';
import type { HostLink, HostSource } from './host-link.js';
import { injector } from './inject.js';
import { checkTimeout } from './native/connection-options.js';
import { Requests } from './requests.js';
import { termsOf, unlessAborted } from './request-terms.js';
import { StreamAnswer } from './stream-answer.js';
import type { Carrier } from './types/context-carrier.js';
import type { TransferList } from './types/transfer-list.js';
import type { SendOptions } from './types/request-sender.js';
import type { WorkerStream } from './worker-stream.js';

const PEER = 'the host';

/** What a worker asks its host. It outlives the host, as far as the worker does. */
export class HostCalls {
  private requests: Requests | undefined;
  private injected: (() => Carrier | undefined) | undefined;
  /** What was asked before there was a host. */
  private waiting: (() => void)[] = [];

  constructor(
    private readonly link: HostLink,
    private readonly settings: () => HostSettings | undefined,
  ) {
    link.onChange = () => this.onChange();
  }

  private onChange(): void {
    const { requests } = this;
    this.requests = undefined;
    requests?.failAll((type) => hostGone(type === undefined ? 'wait for it' : `finish "${type}"`));
    if (this.link.source !== undefined) for (const act of this.waiting.splice(0)) act();
  }

  send(type: string, payload?: unknown, options?: SendOptions): Promise<unknown> {
    const told = tellSend('request', undefined, type, payload);
    const sent = this.sendUntold(type, payload, options);
    return told === undefined ? sent : tellOutcome(told, sent);
  }

  private sendUntold(type: string, payload?: unknown, options?: SendOptions): Promise<unknown> {
    try {
      const terms = termsOf(options, this.inject());
      const [timeout, transfer] = check(type, options);
      if (!this.mustWait) return this.connected(`send "${type}"`).send(type, payload, timeout, transfer, terms);
      const sent = this.whenAttached().then(() =>
        this.connected(`send "${type}"`).send(type, payload, timeout, transfer, terms),
      );
      return unlessAborted(terms?.signal, sent);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  post(type: string, payload?: unknown, options?: SendOptions): void {
    const [, transfer] = check(type, options);
    tellSend('notification', undefined, type, payload);
    const carrier = this.inject();
    const post = () => this.connected(`post "${type}"`).post(type, payload, transfer, carrier);
    if (this.mustWait) this.waiting.push(post);
    else post();
  }

  stream(type: string, payload?: unknown, options?: SendOptions): WorkerStream {
    const answer = new StreamAnswer(type);
    const told = tellSend('stream', undefined, type, payload);
    if (told !== undefined) tellOutcome(told, answer.stream.result).catch(() => {});
    try {
      const terms = termsOf(options, this.inject());
      const [timeout, transfer] = check(type, options);
      const begin = () => this.connected(`stream "${type}"`).stream(type, payload, timeout, transfer, terms, answer);
      if (this.mustWait) this.whenAttached().then(begin).catch(answer.reject);
      else begin();
    } catch (error) {
      answer.reject(error);
    }
    return answer.stream;
  }

  /** What a message is to take along; before the server has started, nothing. */
  private inject(): Carrier | undefined {
    const context = this.settings()?.context;
    if (context === undefined) return undefined;
    this.injected ??= injector(context);
    return this.injected?.();
  }

  /** The server has not started. */
  private get mustWait(): boolean {
    return !this.link.wasAttached;
  }

  private whenAttached(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  private connected(operation: string): Requests {
    const { source } = this.link;
    if (source === undefined) throw hostGone(operation);
    if (!source.answersCalls) throw unsupportedByPeer(operation, PEER);
    return (this.requests ??= this.connect(source));
  }

  private connect(source: HostSource): Requests {
    const requests = new Requests({ ...(this.settings() as HostSettings), peer: PEER, codec: source.codec });
    requests.attach(source.connect(requests));
    return requests;
  }
}

function check(
  type: unknown,
  options: SendOptions | undefined,
): [timeout: number | undefined, transfer: TransferList | undefined] {
  if (typeof type !== 'string') throw invalidOption('the message type', 'a string', type);
  const { timeout, transfer } = options ?? {};
  if (timeout !== undefined) checkTimeout('timeout', timeout);
  if (transfer !== undefined && !Array.isArray(transfer)) throw invalidOption('transfer', 'an array', transfer);
  return [timeout, transfer];
}
