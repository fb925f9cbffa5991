import { workerClosed } from '../../errors/host-errors.js';
import { publishSend } from '../../logging/diagnostics.js';
import { postOptions } from '../../options/call-options.js';
import { checkKnown } from '../../options/check-known.js';
import type { OutgoingNotification } from '../../requests/notification.js';
import type { PostOptions } from '../../types/request-sender.js';
import { checkType, givenTransfer } from './call-arguments.js';
import type { Retries } from './retry-queue.js';
import type { SendTarget } from './target.js';

/** The host's `post`. */
export class NotificationSender {
  constructor(
    private readonly target: SendTarget,
    private readonly retries: Retries | undefined,
  ) {}

  post(type: string, payload: unknown, options: PostOptions | undefined): void {
    try {
      this.postUnplaced(type, payload, options);
    } catch (error) {
      throw this.target.placed(error, type);
    }
  }

  private postUnplaced(type: string, payload: unknown, options: PostOptions | undefined): void {
    const { target, retries } = this;
    const { init, name, supervisor } = target;
    if (options !== undefined) checkKnown('post', options, postOptions);
    checkType(type);
    const transfer = givenTransfer(init, options);
    publishSend('notification', name, type, payload);
    const notification: OutgoingNotification = { type, payload, transfer, carrier: init.inject?.() };
    if (target.isRenewing) return this.postLater(notification, (post) => supervisor.whenRenewed(post));
    if (target.isClosing) throw workerClosed(`post "${type}"`, name);
    if (retries?.isHeld === true) return this.postLater(notification, (post) => retries.whenClear(post));
    const { current } = target;
    if (!current.isActive) throw current.refusalNow('post', type);
    current.requests.post(notification);
  }

  /** Behind the requests that wait for a new worker. */
  private postLater(notification: OutgoingNotification, wait: (post: () => void) => Promise<unknown>): void {
    const { target } = this;
    const { type, payload, transfer } = notification;
    const copy = transfer === undefined ? target.init.keep(payload, type) : () => payload;
    wait(() => target.current.requests.post({ ...notification, payload: copy() })).catch((error: unknown) =>
      target.init.log('error', `the message "${type}" was not sent`, error),
    );
  }
}
