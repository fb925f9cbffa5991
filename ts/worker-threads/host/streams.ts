import { PassThrough, type Readable, type Writable } from 'node:stream';

import type { WorkerOptions } from '../public.js';
import { Output, pipeQuietly } from './output.js';

/** The standard streams of a worker, which the host has from the start. */
export class StandardStreams {
  /** `null`, unless the option `stdin` is set. */
  readonly stdin: PassThrough | null;
  readonly stdout = new Output();
  readonly stderr = new Output();

  constructor({ stdin, stdout, stderr }: WorkerOptions) {
    this.stdin = stdin === true ? new PassThrough() : null;
    if (stdout !== true) pipeQuietly(this.stdout, process.stdout);
    if (stderr !== true) pipeQuietly(this.stderr, process.stderr);
  }

  /** Connects those of the worker, once it has some. */
  connect(stdin: Writable | null, stdout: Readable | null, stderr: Readable | null): void {
    if (stdin !== null) this.stdin?.pipe(stdin);
    this.stdout.follow(stdout);
    this.stderr.follow(stderr);
  }

  end(): void {
    this.stdout.end();
    this.stderr.end();
  }
}
