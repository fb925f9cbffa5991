import { safely } from '../util/safely.js';
import { expectErrors, leaveUnread } from './source.js';

/** The input of a request, before it is known whether the other side reads it. */
export class UnreadInput {
  private constructor(private readonly input: object) {}

  /** From now on an error of the input does not end the process. `undefined`: there is none. */
  static of(options: object | undefined): UnreadInput | undefined {
    if (options === undefined) return undefined;
    const input = safely(() => (options as { input?: unknown }).input);
    if (typeof input !== 'object' || input === null) return undefined;
    expectErrors(input);
    return new UnreadInput(input);
  }

  /** Ends the input if the request fails, before or while it is read. */
  leaveWith(request: Promise<unknown>): void {
    request.catch(() => leaveUnread(this.input));
  }
}
