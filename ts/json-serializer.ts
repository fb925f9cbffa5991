import { invalidOption } from './errors.js';
import type { JsonSerializerOptions, Serializer } from './types/serializer.js';

/** The default serializer: JSON text, one line per message. */
export class JsonSerializer implements Serializer {
  readonly name = 'json';
  readonly terminator: string;

  constructor(options: JsonSerializerOptions = {}) {
    this.terminator = options.terminator ?? '\n';
    if (typeof this.terminator !== 'string' || this.terminator === '') {
      throw invalidOption('terminator', 'a string that is not empty', this.terminator);
    }
  }

  serialize(data: unknown): string {
    return JSON.stringify(data);
  }

  deserialize(data: string | Uint8Array): unknown {
    return JSON.parse(typeof data === 'string' ? data : Buffer.from(data).toString());
  }
}
