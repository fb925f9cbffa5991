import { setTimeout as delay } from 'node:timers/promises';

import type { NativeLifeline } from '../native/binding.js';

/** As the addon has it: no answer has come. */
const SILENT = -2;
/** How long to wait between looks for an answer, in milliseconds: twice as long each time. */
const FIRST_LOOK = 2;
const LONGEST_LOOK = 25;

/** Asks a process how it is, over its lifeline. However many ask, one question at a time is on its way. */
export class ProcessPulse {
  private question: { answer: number | undefined } | undefined;

  constructor(private readonly lifeline: NativeLifeline) {}

  /** Resolves with what `HostChannel.pulse` says. */
  async ask(timeout: number, referenced: boolean): Promise<number> {
    const deadline = performance.now() + timeout;
    // An answer that came since anybody looked is old.
    this.look();
    if (this.question === undefined) {
      const failed = this.lifeline.ping();
      if (failed < 0) return failed;
      this.question = { answer: undefined };
    }
    const { question } = this;
    for (let wait = FIRST_LOOK; ; wait = Math.min(wait * 2, LONGEST_LOOK)) {
      await delay(wait, undefined, { ref: referenced });
      if (question.answer === undefined) this.look();
      if (question.answer !== undefined) return question.answer;
      if (performance.now() >= deadline) return SILENT;
    }
  }

  private look(): void {
    if (this.question === undefined) return;
    const answer = this.lifeline.pulse();
    if (answer === SILENT) return;
    this.question.answer = answer;
    this.question = undefined;
  }
}
