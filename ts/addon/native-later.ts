import type * as Environment from './environment.js';

/** The addon, for code that a thread may load without it. Throws where it cannot be loaded. */
export function nativeLater(): ReturnType<typeof Environment.getNative> {
  return (require('./process.cjs') as typeof Environment).getNative();
}
