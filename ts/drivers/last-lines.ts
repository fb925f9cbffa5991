import type { Readable } from 'node:stream';

const LINES = 20;
const LINE_LENGTH = 1000;

/** Keeps the last lines of a stream, for a crash report. The user can still read the stream. */
export class LastLines {
  private lines: string[] = [];
  private rest = '';

  constructor(stream: Readable) {
    stream.on('data', (chunk: Buffer | string) => this.add(chunk.toString()));
    // The user need not handle a broken pipe here.
    stream.on('error', () => {});
  }

  get(): string[] {
    return [...this.lines, this.rest].filter((line) => line !== '').slice(-LINES);
  }

  private add(text: string): void {
    const lines = (this.rest + text).split('\n');
    this.rest = (lines.pop() as string).slice(-LINE_LENGTH);
    this.lines = [...this.lines, ...lines.map((line) => line.slice(0, LINE_LENGTH))].slice(-LINES);
  }
}
