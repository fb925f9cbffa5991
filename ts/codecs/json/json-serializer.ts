import { invalidOption } from '../../errors/worker-error.js';
import type { KnownOf } from '../../options/known.js';
import { checkKnown } from '../../options/check-known.js';
import type { JsonSerializerOptions, Serializer } from '../../types/serializer.js';

const jsonOptions: KnownOf<JsonSerializerOptions> = { terminator: true };

/** The serializer `'json'`: JSON text, one line per message. */
export class JsonSerializer implements Serializer {
  readonly name = 'json';
  readonly terminator: string;

  constructor(options: JsonSerializerOptions = {}) {
    checkKnown('JsonSerializer', options, jsonOptions);
    this.terminator = options.terminator ?? '\n';
    if (typeof this.terminator !== 'string' || this.terminator === '') {
      throw invalidOption('terminator', 'a non-empty string', this.terminator);
    }
  }

  serialize(data: unknown): string {
    return JSON.stringify(data);
  }

  deserialize(data: string | Uint8Array): unknown {
    return JSON.parse(typeof data === 'string' ? data : Buffer.from(data).toString());
  }
}
