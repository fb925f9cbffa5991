import { delay } from '../../util/delay.js';

import type { NativeLifeline } from '../../addon/binding.js';
import { type Pulse, SILENT } from '../pulse.js';
import { now } from '../../util/primordials.js';
import { PulseState } from '../../protocol/generated.js';

/** How long to wait between polls for an answer, in milliseconds: twice as long each time. */
const FIRST_POLL = 2;
const LONGEST_POLL = 25;

/** Pings a process over its lifeline. Concurrent callers share one ping. */
export class ProcessPulse {
  private question: { answer: Pulse | undefined } | undefined;

  constructor(private readonly lifeline: NativeLifeline) {}

  /** Resolves with the value of `HostChannel.pulse`. */
  async ask(timeout: number, referenced: boolean): Promise<Pulse> {
    const deadline = now() + timeout;
    // An answer that arrived since the last poll is old.
    this.look();
    if (this.question === undefined) {
      const failed = this.lifeline.ping();
      if (failed !== null) return failed;
      this.question = { answer: undefined };
    }
    const { question } = this;
    for (let wait = FIRST_POLL; ; wait = Math.min(wait * 2, LONGEST_POLL)) {
      await delay(wait, undefined, { ref: referenced });
      if (question.answer === undefined) this.look();
      if (question.answer !== undefined) return question.answer;
      if (now() >= deadline) return SILENT;
    }
  }

  private look(): void {
    if (this.question === undefined) return;
    const answer = this.lifeline.pulse();
    if (answer.state === PulseState.Silent) return;
    this.question.answer = answer;
    this.question = undefined;
  }
}
