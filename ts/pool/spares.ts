import type { Member } from './member.js';

/** Workers that have started ahead and wait for a slot. */
export class Spares {
  private readonly members: Member[] = [];
  private starting = 0;

  get size(): number {
    return this.members.length;
  }

  /** Those that are being started, too. */
  get coming(): number {
    return this.members.length + this.starting;
  }

  get first(): Member | undefined {
    return this.members[0];
  }

  /** Counts one that is being started; resolves with what `start` gives. */
  async start(start: () => Promise<Member | undefined>): Promise<Member | undefined> {
    this.starting++;
    const member = await start();
    this.starting--;
    return member;
  }

  add(member: Member): void {
    this.members.push(member);
  }

  /** The one that waits longest; `undefined`: there is none that has not ended. */
  take(): Member | undefined {
    const spare = this.members.shift();
    return spare?.worker.isActive === false ? this.take() : spare;
  }

  remove(member: Member): void {
    const index = this.members.indexOf(member);
    if (index >= 0) this.members.splice(index, 1);
  }
}
