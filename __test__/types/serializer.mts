import * as v8 from 'node:v8';

import { JsonSerializer } from 'isolated-workers';
import type { Serializer } from 'isolated-workers';

export class ATextSerializerReturnsStrings implements Serializer {
  readonly name = 'lines';
  readonly terminator = '\r\n';

  serialize(data: unknown): string {
    return JSON.stringify(data);
  }

  deserialize(data: string): unknown {
    return JSON.parse(data);
  }
}

export class ABinarySerializerReturnsBytes implements Serializer {
  readonly name = 'v8';
  readonly terminator = null;

  serialize(data: unknown): Uint8Array {
    return v8.serialize(data);
  }

  deserialize(data: Uint8Array): unknown {
    return v8.deserialize(data);
  }
}

export const aBinarySerializerMayLeaveTheTerminatorOut: Serializer = {
  name: 'v8',
  serialize: (data) => v8.serialize(data),
  deserialize: (data) => v8.deserialize(data as Uint8Array),
};

// @ts-expect-error
export const aSerializerHasAName: Serializer = { serialize: () => '', deserialize: () => '' };

export const serializedDataIsNoObject: Serializer = {
  name: 'none',
  // @ts-expect-error
  serialize: (data) => ({ data }),
  deserialize: (data) => data,
};

export const theTerminatorOfJsonMayBeChosen: Serializer = new JsonSerializer({ terminator: '\0' });
new JsonSerializer().terminator satisfies string;
