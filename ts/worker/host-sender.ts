import { publishOutcome, publishSend } from '../logging/diagnostics.js';
import { invalidOption } from '../errors/worker-error.js';
import { hostGone, severalHosts, unsupportedByPeer } from '../errors/host-errors.js';
import type { HostSettings } from './host-settings.js';
import type { HostLink, HostSource, PostTarget } from '../connection/host-link.js';
import { injector } from '../messages/context-carrier.js';
import { checkTimeout } from '../connection/options.js';
import { checkTransfer } from '../options/check-list.js';
import { postOptions } from '../options/call-options.js';
import { checkKnown } from '../options/check-known.js';
import type { OutgoingNotification } from '../requests/notification.js';
import { OutgoingRequest } from '../requests/outgoing-request.js';
import { Requests } from '../requests/requests.js';
import { termsOf, unlessAborted } from '../requests/request-options.js';
import { StreamAnswer } from '../streams/response-stream.js';
import { UnreadInput } from '../streams/unread-input.js';
import type { Carrier } from '../types/context-carrier.js';
import type { PostOptions, SendOptions } from '../types/request-sender.js';
import type { WorkerStream } from '../streams/worker-stream.js';

const PEER = 'the host';

/** Sends a worker's calls to its host. It outlives the connection, as long as the worker lives. */
export class HostCalls {
  private requests: Requests | undefined;
  private injected: (() => Carrier | undefined) | undefined;
  /** Calls before the first host. */
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
    if (this.link.source === undefined && this.link.several === undefined) return;
    for (const act of this.waiting.splice(0)) act();
  }

  send(type: string, payload?: unknown, options?: SendOptions): Promise<unknown> {
    const reported = publishSend('request', undefined, type, payload);
    const input = UnreadInput.of(options);
    const sent = this.sendUntold(type, payload, options);
    input?.leaveWith(sent);
    return reported === undefined ? sent : publishOutcome(reported, sent);
  }

  private sendUntold(type: string, payload?: unknown, options?: SendOptions): Promise<unknown> {
    try {
      const request = this.requestOf('send', type, payload, options);
      const send = () => this.connected(`send "${type}"`).send(request);
      return this.mustWait ? unlessAborted(request.terms?.signal, this.whenAttached().then(send)) : send();
    } catch (error) {
      return Promise.reject(error);
    }
  }

  post(type: string, payload?: unknown, options?: PostOptions): void {
    if (options !== undefined) checkKnown('post', options, postOptions);
    const { transfer } = check(type, options);
    publishSend('notification', undefined, type, payload);
    const notification: OutgoingNotification = { type, payload, transfer, carrier: this.inject() };
    const post = () => {
      const several = this.link.several?.();
      if (several === undefined) return this.connected(`post "${type}"`).post(notification);
      postToAll(several, type, payload, options);
    };
    if (this.mustWait) this.waiting.push(post);
    else post();
  }

  stream(type: string, payload?: unknown, options?: SendOptions): WorkerStream {
    const answer = new StreamAnswer(type);
    UnreadInput.of(options)?.leaveWith(answer.stream.result);
    const reported = publishSend('stream', undefined, type, payload);
    if (reported !== undefined) publishOutcome(reported, answer.stream.result).catch(() => {});
    try {
      const request = this.requestOf('stream', type, payload, options);
      const begin = () => this.connected(`stream "${type}"`).stream(request, answer);
      if (this.mustWait) this.whenAttached().then(begin).catch(answer.reject);
      else begin();
    } catch (error) {
      answer.reject(error);
    }
    return answer.stream;
  }

  private requestOf(
    operation: string,
    type: string,
    payload: unknown,
    options: SendOptions | undefined,
  ): OutgoingRequest {
    const terms = termsOf(operation, options, this.inject());
    const { timeout, transfer } = check(type, options);
    return new OutgoingRequest(type, payload, timeout, transfer, terms);
  }

  /** The context of a message; before the server has started, none. */
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
    const { source, several } = this.link;
    if (several !== undefined) throw severalHosts(operation);
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

/** The stream of a request that cannot be sent. */
export function failedStream(type: string, error: Error): WorkerStream {
  const answer = new StreamAnswer(type);
  answer.reject(error);
  return answer.stream;
}

/** Each host gets it, whether or not it can be sent to another. */
function postToAll(hosts: readonly PostTarget[], type: string, payload: unknown, options?: PostOptions): void {
  if (hosts.length === 0) throw hostGone(`post "${type}"`);
  const failures: unknown[] = [];
  for (const host of hosts) {
    try {
      host.post(type, payload, options);
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

function check(type: unknown, options: SendOptions = {}): Pick<SendOptions, 'timeout' | 'transfer'> {
  if (typeof type !== 'string') throw invalidOption('the message type', 'a string', type);
  const { timeout, transfer } = options;
  if (timeout !== undefined) checkTimeout('timeout', timeout);
  if (transfer !== undefined) checkTransfer('transfer', transfer);
  return { timeout, transfer };
}
