import type { Parts } from '../segments.js';
import { looksNoted, writeNoted } from './annotated-json.js';
import { Form, scan } from './classify.js';
import { clone } from '../load-clone.js';
import type { ValueTypes } from './typed-values.js';

/** A text of this length gets its own segment, which may bypass the frame. */
const LARGE_JSON = 65_536;

/** JSON if it preserves the value, alone or with annotations, else segments. These refer to memory of the value. */
export function write(value: unknown, types?: ValueTypes): string | Parts {
  const found = scan(value, types);
  const { form } = found;
  const isOther = looksNoted(value) || ArrayBuffer.isView(value) || found.hasShared;
  if (form === Form.Prepared || form === Form.Parts || isOther) return clone().writeFound(value, found);
  const text = form === Form.Json ? JSON.stringify(value) : writeNoted(value, found.typed);
  return text.length < LARGE_JSON ? text : clone().writeLongText(text);
}
