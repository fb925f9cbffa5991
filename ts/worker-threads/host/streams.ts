import { PassThrough, type Readable, type Writable } from 'node:stream';

import type { WorkerOptions } from '../public.js';
import { Output, pipeQuietly } from './output.js';

/** The standard streams of a worker. The host has them from the start, before it is known what the worker is. */
export class StandardStreams {
  /** `null`, unless the option `stdin` is set. */
  readonly stdin: PassThrough | null;
  private readonly out = new Output();
  private readonly err = new Output();
  private ofThread: { readonly stdout: Readable; readonly stderr: Readable } | undefined;

  constructor(private readonly given: WorkerOptions) {
    this.stdin = given.stdin === true ? new PassThrough() : null;
    if (given.stdout !== true) pipeQuietly(this.out, process.stdout);
    if (given.stderr !== true) pipeQuietly(this.err, process.stderr);
  }

  get stdout(): Readable {
    return this.ofThread?.stdout ?? this.out;
  }

  get stderr(): Readable {
    return this.ofThread?.stderr ?? this.err;
  }

  /** Connects those of a process. */
  connect(stdin: Writable | null, stdout: Readable | null, stderr: Readable | null): void {
    if (stdin !== null) this.stdin?.pipe(stdin);
    this.out.follow(stdout);
    this.err.follow(stderr);
  }

  /** Node itself writes those of a thread where nobody asked for them. Who reads such a stream keeps the host alive by that. */
  useThread(thread: { stdin: Writable | null; stdout: Readable; stderr: Readable }): void {
    this.ofThread = thread;
    if (thread.stdin !== null) this.stdin?.pipe(thread.stdin);
    if (this.given.stdout === true) this.out.follow(thread.stdout);
    if (this.given.stderr === true) this.err.follow(thread.stderr);
  }

  /** What a process has written at once. */
  write(descriptor: 1 | 2, data: Uint8Array | string): void {
    (descriptor === 1 ? this.out : this.err).write(Buffer.from(data as Uint8Array));
  }

  end(): void {
    this.out.end();
    this.err.end();
  }
}
