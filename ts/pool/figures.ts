import type { Clock } from './clock.js';
import { Times } from './measures.js';
import type { Member } from './member.js';

/** What a pool counts of its requests. Notifications are not counted. */
export class Figures {
  inFlight = 0;
  completed = 0;
  failed = 0;
  readonly waitTime = new Times();
  readonly runTime = new Times();

  constructor(private readonly clock: Clock) {}

  /**
   * A worker begins a request; gives the instant.
   *
   * @param sentAt - 0: it has not waited. `undefined`: it is tried again.
   */
  begin(member: Member, sentAt: number | undefined): number {
    const time = this.clock.now();
    if (sentAt === 0) this.waitTime.noteZero();
    else if (sentAt !== undefined) this.waitTime.note(time - sentAt);
    this.inFlight++;
    member.begun++;
    member.begunAt += time;
    return time;
  }

  /** A worker has answered a request. */
  answer(member: Member): void {
    this.completed++;
    member.completed++;
    member.backOff.answered();
  }

  /** A worker runs a request no longer. */
  end(member: Member, begunAt: number): void {
    const time = this.clock.now();
    const millis = time - begunAt;
    this.inFlight--;
    this.runTime.note(millis);
    member.begunAt -= begunAt;
    member.runTime += millis;
    if (member.inFlight === 0) member.idleSince = time;
  }
}
